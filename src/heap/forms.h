/* The fast path with protection, as functions: for processors with wide vectors one for each family, and for all
 * others. Which one it is say limits in lm_once, which lead there by the comparison that is needed anyway. */
#ifndef LM_HEAP_FORMS_H
#define LM_HEAP_FORMS_H

#include "heap/protect.h"

/* malloc of less than wide_limit bytes, and free of a block at less than wide_size from the first arena's start. */
#define LM_DECLARE_FORMS(suffix, family)                                                           \
    void *lm_malloc_wide_##suffix(size_t size);                                                    \
    void lm_free_wide_##suffix(void *p, uint64_t offset, const lm_way *way);

/* FORMS(suffix, family) */
#define LM_EACH_FAMILY(FORMS)                                                                      \
    FORMS(c, LM_FAMILY_C) FORMS(new, LM_FAMILY_NEW) FORMS(array, LM_FAMILY_ARRAY)

LM_EACH_FAMILY(LM_DECLARE_FORMS)

void lm_free_sized_wide(void *p, uint64_t offset, const lm_way *way, size_t size);

/* malloc of up to LM_SMALL_MAX bytes, and free of a block in the first arena. */
void *lm_malloc_narrow(size_t size, lm_family family);
void lm_free_narrow(void *p, uint64_t offset, const lm_way *way, size_t size);

/* free of an address in the first arena that isn't in the calling thread's own slabs. */
void lm_free_remote_wide(void *p, const lm_way *way, size_t size);
void lm_free_remote(void *p, const lm_way *way, size_t size);

LM_INLINE void *lm_malloc_wide(size_t size, lm_family family) {
    return family == LM_FAMILY_C     ? lm_malloc_wide_c(size)
           : family == LM_FAMILY_NEW ? lm_malloc_wide_new(size)
                                     : lm_malloc_wide_array(size);
}

LM_INLINE void lm_free_wide(void *p, uint64_t offset, const lm_way *way, size_t size) {
    if (size != LM_ANY_SIZE)
        lm_free_sized_wide(p, offset, way, size);
    else if (way->family == LM_FAMILY_C)
        lm_free_wide_c(p, offset, way);
    else if (way->family == LM_FAMILY_NEW)
        lm_free_wide_new(p, offset, way);
    else
        lm_free_wide_array(p, offset, way);
}

#endif
