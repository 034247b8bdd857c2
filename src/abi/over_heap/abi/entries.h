/* What the names of this folder call, in libloam.so: the heap itself. The checker's library has another such
 * header in its place (over_check). */
#ifndef LM_ABI_ENTRIES_H
#define LM_ABI_ENTRIES_H

#include "check/calls.h"
#include "heap/fast.h"
#include "heap/find.h"
#include "heap/slow.h"
#include "heap/walk.h"

LM_INLINE void *lm_entry_malloc(size_t size, lm_call call) {
    return lm_malloc(size, lm_ways[call].family);
}

/* Of a size that is already multiplied. */
LM_INLINE void *lm_entry_calloc(size_t size) {
    return lm_zeroed(size);
}

/* `p` is not NULL. */
LM_INLINE void *lm_entry_realloc(void *p, size_t size, lm_call call) {
    (void)call;
    return lm_realloc(p, size);
}

/* `alignment` is a power of two. */
LM_INLINE void *lm_entry_aligned(size_t alignment, size_t size, lm_call call) {
    return lm_aligned(alignment, size, lm_ways[call].family);
}

/* count * size is more than there is. */
LM_INLINE void lm_entry_overflow(size_t count, size_t size, lm_call call) {
    (void)count;
    (void)size;
    (void)call;
}

LM_INLINE void lm_entry_free(void *p, size_t size, lm_call call) {
    lm_free(p, &lm_ways[call], size);
}

LM_INLINE void lm_entry_free_aligned(void *p, size_t size, size_t alignment, lm_call call) {
    lm_free_slow(p, &lm_ways[call], size, alignment);
}

/* `p` is not NULL. */
LM_INLINE size_t lm_entry_usable(const void *p, const char *call) {
    return lm_usable(p, call);
}

/* The live block that `p` lies in; NULL: none. */
LM_INLINE void *lm_entry_block_of(const void *p, size_t *size) {
    lm_found found = lm_find(p);
    if (!found.live || (size_t)((const char *)p - found.block) >= found.size)
        return NULL; /* a guard in the slot leads to its block, too */
    if (size)
        *size = lm_block_size(&found);
    return found.block;
}

LM_INLINE bool lm_entry_visit(bool (*visitor)(void *block, size_t size, void *context),
                              void *context) {
    return lm_walk_blocks(visitor, context);
}

#endif
