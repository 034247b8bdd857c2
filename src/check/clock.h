/* Time: ns since the program began. Never goes back in a thread.
 *
 * Two times are noted for every block, so reading the system's clock would cost more than all else. Where the
 * processor counts evenly (constant, and the same on all processors), its counter is read instead, and set
 * right by the system's clock every few milliseconds. */
#ifndef LM_CHECK_CLOCK_H
#define LM_CHECK_CLOCK_H

#include "base/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* How a thread reads it. All zero: by the system's clock. */
typedef struct lm_clock {
    uint64_t ticks, time; /* the counter and the time when they were last compared */
    uint64_t most;        /* ticks from then on until they must be compared again */
    uint64_t rate;        /* as it was known then: it gets better, which may set the time back */
} lm_clock;

/* Once, at the program's begin. */
void lm_clock_start(void);

/* By the system's clock. */
uint64_t lm_clock_now(void);

/* ns since 1970. */
uint64_t lm_clock_of_day(void);

/* ns for 2^32 ticks; 0: not known, or not constant. */
extern _Atomic uint64_t lm_clock_rate;

/* Compares, and returns the time. */
uint64_t lm_clock_compare(lm_clock *clock);

LM_INLINE uint64_t lm_clock_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

LM_INLINE uint64_t lm_clock_read(lm_clock *clock) {
    uint64_t passed = lm_clock_ticks() - clock->ticks;
    if (LM_UNLIKELY(passed >= clock->most))
        return lm_clock_compare(clock);
    return clock->time + (passed * clock->rate >> 32);
}

#endif
