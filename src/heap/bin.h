/* Bins: from which slab a thread takes slots of one class, and when a slab with freed slots comes back.
 *
 *   new --> CURRENT --(all words empty)--> FULL --(an eighth is free)--> QUEUED --(its turn)--> CURRENT
 *              |                             |                             |
 *              +-------- empty: released, but for what a thread keeps -----+
 *
 * A slab's countdown makes the owner's frees come here just when something is to be done:
 *
 *   CURRENT, small class    slots handed out, available or still to come in the word in use: 0 when all
 *                           of them came and went; fewer when the thread winds down
 *   CURRENT, medium class   live slots, exactly: 0 when the slab is empty
 *   FULL                    frees until an eighth of the slots is free
 *   QUEUED                  live slots: 0 when the slab is empty
 *
 * All functions: by the heap's thread only, unless they say otherwise. */
#ifndef LM_HEAP_BIN_H
#define LM_HEAP_BIN_H

#include "heap/slab.h"

/* An empty word for bins without a slab. */
extern lm_pair lm_bin_no_slots;

/* Sets a heap's bins up, each without a slab. */
void lm_bins_init(lm_heap *heap);

/* A bin's queue: oldest first. */
void lm_bin_append(lm_bin *bin, lm_slab *slab);
void lm_bin_unlink(lm_bin *bin, lm_slab *slab);

/* The bin's word is empty: puts the rest of it in use, or the next word of the current slab. False when there is
 * neither, or more is to be done first. */
bool lm_bin_go_on(lm_heap *heap, lm_bin *bin);

/* Whether the bin's word has an available slot. */
LM_INLINE bool lm_bin_has_slot(const lm_bin *bin) {
    const lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    return atomic_load_explicit(&pair->avail, memory_order_relaxed) != 0;
}

/* Finds a word with an available slot for the bin. False when there is no memory. */
bool lm_bin_refill(lm_heap *heap, unsigned class);

/* Slots of the slab were freed by the owner: puts it where it belongs now, sets the countdown. The slab may
 * be gone afterwards. */
void lm_bin_freed(lm_heap *heap, lm_slab *slab);

/* The same when the owner takes over what others freed: it is about to allocate, where a thread that frees much
 * itself may have done its work. So it may keep the slab though it is empty. */
void lm_bin_freed_by_others(lm_heap *heap, lm_slab *slab);

/* A countdown that never ends. */
#define LM_NEVER_SAMPLED (UINT64_MAX / 2)

/* Whether the next allocation from the bin is a sample; then *chance is a number for it. Before each
 * allocation that doesn't take the fast path. */
bool lm_bin_sample_due(lm_heap *heap, unsigned class, uint64_t *chance);

/* A slot of a class above LM_SMALL_MAX was taken out of the bin's word. When the slab had been empty, what was
 * freed in it last was needed again. */
LM_INLINE void lm_bin_taken_medium(lm_heap *heap, const lm_bin *bin) {
    if (bin->slab->countdown++ == 0) {
        heap->idle -= lm_slab_bytes(bin->slab);
        heap->freed -= lm_min(heap->freed, lm_slab_bytes(bin->slab));
    }
}

/* Takes a slab with free slots out of the heap's bin, for another heap; NULL when there is none.
 * Under lm_threads_lock, for a heap that no thread uses. */
lm_slab *lm_bin_part_with(lm_heap *heap, unsigned class);

/* Releases every empty slab that the bins keep, and begins again at the front of the others: there
 * the memory was used already. */
void lm_bins_tidy(lm_heap *heap);

/* Bytes of the heap's empty slabs. */
size_t lm_bins_empty(const lm_heap *heap);

/* Releases empty slabs, those of the largest classes first, until `bytes` of them are gone. */
void lm_bins_let_go(lm_heap *heap, size_t bytes);

#endif
