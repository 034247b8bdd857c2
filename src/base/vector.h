/* Vectors, as wide as the processor has them that a file is compiled for: 32 bytes with AVX2, else 16. At any
 * address. */
#ifndef LM_BASE_VECTOR_H
#define LM_BASE_VECTOR_H

#include "base/bits.h"

#ifdef __AVX2__
enum { LM_WIDE = 1, LM_VECTOR = 32 };
#else
enum { LM_WIDE = 0, LM_VECTOR = 16 };
#endif

typedef uint64_t lm_vector __attribute__((vector_size(LM_VECTOR), may_alias, aligned(1)));

static const lm_vector LM_NONE;

LM_INLINE lm_vector *lm_vector_at(void *at) {
    return (lm_vector *)at;
}

LM_INLINE lm_vector lm_vector_of(const void *at) {
    return *(const lm_vector *)at;
}

/* Whether all bits are 0 that are 1 in `which`. */
LM_INLINE bool lm_is_none_of(lm_vector any, lm_vector which) {
#ifdef __AVX2__
    typedef long long words __attribute__((vector_size(LM_VECTOR)));
    return __builtin_ia32_ptestz256((words)any, (words)which);
#else
    any &= which;
    return (any[0] | any[1]) == 0;
#endif
}

LM_INLINE bool lm_is_none(lm_vector any) {
    return lm_is_none_of(any, any);
}

#endif
