/* Time: ns since the program began. Never goes back. */
#ifndef LM_CHECK_CLOCK_H
#define LM_CHECK_CLOCK_H

#include "base/compiler.h"

#include <stdint.h>
#include <time.h>

extern uint64_t lm_clock_start; /* CLOCK_MONOTONIC at the program's begin */

LM_INLINE uint64_t lm_clock_read(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

LM_INLINE uint64_t lm_clock_now(void) {
    return lm_clock_read(CLOCK_MONOTONIC) - lm_clock_start;
}

#endif
