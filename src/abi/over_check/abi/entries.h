/* What the names of this folder call, in libloam-check.so: the checker, above the heap. */
#ifndef LM_ABI_ENTRIES_H
#define LM_ABI_ENTRIES_H

#include "check/entry.h"
#include "heap/fast.h"
#include "heap/slow.h"

LM_INLINE void *lm_entry_malloc(size_t size, lm_call call) {
    return lm_check_malloc(size, call);
}

LM_INLINE void *lm_entry_calloc(size_t size) {
    return lm_check_calloc(size);
}

LM_INLINE void *lm_entry_realloc(void *p, size_t size, lm_call call) {
    return lm_check_realloc(p, size, call);
}

LM_INLINE void *lm_entry_aligned(size_t alignment, size_t size, lm_call call) {
    return lm_check_aligned(alignment, size, call);
}

LM_INLINE void lm_entry_overflow(size_t count, size_t size, lm_call call) {
    lm_check_overflow(count, size, call);
}

LM_INLINE void lm_entry_free(void *p, size_t size, lm_call call) {
    lm_check_free(p, size, LM_ANY_ALIGNMENT, call);
}

LM_INLINE void lm_entry_free_aligned(void *p, size_t size, size_t alignment, lm_call call) {
    lm_check_free(p, size, alignment, call);
}

LM_INLINE size_t lm_entry_usable(const void *p, const char *call) {
    return lm_check_usable(p, call);
}

LM_INLINE void *lm_entry_block_of(const void *p, size_t *size) {
    return lm_check_block_of(p, size);
}

LM_INLINE bool lm_entry_visit(bool (*visitor)(void *block, size_t size, void *context),
                              void *context) {
    return lm_check_visit(visitor, context);
}

#endif
