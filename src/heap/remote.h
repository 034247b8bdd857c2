/* Frees by threads that don't own the slab. The protocol is drawn in layout.h. */
#ifndef LM_HEAP_REMOTE_H
#define LM_HEAP_REMOTE_H

#include "heap/layout.h"
#include "heap/visit.h"

/* Says to the heap that a word has bits, which had none before. */
void lm_remote_push(lm_heap *heap, lm_remote *remote);

LM_INLINE lm_remote *lm_remote_of(lm_slab *slab, size_t slot) {
    return &lm_slab_remotes(slab)[slot / 64];
}

/* Sets a slot's bit, in the common case. FIRST: the word has to be pushed now. RARELY: nothing was done, since
 * the slot is free already, or it is the last one of its word. */
typedef enum { LM_REMOTE_DONE, LM_REMOTE_FIRST, LM_REMOTE_RARELY } lm_remote_step;

LM_INLINE lm_remote_step lm_remote_set(lm_remote *remote, const lm_slab *slab, size_t slot) {
    uint64_t bit = lm_bit((unsigned)slot % 64);
    const lm_pair *pair = &slab->pairs[slot / 64];
    uint64_t known = atomic_load_explicit(&pair->avail, memory_order_relaxed) |
                     atomic_load_explicit(&pair->pending, memory_order_relaxed);
    uint64_t old = atomic_load_explicit(&remote->bits, memory_order_relaxed);
    do {
        if (LM_UNLIKELY((known | old) & bit) || LM_UNLIKELY((known | old | bit) == ~(uint64_t)0))
            return LM_REMOTE_RARELY;
    } while (LM_UNLIKELY(!atomic_compare_exchange_weak_explicit(
        &remote->bits, &old, old | bit, memory_order_acq_rel, memory_order_relaxed)));
    return LM_UNLIKELY(old == 0) ? LM_REMOTE_FIRST : LM_REMOTE_DONE;
}

/* lm_remote_free for a slot that is free already, or the last one of its word. */
bool lm_remote_free_rarely(lm_slab *slab, size_t slot, lm_visit *visit);

/* Frees slot `slot` of a slab that the calling thread visits, and ends the visit. Returns false, and changes
 * nothing, when the slot is already free. */
LM_INLINE bool lm_remote_free(lm_slab *slab, size_t slot, lm_visit *visit) {
    lm_remote *remote = lm_remote_of(slab, slot);
    lm_remote_step step = lm_remote_set(remote, slab, slot);
    if (LM_UNLIKELY(step == LM_REMOTE_RARELY))
        return lm_remote_free_rarely(slab, slot, visit);
    if (LM_UNLIKELY(step == LM_REMOTE_FIRST))
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
