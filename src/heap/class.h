/* Size classes: which slot a request gets, and how a slab of each class is cut.
 *
 *   class      0 ..  7: 16, 32, ... 128 bytes            steps of 16
 *   class  8+8k .. 15+8k: above 128 << k to 256 << k     eight steps for each doubling,
 *                                                        so at most 1/8 of a slot is wasted
 *
 * The last of these has 64 KiB, as much as the largest block in a slot (LM_MEDIUM_MAX); one class of a page more
 * is for blocks of that size that have a tail. Larger blocks are spans of their own (large.h). One more class
 * serves requests of zero bytes: nobody may touch its slots (slab.c).
 *
 * What a slot can hold is its room: its size, but for a guard page at its end at the highest level
 * of protection. The last LM_TAIL bytes of the room are the manager's (protect.h). All functions
 * are pure. */
#ifndef LM_HEAP_CLASS_H
#define LM_HEAP_CLASS_H

#include "base/bits.h"
#include "base/once.h"

enum {
    LM_GRAIN = 16,         /* bytes: every block's alignment and the step of the smallest classes */
    LM_CLASS_ZERO = 81,    /* the class of blocks of no bytes */
    LM_CLASSES = 82,       /* count */
    LM_SMALL_MAX = 1024,   /* bytes: what the fast path serves */
    LM_SMALL_CLASSES = 32, /* count: the classes up to LM_SMALL_MAX */
    LM_MEDIUM_MAX = 64 * 1024,          /* bytes: the largest block in a slot */
    LM_SLOT_MAX = LM_MEDIUM_MAX + 4096, /* bytes: the largest class */
};

typedef struct lm_class {
    uint64_t reciprocal; /* ceil(2^64 / size): see lm_slot_at in find.h */
    uint32_t size;       /* bytes of a slot */
    uint32_t room;       /* bytes of it that a block and its tail may use */
    uint16_t slots;      /* in a slab */
    uint8_t units;       /* of a slab */
    uint8_t words;       /* of each of its bitmaps */
    uint16_t remotes;    /* bytes from a slab's record to its remote words */
    char unused[10];     /* whole tables fill whole pages */
} lm_class;

/* Written at start (lm_classes_start), whole pages of it. */
extern lm_class lm_classes[LM_ONCE_PAGE / sizeof(lm_class)];

/* The class of a room of up to LM_SMALL_MAX bytes, by (room + 15) / 16. */
extern const uint8_t lm_small_class[LM_SMALL_MAX / LM_GRAIN + 1];

/* Makes room for a guard page of `page` bytes behind each slot of more than a page; 0 makes none. */
void lm_classes_start(size_t page);

/* The class with at least `size` bytes of room, from 1 to LM_SLOT_MAX. */
LM_INLINE unsigned lm_class_of(size_t size) {
    if (size <= LM_SMALL_MAX)
        return lm_small_class[(size + LM_GRAIN - 1) / LM_GRAIN];
    unsigned doubling = lm_highest_bit(size - 1);
    return (doubling - 7) * 8 + (unsigned)((size - 1) >> (doubling - 3));
}

#endif
