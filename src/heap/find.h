/* From a pointer to the block: the one proof that a pointer is what it claims to be. */
#ifndef LM_HEAP_FIND_H
#define LM_HEAP_FIND_H

#include "base/samples.h"
#include "heap/layout.h"

/* The record of the unit at an offset below lookup->size. Never NULL: the void record where there
 * is none. */
LM_INLINE lm_slab *lm_record_at(const lm_lookup *lookup, uint64_t offset) {
    uint32_t number =
        atomic_load_explicit(&lookup->map[offset >> LM_UNIT_SHIFT], memory_order_relaxed);
    return (lm_slab *)(void *)(lookup->records + (size_t)number * LM_RECORD_GRAIN);
}

/* Which slot begins at the offset, which leads to this record. False when none does: in a slot's
 * middle, or the record is no slab's (its reciprocal is 0).
 *
 * What lies behind the last slot is less than a slot, or a guard. Slots would begin there as well; their bits
 * are pending at all times (layout.h), so they pass for free ones.
 *
 * With r = ceil(2^64 / size), the product (offset in slab) * r has the slot's number in its upper
 * half; the lower half is below r exactly for multiples of size (Lemire, Kaser, Kurz: Faster
 * remainder by direct computation, 2019). tests/unit/test_class.c proves it for every offset of
 * every class. */
LM_INLINE bool lm_slot_at(const lm_slab *slab, uint64_t offset, size_t *slot) {
    __extension__ unsigned __int128 product =
        (unsigned __int128)((uint32_t)offset - slab->start_low) * slab->reciprocal;
    *slot = (size_t)(product >> 64);
    return (uint64_t)product < slab->reciprocal;
}

/* What a pointer was found to be. */
typedef struct lm_found {
    bool inside;       /* it lies in an arena */
    lm_slab *slab;     /* the slab that it lies in, else NULL */
    lm_span *span;     /* the span that it lies in, else NULL */
    lm_sample *sample; /* the place of a sampled block that it lies in, else NULL */
    size_t slot;       /* of the slab */
    char *block;       /* first byte of the slot or of the span's block; NULL: it lies in none */
    size_t size;       /* bytes of the slot's room, or of the span's block */
    bool live;         /* allocated, as far as can be seen now */
    bool used_before;  /* in no slab or span now, but behind it lies memory that was handed out */
} lm_found;

/* Whether `p` is a live block's first byte, and which; without a lock. False for anything else:
 * *found says nothing then. A block that another thread frees meanwhile may be found or not. */
bool lm_find_exact(const void *p, lm_found *found);

/* Looks a pointer up, whatever it is; takes lm_arena_lock. The records stay valid as long as the
 * block is live, or its slab belongs to the calling thread. */
lm_found lm_find(const void *p);

/* The same for one who holds lm_arena_lock. */
lm_found lm_find_locked(const void *p);

/* Bytes that the program may use of what was found: of a live block what it asked for, else what it could
 * have asked for at most. */
size_t lm_block_size(const lm_found *found);

/* Whether a slot is allocated, as far as can be seen now. */
bool lm_slot_live(lm_slab *slab, size_t slot);

#endif
