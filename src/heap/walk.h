/* All records of all arenas, one after the other. */
#ifndef LM_HEAP_WALK_H
#define LM_HEAP_WALK_H

#include "heap/layout.h"

/* Where a walk stands. Begin with all zero. */
typedef struct lm_walk {
    uint32_t arena;
    uint32_t unit;
} lm_walk;

/* The next record in the order of arenas and addresses, NULL at the end. lm_arena_lock is held
 * during the call; between two calls it may be given, then records that come or go meanwhile may be
 * missed. */
lm_slab *lm_walk_next(lm_walk *walk);

/* Calls the visitor with each live block (first byte, usable size); no lock is held during its
 * calls. Returns false when it stopped the walk by returning false. */
bool lm_walk_blocks(bool (*visitor)(void *block, size_t size, void *context), void *context);

#endif
