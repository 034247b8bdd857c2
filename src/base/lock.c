#include "base/lock.h"

#include "base/system.h"

#include <stdbool.h>

/* A short wait is cheaper than a sleep: what the locks guard takes less than a microsecond, but for
 * the rare system call. */
enum { SPINS = 100 };

void lm_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ---- The pass of a thread that forks -------------------------------------------------------- */

/* An address that is the thread's own stands for the thread. */
static _Thread_local char self;
static _Atomic(char *) passing;

void lm_lock_pass_begin(void) {
    atomic_store_explicit(&passing, &self, memory_order_relaxed);
}

void lm_lock_pass_end(void) {
    atomic_store_explicit(&passing, NULL, memory_order_relaxed);
}

static bool passes(void) {
    return atomic_load_explicit(&passing, memory_order_relaxed) == &self;
}

/* ---- Waiting -------------------------------------------------------------------------------- */

LM_COLD void lm_lock_take_slow(lm_lock *lock) {
    if (passes())
        return;
    for (int i = 0; i < SPINS; i++) {
        uint32_t expected = 0;
        if (atomic_load_explicit(&lock->state, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_weak_explicit(&lock->state, &expected, 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
        lm_pause();
    }
    while (atomic_exchange_explicit(&lock->state, 2, memory_order_acquire) != 0)
        lm_os_wait(&lock->state, 2);
}

LM_COLD void lm_lock_give_slow(lm_lock *lock) {
    if (passes())
        return;
    atomic_store_explicit(&lock->state, 0, memory_order_release);
    lm_os_wake(&lock->state, 1);
}

/* ---- Ranks ---------------------------------------------------------------------------------- */

/* Debug builds: the ranks that this thread holds, a bit each. */
static _Thread_local uint32_t ranks_held;

LM_COLD void lm_lock_note_taken(lm_lock *lock) {
    if (passes())
        return;
    LM_ASSERT(ranks_held < (1u << lock->rank));
    ranks_held |= 1u << lock->rank;
}

LM_COLD void lm_lock_note_given(lm_lock *lock) {
    if (passes())
        return;
    LM_ASSERT(ranks_held & (1u << lock->rank));
    ranks_held &= ~(1u << lock->rank);
}
