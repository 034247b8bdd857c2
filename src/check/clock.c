#include "check/clock.h"

#include <stdatomic.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { NS = 1000000000 };

/* When they are compared again, and how long after the start the counter's rate can be told: the product in
 * lm_clock_read must fit, up to 16 GHz. */
enum { COMPARE_NS = 4 * 1000 * 1000, LEARN_NS = 1000 * 1000 };

_Atomic uint64_t lm_clock_rate;
static uint64_t start_time, start_ticks;
static bool counts_evenly;

static uint64_t read_system(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

static bool ask_processor(void) {
#if defined(__x86_64__)
    const unsigned power = 0x80000007, even = 1u << 8;
    unsigned a, b, c, d;
    return __get_cpuid(power, &a, &b, &c, &d) && (d & even);
#else
    return false;
#endif
}

void lm_clock_start(void) {
    start_time = read_system(CLOCK_MONOTONIC);
    start_ticks = lm_clock_ticks();
    counts_evenly = ask_processor();
}

uint64_t lm_clock_now(void) {
    return read_system(CLOCK_MONOTONIC) - start_time;
}

uint64_t lm_clock_of_day(void) {
    return read_system(CLOCK_REALTIME);
}

/* The longer the program runs, the better the rate is known. */
static uint64_t learn(uint64_t time, uint64_t ticks) {
    if (!counts_evenly || time < LEARN_NS || ticks <= start_ticks)
        return 0;
    __extension__ typedef unsigned __int128 wide;
    uint64_t rate = (uint64_t)(((wide)time << 32) / (wide)(ticks - start_ticks));
    atomic_store_explicit(&lm_clock_rate, rate, memory_order_relaxed);
    return rate;
}

/* Both at one moment, as far as the thread isn't interrupted in between. */
static uint64_t read_both(uint64_t *ticks) {
    enum { TRIES = 4, TICKS_APART = 20000 };
    uint64_t time = 0;
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = lm_clock_ticks();
        time = lm_clock_now();
        *ticks = lm_clock_ticks();
        if (*ticks - before < TICKS_APART)
            break;
    }
    return time;
}

LM_COLD uint64_t lm_clock_compare(lm_clock *clock) {
    uint64_t ticks, time = read_both(&ticks);
    uint64_t rate = learn(time, ticks);
    if (!rate)
        return time;
    if (clock->most) { /* what was told by the counter may be a little ahead */
        uint64_t told = clock->time + (clock->most * clock->rate >> 32);
        time = time > told ? time : told;
    }
    clock->ticks = ticks;
    clock->time = time;
    clock->rate = rate;
    clock->most = ((uint64_t)COMPARE_NS << 32) / rate;
    return time;
}
