/* Catches findings in the test's own process instead of their message and abort, counts them, and
 * keeps the last one. For one thread at a time to look at. */
#ifndef TESTS_SUPPORT_TRAP_H
#define TESTS_SUPPORT_TRAP_H

#include "base/finding.h"

#include <stdatomic.h>

static lm_finding trapped;
static atomic_int trapped_count;

static inline void trap_note(const lm_finding *finding) {
    trapped = *finding;
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
