/* The system's page, for tests that map memory. Included by one file of a program. */
#ifndef TESTS_SUPPORT_PAGE_H
#define TESTS_SUPPORT_PAGE_H

#include "os/os.h"

static size_t page; /* bytes */

/* To be set up before the tests. */
static inline int page_start(void **state) {
    (void)state;
    lm_os_start();
    page = lm_os.page;
    return 0;
}

#endif
