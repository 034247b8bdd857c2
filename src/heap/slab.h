/* Slabs: runs of units cut into equal slots. What is done to one slab, by its owner.
 * The record is drawn in layout.h; which slab a bin uses next is bin.c's matter. */
#ifndef LM_HEAP_SLAB_H
#define LM_HEAP_SLAB_H

#include "heap/layout.h"

/* A new slab of the class, owned by the heap, all slots pending; NULL when there is no memory.
 * *clean: whether all its memory reads as zeros. */
lm_slab *lm_slab_new(lm_heap *heap, unsigned class, bool *clean);

/* Clears slots `from` to `to`, which hold what others left there, if free slots of the class must be clear; else
 * false. */
bool lm_slab_clear(lm_slab *slab, unsigned from, unsigned to);

/* Gives an empty slab's units back, that was closed. It is in no list, and no word of it is in an inbox. */
void lm_slab_release(lm_slab *slab);

/* Whether all slots are free, in the owner's eyes and in truth: what was freed twice is sorted out.
 */
bool lm_slab_empty(lm_slab *slab);

/* Of an empty slab that is about to be released: from now on no other thread can free a slot of it, as one
 * could that frees a block a second time. False, and it stays as it was: one just did, and the word is
 * in the inbox. */
bool lm_slab_close(lm_slab *slab);

/* Slots that are free in the owner's eyes, and whether all of them are. */
unsigned lm_slab_free_slots(const lm_slab *slab);
bool lm_slab_known_free(const lm_slab *slab);

/* Makes pending slots available: all of them, or at level 3 by chance about half of them in each word. By the
 * owner, whose heap it is. */
void lm_slab_harvest(lm_slab *slab, lm_heap *heap);

/* The same of slots `from` to `to` only. Returns how many became available. */
unsigned lm_slab_harvest_part(lm_slab *slab, lm_heap *heap, unsigned from, unsigned to);

/* Slots that the owner knows to be free: available ones, and those that rest. */
unsigned lm_slab_available(const lm_slab *slab);
unsigned lm_slab_pending(const lm_slab *slab);
unsigned lm_slab_pending_before(const lm_slab *slab,
                                unsigned to); /* those of the slots before `to` */

/* Whether any of the slots before `to` rests. */
bool lm_slab_any_pending_before(const lm_slab *slab, unsigned to);

/* The pending bits of a word that stand for slots. */
LM_INLINE uint64_t lm_slab_pending_bits(const lm_slab *slab, unsigned word) {
    return atomic_load_explicit(&slab->pairs[word].pending, memory_order_relaxed) &
           lm_slab_valid(slab, word);
}

/* Whether other threads have freed every slot that the owner has not. A hint without the owner's
 * lock. */
bool lm_slab_all_free(lm_slab *slab);

/* Slots that nobody has freed. A hint without the owner's lock. */
unsigned lm_slab_live(lm_slab *slab);

/* So many slots must be free before a FULL slab returns to its bin: an eighth. */
LM_INLINE unsigned lm_slab_threshold(const lm_slab *slab) {
    return slab->slots >= 8 ? slab->slots / 8u : 1;
}

/* Slots of a slab of the class. */
unsigned lm_slab_slots(const lm_class *class, bool guarded);

LM_INLINE size_t lm_slab_bytes(const lm_slab *slab) {
    return (size_t)lm_classes[slab->class].units << LM_UNIT_SHIFT;
}

LM_INLINE unsigned lm_slab_place(const lm_slab *slab) {
    return atomic_load_explicit(&slab->place, memory_order_relaxed);
}

LM_INLINE void lm_slab_set_place(lm_slab *slab, unsigned place) {
    /* Whoever finds it FULL finds its words as they were then. */
    atomic_store_explicit(&slab->place, (uint8_t)place, memory_order_release);
}

#endif
