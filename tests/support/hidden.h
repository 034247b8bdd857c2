/* A size that the compiler knows nothing about: it would otherwise warn of requests that can't be
 * met, or drop them. */
#ifndef TESTS_SUPPORT_HIDDEN_H
#define TESTS_SUPPORT_HIDDEN_H

#include <stddef.h>

static inline size_t hidden(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

#endif
