/* THE FAST PATH: malloc and free of small blocks, and what they fall back to. No byte of the block
 * is read or written. Everything rare hangs on an empty word (malloc), on a record that fails a
 * test, or on the countdown (free). How a pointer leads to its record, and what the bits mean, is
 * drawn in layout.h.
 *
 *   malloc: size -> class -> bin -> word; lowest bit -> slot
 *   free:   pointer -> unit -> record -> slot -> bit
 */
#ifndef LM_HEAP_FAST_H
#define LM_HEAP_FAST_H

#include "heap/find.h"
#include "heap/slow.h"
#include "heap/thread.h"

/* The bin for a request of up to LM_SMALL_MAX bytes. */
LM_INLINE lm_bin *lm_small_bin(lm_heap *heap, size_t size) {
    lm_bin *bin =
        (lm_bin *)(void *)((char *)heap + lm_small_offset[(size + LM_GRAIN - 1) / LM_GRAIN]);
    LM_KEEP_IN_REGISTER(bin);
    return bin;
}

LM_INLINE void *lm_malloc(size_t size) {
    lm_heap *heap = lm_self;
    if (LM_LIKELY(size <= LM_SMALL_MAX)) {
        lm_bin *bin = lm_small_bin(heap, size);
        lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
        uint64_t word = atomic_load_explicit(&pair->avail, memory_order_relaxed);
        if (LM_LIKELY(word != 0)) {
            atomic_store_explicit(&pair->avail, word & (word - 1), memory_order_relaxed);
            return bin->base + lm_lowest_bit(word) * bin->size;
        }
    }
    return lm_malloc_slow(size);
}

LM_INLINE lm_pair *lm_pair_of(lm_slab *slab, size_t slot) {
    /* &slab->pairs[slot / 64], in the fewest steps. */
    uint32_t offset = (uint32_t)slot / (64 / sizeof(lm_pair)) & ~(uint32_t)(sizeof(lm_pair) - 1);
    return (lm_pair *)(void *)((char *)slab->pairs + offset);
}

/* Frees a slot of the calling thread's own slab. False, and nothing happened: it is free already. */
LM_INLINE bool lm_free_own(lm_slab *slab, size_t slot) {
    lm_pair *pair = lm_pair_of(slab, slot);
    uint64_t bit = lm_bit((unsigned)slot % 64);
    uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
    uint64_t known = atomic_load_explicit(&pair->avail, memory_order_relaxed) | pending;
    if (LM_UNLIKELY(known & bit))
        return false;
    atomic_store_explicit(&pair->pending, pending | bit, memory_order_relaxed);
    if (LM_UNLIKELY(--slab->countdown == 0))
        lm_free_counted(slab);
    return true;
}

LM_INLINE void lm_free(void *p) {
    const lm_lookup *lookup = &lm_lookups[0];
    uint64_t offset = (uintptr_t)p - lookup->base;
    if (LM_UNLIKELY(offset >= lookup->size)) {
        lm_free_slow(p);
        return;
    }
    lm_slab *slab = lm_record_at(lookup, offset);
    size_t slot;
    if (LM_UNLIKELY(!lm_slot_at(slab, offset, &slot))) {
        lm_free_slow(p);
        return;
    }
    if (LM_UNLIKELY(atomic_load_explicit(&slab->owner, memory_order_relaxed) != lm_self)) {
        lm_free_remote(p, slab, slot);
        return;
    }
    if (LM_UNLIKELY(!lm_free_own(slab, slot)))
        lm_free_slow(p);
}

#endif
