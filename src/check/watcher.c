#include "check/watcher.h"

#include "check/own.h"
#include "check/quarantine.h"
#include "check/signals.h"

#include <limits.h>
#include <pthread.h>

_Thread_local lm_watcher *lm_watcher_self;
lm_watcher lm_watcher_late;
lm_lock lm_watcher_lock = LM_LOCK(LM_RANK_CHECK_THREADS);

static _Thread_local bool ended __attribute__((tls_model("initial-exec")));
static _Atomic(lm_watcher *) all;
static lm_watcher *unused;
static _Atomic uint32_t threads;
static pthread_key_t key;
static _Atomic bool key_made;

static _Atomic int64_t live_blocks, live_bytes, peak_bytes;

/* ---- Threads ---------------------------------------------------------------------------------- */

/* Destructors of others may still allocate and free: it stays for all rounds but the last. */
static void thread_exits(void *argument) {
    lm_watcher *watcher = argument;
    if (++watcher->rounds < PTHREAD_DESTRUCTOR_ITERATIONS && pthread_setspecific(key, watcher) == 0)
        return;
    lm_quarantine_flush(watcher);
    lm_watcher_settle(watcher);
    lm_signals_thread_end();
    ended = true;
    lm_watcher_self = NULL;
    lm_lock_take(&lm_watcher_lock);
    watcher->next_free = unused;
    unused = watcher;
    lm_lock_give(&lm_watcher_lock);
}

static lm_watcher *take(void) {
    lm_lock_take(&lm_watcher_lock);
    lm_watcher *watcher = unused;
    if (watcher)
        unused = watcher->next_free;
    lm_lock_give(&lm_watcher_lock);
    if (watcher)
        return watcher;
    watcher = lm_own_take(sizeof *watcher);
    if (!watcher)
        return NULL;
    lm_lock_take(&lm_watcher_lock);
    watcher->next = atomic_load_explicit(&all, memory_order_relaxed);
    atomic_store_explicit(&all, watcher, memory_order_release);
    lm_lock_give(&lm_watcher_lock);
    return watcher;
}

LM_COLD lm_watcher *lm_watcher_slow(void) {
    lm_watcher *watcher = ended ? NULL : take();
    if (!watcher)
        return &lm_watcher_late;
    watcher->rounds = 0;
    watcher->number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) + 1;
    lm_watcher_self = watcher;
    lm_signals_thread_start();
    if (atomic_load_explicit(&key_made, memory_order_acquire))
        pthread_setspecific(key, watcher); /* may allocate: it is in place by now */
    return watcher;
}

void lm_watcher_start(void) {
    lm_watcher *self = lm_watcher_here();
    if (pthread_key_create(&key, thread_exits) == 0)
        atomic_store_explicit(&key_made, true, memory_order_release);
    if (self != &lm_watcher_late)
        pthread_setspecific(key, self);
}

lm_watcher *lm_watcher_first(void) {
    return atomic_load_explicit(&all, memory_order_acquire);
}

/* What the other threads had not handed to the quarantine stays where it is: they may have been in the
 * middle of it. */
void lm_watcher_forked(void) {
    for (lm_watcher *w = lm_watcher_first(); w; w = w->next)
        if (w != lm_watcher_self)
            w->batch = NULL;
}

/* ---- Counts ----------------------------------------------------------------------------------- */

static int64_t add(_Atomic int64_t *to, int64_t value) {
    return atomic_fetch_add_explicit(to, value, memory_order_relaxed) + value;
}

LM_COLD void lm_watcher_settle(lm_watcher *watcher) {
    add(&live_blocks, watcher->blocks);
    int64_t now = add(&live_bytes, watcher->balance);
    watcher->blocks = 0;
    watcher->balance = 0;
    int64_t peak = atomic_load_explicit(&peak_bytes, memory_order_relaxed);
    while (now > peak && !atomic_compare_exchange_weak_explicit(
                             &peak_bytes, &peak, now, memory_order_relaxed, memory_order_relaxed))
        ;
}

int64_t lm_watcher_live_bytes(void) {
    return atomic_load_explicit(&live_bytes, memory_order_relaxed);
}

static void count_one(lm_counts *counts, int64_t live[2], const lm_watcher *watcher) {
    counts->allocations += watcher->allocations;
    counts->frees += watcher->frees;
    counts->bytes += watcher->bytes;
    live[0] += watcher->blocks;
    live[1] += watcher->balance;
}

static uint64_t not_negative(int64_t x) {
    return x < 0 ? 0 : (uint64_t)x;
}

void lm_watcher_count(lm_counts *counts) {
    int64_t live[2] = {atomic_load_explicit(&live_blocks, memory_order_relaxed),
                       atomic_load_explicit(&live_bytes, memory_order_relaxed)};
    *counts = (lm_counts){0};
    for (lm_watcher *w = lm_watcher_first(); w; w = w->next)
        count_one(counts, live, w);
    count_one(counts, live, &lm_watcher_late);
    counts->live_blocks = not_negative(live[0]);
    counts->live_bytes = not_negative(live[1]);
    uint64_t peak = not_negative(atomic_load_explicit(&peak_bytes, memory_order_relaxed));
    counts->peak_bytes = peak > counts->live_bytes ? peak : counts->live_bytes;
}
