/* Blocks of the checker's, as a program gets them, none of them against guards. */
#ifndef TESTS_SUPPORT_CHECKED_H
#define TESTS_SUPPORT_CHECKED_H

#include "check/entry.h"
#include "check/exact.h"

static inline void free_plain(void *p) {
    lm_check_free(p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, LM_CALL_FREE);
}

/* Starts all there is, and no block lies against guards from then on. */
static inline void checked_start(void) {
    free_plain(lm_check_malloc(1, LM_CALL_MALLOC));
    lm_exact_setting.mode = LM_EXACT_MODE_OFF;
}

#endif
