/* THE FAST PATH: malloc and free of small blocks, and what they fall back to. Everything rare hangs
 * on an empty word (malloc), on a record that fails a test, or on the countdown (free). How a
 * pointer leads to its record, and what the bits mean, is drawn in layout.h; the block's tail, and
 * what a free slot holds, in protect.h.
 *
 *   malloc: size -> class -> bin -> word; lowest bit -> slot -> its tail
 *   free:   pointer -> unit -> record -> slot -> its tail -> bit
 */
#ifndef LM_HEAP_FAST_H
#define LM_HEAP_FAST_H

#include "heap/find.h"
#include "heap/forms.h"
#include "heap/protect.h"
#include "heap/slow.h"
#include "heap/thread.h"

/* The bin for a request of up to LM_SMALL_MAX bytes; one without slots where none serves. */
LM_INLINE lm_bin *lm_small_bin(lm_heap *heap, size_t size) {
    lm_bin *bin = (lm_bin *)(void *)((char *)heap + lm_once.small_offset[(size + 7) / 8]);
    LM_KEEP_IN_REGISTER(bin);
    return bin;
}

/* With `protect` false: without protection, as plain_limit and plain_size say. */
LM_INLINE void *lm_malloc_in(size_t size, lm_family family, bool protect) {
    lm_bin *bin = lm_small_bin(lm_self, size);
    lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    uint64_t word = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    if (LM_UNLIKELY(word == 0))
        return lm_malloc_slow(size, family);
    atomic_store_explicit(&pair->avail, word & (word - 1), memory_order_relaxed);
    char *p = bin->base + lm_lowest_bit(word) * bin->size;
    return protect ? lm_protect_out_fast(p, bin, size, lm_kind_of(family, 0)) : p;
}

LM_INLINE void *lm_malloc(size_t size, lm_family family) {
    if (LM_LIKELY(size < lm_once.wide_limit))
        return lm_malloc_wide(size, family);
    if (size < lm_once.plain_limit)
        return lm_malloc_in(size, family, false);
    return size <= LM_SMALL_MAX ? lm_malloc_narrow(size, family) : lm_malloc_slow(size, family);
}

/* calloc of a size that is already multiplied: where freed slots are cleared, whatever malloc gives is zero. */
LM_INLINE void *lm_zeroed(size_t size) {
    bool is_cleared = size < lm_once.wide_limit && size <= LM_SMALL_MAX - LM_TAIL;
    return LM_LIKELY(is_cleared) ? lm_malloc_wide(size, LM_FAMILY_C) : lm_calloc(size);
}

LM_INLINE lm_pair *lm_pair_of(lm_slab *slab, size_t slot) {
    /* &slab->pairs[slot / 64], in the fewest steps. */
    uint32_t offset = (uint32_t)slot / (64 / sizeof(lm_pair)) & ~(uint32_t)(sizeof(lm_pair) - 1);
    return (lm_pair *)(void *)((char *)slab->pairs + offset);
}

/* Marks a slot of the calling thread's own slab as freed. */
LM_INLINE void lm_free_own(lm_slab *slab, lm_pair *pair, size_t slot) {
    uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
    atomic_store_explicit(&pair->pending, pending | (uint64_t)1 << slot % 64, memory_order_relaxed);
    if (LM_UNLIKELY(--slab->countdown == 0))
        lm_free_counted(slab);
}

/* Whether the owner knows the slot to be free. */
LM_INLINE bool lm_known_free(const lm_pair *pair, size_t slot) {
    uint64_t known = atomic_load_explicit(&pair->avail, memory_order_relaxed) |
                     atomic_load_explicit(&pair->pending, memory_order_relaxed);
    return known >> slot % 64 & 1;
}

/* The calling thread's own slab in the first arena, when the pointer leads to a live slot there; else NULL. */
LM_INLINE lm_slab *lm_own_slot(const void *p, size_t *slot) {
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    if (offset >= lm_once.lookups[0].size)
        return NULL;
    lm_slab *slab = lm_record_at(&lm_once.lookups[0], offset);
    if (!lm_slot_at(slab, offset, slot) ||
        atomic_load_explicit(&slab->owner, memory_order_relaxed) != lm_self ||
        !lm_slot_live(slab, *slot))
        return NULL;
    return slab;
}

LM_INLINE void lm_free_in(void *p, uint64_t offset, const lm_way *way, lm_family family,
                          size_t size, bool protect) {
    lm_slab *slab = lm_record_at(&lm_once.lookups[0], offset);
    lm_pair *pair;
    size_t slot;
    if (LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)))
        goto slow;
    LM_KEEP_IN_REGISTER(slot);
    if (LM_UNLIKELY(atomic_load_explicit(&slab->owner, memory_order_relaxed) != lm_self)) {
        (LM_WIDE ? lm_free_remote_wide : lm_free_remote)(p, way, size);
        return;
    }
    pair = lm_pair_of(slab, slot);
    if (LM_UNLIKELY(lm_known_free(pair, slot)))
        goto slow;
    if (protect && LM_UNLIKELY(!lm_protect_in_fast(p, lm_slab_room(slab), family, size))) {
        lm_free_other(p, way, size);
        return;
    }
    LM_KEEP_IN_REGISTER(slot);
    lm_free_own(slab, pair, slot);
    return;
slow:
    lm_free_slow(p, way, size, LM_ANY_ALIGNMENT);
}

/* Frees a block; `size` is what the caller says that it was asked for, or LM_ANY_SIZE. */
LM_INLINE void lm_free(void *p, const lm_way *way, size_t size) {
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    if (LM_LIKELY(offset < lm_once.wide_size))
        lm_free_wide(p, offset, way, size);
    else if (offset < lm_once.plain_size)
        lm_free_in(p, offset, way, way->family, size, false);
    else if (offset < lm_once.lookups[0].size)
        lm_free_narrow(p, offset, way, size);
    else
        lm_free_slow(p, way, size, LM_ANY_ALIGNMENT);
}

#endif
