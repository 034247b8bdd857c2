/* What the checker keeps of each thread: its number, counts, and the freed blocks that it will hand to the
 * quarantine. */
#ifndef LM_CHECK_WATCHER_H
#define LM_CHECK_WATCHER_H

#include "base/compiler.h"
#include "base/lock.h"
#include "check/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_watcher {
    uint32_t number;                    /* of the thread: 1, 2, ... */
    uint64_t allocations, frees, bytes; /* in all, also of threads that used it before */
    int64_t blocks, balance; /* live blocks and their bytes that aren't counted in all yet */
    struct lm_batch *batch;  /* freed blocks; NULL: none */
    struct lm_watcher *next, *next_free;
    int rounds; /* of thread exit */
    lm_clock clock;
} lm_watcher;

typedef struct lm_counts {
    uint64_t allocations, frees, bytes, live_blocks, live_bytes, peak_bytes;
} lm_counts;

extern _Thread_local lm_watcher *lm_watcher_self __attribute__((tls_model("initial-exec")));

/* For threads that have none any more; its batch stays empty. */
extern lm_watcher lm_watcher_late;

lm_watcher *lm_watcher_slow(void);

/* The calling thread's; never NULL. */
LM_INLINE lm_watcher *lm_watcher_here(void) {
    lm_watcher *self = lm_watcher_self;
    return LM_LIKELY(self != NULL) ? self : lm_watcher_slow();
}

/* Once, when allocations are served. */
void lm_watcher_start(void);

/* In a child: the other threads are gone. */
void lm_watcher_forked(void);

/* All of them, one after the other: members are only added, at the front. */
lm_watcher *lm_watcher_first(void);

/* ---- Counts ----------------------------------------------------------------------------------- */

enum { LM_BALANCE_MOST = 64 * 1024 };

void lm_watcher_settle(lm_watcher *watcher);
int64_t lm_watcher_live_bytes(void); /* an estimate */
void lm_watcher_count(lm_counts *counts);

LM_INLINE void lm_watcher_allocated(lm_watcher *watcher, size_t size) {
    watcher->allocations++;
    watcher->bytes += size;
    watcher->blocks++;
    watcher->balance += (int64_t)size;
    if (LM_UNLIKELY(watcher->balance > LM_BALANCE_MOST))
        lm_watcher_settle(watcher);
}

LM_INLINE void lm_watcher_freed(lm_watcher *watcher, size_t size) {
    watcher->frees++;
    watcher->blocks--;
    watcher->balance -= (int64_t)size;
    if (LM_UNLIKELY(watcher->balance < -LM_BALANCE_MOST))
        lm_watcher_settle(watcher);
}

extern lm_lock lm_watcher_lock;

#endif
