/* Frees by threads that don't own the slab. The protocol is drawn in layout.h. */
#ifndef LM_HEAP_REMOTE_H
#define LM_HEAP_REMOTE_H

#include "heap/layout.h"
#include "heap/visit.h"

/* Says to the heap that a word has bits, which had none before. */
void lm_remote_push(lm_heap *heap, lm_remote *remote);

/* lm_remote_free for a slot that is free already, or the last one of its word. */
bool lm_remote_free_rarely(lm_slab *slab, size_t slot, lm_visit *visit);

/* Frees slot `slot` of a slab that the calling thread visits, and ends the visit. Returns false, and changes
 * nothing, when the slot is already free. */
LM_INLINE bool lm_remote_free(lm_slab *slab, size_t slot, lm_visit *visit) {
    size_t w = slot / 64;
    uint64_t bit = lm_bit((unsigned)slot % 64);
    lm_remote *remote = &lm_slab_remotes(slab)[w];
    uint64_t known = atomic_load_explicit(&slab->pairs[w].avail, memory_order_relaxed) |
                     atomic_load_explicit(&slab->pairs[w].pending, memory_order_relaxed);
    uint64_t old = atomic_load_explicit(&remote->bits, memory_order_relaxed);
    do {
        if (LM_UNLIKELY((known | old) & bit) || LM_UNLIKELY((known | old | bit) == ~(uint64_t)0))
            return lm_remote_free_rarely(slab, slot, visit);
    } while (LM_UNLIKELY(!atomic_compare_exchange_weak_explicit(
        &remote->bits, &old, old | bit, memory_order_acq_rel, memory_order_relaxed)));
    if (LM_UNLIKELY(old == 0))
        lm_remote_push(atomic_load_explicit(&slab->owner, memory_order_acquire), remote);
    lm_visit_end(visit);
    return true;
}

/* Takes the words in the heap's inbox over: by the heap's thread, or under lm_threads_lock for a
 * heap that no thread uses. */
void lm_remote_drain(lm_heap *heap);

/* Bits that were borrowed from the word come back: as if their slots were freed again. */
void lm_remote_give_back(lm_remote *remote, uint64_t bits);

/* From FULL, WAITING or PURGED to QUEUED; by the owner. */
void lm_remote_reopen(lm_slab *slab);

#endif
