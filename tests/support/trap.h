/* Catches findings in the test's own process instead of their message and abort, counts them, and
 * keeps the last one. Any thread may misbehave; one at a time looks. */
#ifndef TESTS_SUPPORT_TRAP_H
#define TESTS_SUPPORT_TRAP_H

#include "base/finding.h"

#include <pthread.h>
#include <stdatomic.h>

static lm_finding trapped;
static atomic_int trapped_count;

static inline void trap_note(const lm_finding *finding) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one_at_a_time);
    trapped = *finding;
    pthread_mutex_unlock(&one_at_a_time);
    atomic_fetch_add(&trapped_count, 1);
}

/* From now on, with none caught yet. */
static inline void trap_set(void) {
    atomic_store(&trapped_count, 0);
    lm_finding_hook = trap_note;
}

/* How many were caught since the last call. */
static inline int trap_take(void) {
    return atomic_exchange(&trapped_count, 0);
}

#endif
