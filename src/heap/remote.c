#include "heap/remote.h"

#include "heap/arena.h"
#include "heap/bin.h"
#include "heap/find.h"
#include "heap/limits.h"
#include "heap/note.h"
#include "heap/orphans.h"
#include "heap/slab.h"
#include "heap/waiting.h"

void lm_remote_push(lm_heap *heap, lm_remote *remote) {
    lm_remote *first = atomic_load_explicit(&heap->inbox, memory_order_relaxed);
    do {
        remote->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&heap->inbox, &first, remote,
                                                    memory_order_release, memory_order_relaxed));
}

/* A word of the slab at this offset became wholly free. The slab itself may be gone by now, so it
 * is looked up again. */
static void settle(lm_arena *arena, uint64_t offset, size_t word) {
    lm_heap *idle = NULL;
    lm_lock_take(&lm_arena_lock);
    lm_slab *slab = lm_record_at(arena->lookup, offset);
    if (slab->kind == LM_KIND_SLAB) {
        lm_heap *owner = atomic_load_explicit(&slab->owner, memory_order_relaxed);
        if (atomic_load_explicit(&owner->state, memory_order_relaxed) == LM_HEAP_FREE)
            idle = owner;
        else
            lm_waiting_look(slab, word);
    }
    lm_lock_give(&lm_arena_lock);
    lm_note_say();
    if (idle)
        lm_orphans_tidy(idle);
}

void lm_remote_reopen(lm_slab *slab) {
    uint8_t expected = LM_PLACE_FULL;
    if (atomic_compare_exchange_strong(&slab->place, &expected, LM_PLACE_QUEUED))
        return;
    lm_lock_take(&lm_arena_lock);
    lm_waiting_end(slab);
    lm_slab_set_place(slab, LM_PLACE_QUEUED);
    lm_lock_give(&lm_arena_lock);
}

void lm_remote_give_back(lm_remote *remote, uint64_t bits) {
    uint64_t old = atomic_fetch_or_explicit(&remote->bits, bits, memory_order_acq_rel);
    if (old & bits) /* freed again meanwhile */
        lm_note_twice(remote->slab, (unsigned)remote->word, old & bits);
    if (old == 0)
        lm_remote_push(atomic_load_explicit(&remote->slab->owner, memory_order_acquire), remote);
}

/* ---- The freeing thread --------------------------------------------------------------------- */

/* Whether a word that became wholly free is worth the lock: where threads pass one block at a time
 * to each other, every free makes one. */
static bool worth_a_look(lm_heap *owner, lm_slab *slab, unsigned slots) {
    size_t bytes = (size_t)slots * lm_slab_size(slab);
    int state = atomic_load_explicit(&owner->state, memory_order_relaxed);
    unsigned place = lm_slab_place(slab);
    if (state == LM_HEAP_FREE)
        return lm_orphans_owe(owner, lm_slab_bytes(slab));
    if (state != LM_HEAP_IN_USE)
        return true;
    if (place != LM_PLACE_CURRENT && place != LM_PLACE_QUEUED) {
        /* Of two that free the last slots of two words, one must see both bits. */
        atomic_thread_fence(memory_order_seq_cst);
        return lm_slab_all_free(slab);
    }
    size_t lent = atomic_fetch_add_explicit(&owner->lent, bytes, memory_order_relaxed);
    return lent + bytes > LM_LENT_MAX_OF_ALL / lm_orphans_count_threads();
}

/* Ends the visit, and looks whether the memory of a word that became wholly free can go back. */
static LM_NOINLINE void end_and_settle(lm_slab *slab, size_t word, uint64_t freed,
                                       lm_visit *visit) {
    lm_heap *owner = atomic_load_explicit(&slab->owner, memory_order_acquire);
    bool look = worth_a_look(owner, slab, lm_count_bits(freed));
    lm_arena *arena = &lm_arenas[slab->arena];
    uint64_t offset = lm_slab_start(slab);
    lm_visit_end(visit);
    if (look)
        settle(arena, offset, word);
}

/* The slab stays during the visit. It can't be released between the bit and the push either: that takes words
 * without bits. */
LM_NOINLINE bool lm_remote_free_rarely(lm_slab *slab, size_t slot, lm_visit *visit) {
    size_t w = slot / 64;
    uint64_t bit = lm_bit((unsigned)slot % 64);
    /* Bits without a slot are always pending, so they count as free. */
    uint64_t known = atomic_load_explicit(&slab->pairs[w].avail, memory_order_relaxed) |
                     atomic_load_explicit(&slab->pairs[w].pending, memory_order_relaxed);
    lm_remote *remote = &lm_slab_remotes(slab)[w];
    uint64_t old = known & bit;
    if (LM_LIKELY(!old))
        old = atomic_fetch_or_explicit(&remote->bits, bit, memory_order_acq_rel);
    bool was_live = !(old & bit);
    if (old == 0)
        lm_remote_push(atomic_load_explicit(&slab->owner, memory_order_acquire), remote);
    if (LM_UNLIKELY(~(old | bit | known) == 0) && was_live)
        end_and_settle(slab, w, old | bit, visit);
    else
        lm_visit_end(visit);
    return was_live;
}

/* ---- The owner ------------------------------------------------------------------------------ */

static void take_over(lm_heap *heap, lm_remote *remote) {
    lm_slab *slab = remote->slab;
    unsigned w = (unsigned)remote->word;
    lm_pair *pair = &slab->pairs[w];
    /* Release: whoever finds the word empty writes `next`, which was read just now. */
    uint64_t bits = atomic_exchange_explicit(&remote->bits, 0, memory_order_acq_rel);
    uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
    uint64_t twice = bits & (pending | atomic_load_explicit(&pair->avail, memory_order_relaxed));
    if (LM_UNLIKELY(twice))
        lm_note_twice(slab, w, twice);
    bits &= ~twice;
    atomic_store_explicit(&pair->pending, pending | bits, memory_order_relaxed);
    unsigned freed = lm_count_bits(bits);
    if (freed < slab->countdown && !lm_slab_known_free(slab))
        slab->countdown = (uint16_t)(slab->countdown - freed);
    else if (freed)
        lm_bin_freed_by_others(heap, slab);
}

void lm_remote_drain(lm_heap *heap) {
    lm_remote *remote = atomic_exchange_explicit(&heap->inbox, NULL, memory_order_acquire);
    atomic_store_explicit(&heap->lent, 0, memory_order_relaxed);
    while (remote) {
        lm_remote *next = remote->next;
        if (next)
            __builtin_prefetch(next, 1);
        lm_heap *owner = atomic_load_explicit(&remote->slab->owner, memory_order_relaxed);
        if (owner == heap)
            take_over(heap, remote);
        else
            lm_remote_push(owner, remote); /* adopted since it was pushed here */
        remote = next;
    }
}
