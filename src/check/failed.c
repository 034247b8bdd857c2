#include "check/failed.h"

#include "check/amounts.h"
#include "check/here.h"

static lm_failed ring[LM_FAILED_MOST];
static _Atomic uint64_t count;

void lm_failed_note(lm_call call, size_t size, int error) {
    lm_watcher *watcher = lm_watcher_here();
    uint64_t number = atomic_fetch_add_explicit(&count, 1, memory_order_acq_rel);
    ring[number % LM_FAILED_MOST] = (lm_failed){.call = lm_ways[call].call,
                                                .size = size,
                                                .stack = lm_here(),
                                                .thread = watcher->number,
                                                .time = lm_clock_now(),
                                                .error = error};
}

bool lm_failed_latest(uint32_t thread, lm_failed *failed) {
    uint64_t end = atomic_load_explicit(&count, memory_order_acquire);
    uint64_t begin = end > LM_FAILED_MOST ? end - LM_FAILED_MOST : 0;
    for (uint64_t i = end; i > begin; i--) {
        const lm_failed *one = &ring[(i - 1) % LM_FAILED_MOST];
        if (!one->call || (thread && one->thread != thread))
            continue;
        *failed = *one;
        return true;
    }
    return false;
}

uint64_t lm_failed_count(void) {
    return atomic_load_explicit(&count, memory_order_relaxed);
}
