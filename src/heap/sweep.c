#include "heap/sweep.h"

#include "base/finding.h"
#include "heap/arena.h"
#include "heap/find.h"
#include "heap/large.h"
#include "heap/limits.h"
#include "heap/note.h"
#include "heap/order.h"
#include "heap/orphans.h"
#include "heap/protect.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "heap/walk.h"

/* Findings are kept until the locks are given. */
enum { KEPT = 16 };
typedef struct lm_sweep {
    lm_finding kept[KEPT];
    size_t count;
    size_t left; /* bytes that may still be looked at */
} lm_sweep;

static const char when[] = "at exit";

static void spend(lm_sweep *sweep, size_t bytes) {
    sweep->left -= lm_min(sweep->left, bytes);
}

static lm_finding *next_finding(lm_sweep *sweep) {
    return &sweep->kept[lm_min(sweep->count, KEPT - 1)];
}

static void sweep_slot(lm_sweep *sweep, lm_slab *slab, size_t slot, bool live) {
    spend(sweep, live ? LM_CACHE_LINE : lm_slab_room(slab));
    bool whole = live ? lm_protect_check_shared(slab, slot, next_finding(sweep), when)
                      : lm_protect_check(slab, slot, false, next_finding(sweep), when);
    sweep->count += !whole;
}

static void sweep_slab(lm_sweep *sweep, lm_slab *slab, const lm_heap *owner) {
    /* Of a slab that is taken from, some slots were never handed out. */
    const lm_bin *bin = &owner->bins[slab->class];
    bool fresh = bin->slab == slab && bin->fresh;
    size_t opened = bin->slab == slab ? bin->opened : slab->slots;
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        lm_pair *pair = &slab->pairs[w];
        uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
        uint64_t once = lm_note_sort_out(slab, w, pending);
        atomic_store_explicit(&pair->pending, once, memory_order_relaxed);
        uint64_t unused = atomic_load_explicit(&pair->avail, memory_order_relaxed);
        if (fresh && pair == atomic_load_explicit(&bin->pair, memory_order_relaxed))
            unused |= lm_order_rest(slab, pair);
        for (size_t slot = w * 64; slot < opened && slot < (w + 1) * 64u; slot++) {
            bool live = lm_slot_live(slab, slot);
            bool untouched = fresh && (unused >> slot % 64 & 1);
            if (!untouched && sweep->left > 0)
                sweep_slot(sweep, slab, slot, live);
        }
    }
}

/* Under lm_threads_lock: heaps without a thread stay so. */
static void sweep_record(lm_sweep *sweep, lm_slab *record) {
    if (record->kind == LM_KIND_SAMPLED)
        return; /* other threads may free them meanwhile, and no lock would keep them */
    if (record->kind == LM_KIND_SPAN) {
        const lm_span *span = (lm_span *)(void *)record;
        if (atomic_load_explicit(&span->live, memory_order_acquire) == 1 &&
            !lm_large_check(span, next_finding(sweep), when))
            sweep->count++;
        return;
    }
    const lm_heap *owner = atomic_load_explicit(&record->owner, memory_order_relaxed);
    if (!owner) /* being released at this moment */
        return;
    bool is_free = atomic_load_explicit(&owner->state, memory_order_relaxed) == LM_HEAP_FREE;
    if ((owner == lm_self || is_free) && lm_slab_place(record) != LM_PLACE_PURGED)
        sweep_slab(sweep, record, owner);
}

void lm_sweep_at_exit(void) {
    const lm_protection *protection = &lm_once.protection;
    lm_sweep sweep = {.left = protection->sweep_max};
    lm_walk walk = {0};
    lm_lock_take(&lm_threads_lock);
    while (sweep.left > 0 && sweep.count < KEPT) {
        lm_lock_take(&lm_arena_lock);
        lm_slab *record = lm_walk_next(&walk);
        bool ours = record && record->kind == LM_KIND_SPAN;
        if (ours)
            sweep_record(&sweep, record); /* large blocks are anybody's: the lock keeps them */
        lm_lock_give(&lm_arena_lock);
        if (!record)
            break;
        if (!ours)
            sweep_record(&sweep, record);
    }
    lm_lock_give(&lm_threads_lock);
    lm_note_say();
    for (size_t i = 0; i < lm_min(sweep.count, KEPT); i++)
        lm_finding_report(&sweep.kept[i]);
}
