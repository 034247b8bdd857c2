/* The entry points by which a program gets, resizes and frees blocks: what findings call them, and what goes
 * with what. */
#ifndef LM_CHECK_CALLS_H
#define LM_CHECK_CALLS_H

#include "heap/protect.h"

/* CALL(enumerator, name, family, may be given aligned blocks without saying so) */
#define LM_CALLS(CALL)                                                                             \
    CALL(LM_CALL_NONE, NULL, LM_FAMILY_C, true)                                                    \
    CALL(LM_CALL_MALLOC, "malloc", LM_FAMILY_C, true)                                              \
    CALL(LM_CALL_CALLOC, "calloc", LM_FAMILY_C, true)                                              \
    CALL(LM_CALL_REALLOC, "realloc", LM_FAMILY_C, true)                                            \
    CALL(LM_CALL_REALLOCARRAY, "reallocarray", LM_FAMILY_C, true)                                  \
    CALL(LM_CALL_ALIGNED_ALLOC, "aligned_alloc", LM_FAMILY_C, true)                                \
    CALL(LM_CALL_MEMALIGN, "memalign", LM_FAMILY_C, true)                                          \
    CALL(LM_CALL_POSIX_MEMALIGN, "posix_memalign", LM_FAMILY_C, true)                              \
    CALL(LM_CALL_VALLOC, "valloc", LM_FAMILY_C, true)                                              \
    CALL(LM_CALL_PVALLOC, "pvalloc", LM_FAMILY_C, true)                                            \
    CALL(LM_CALL_NEW, "operator new", LM_FAMILY_NEW, true)                                         \
    CALL(LM_CALL_NEW_ARRAY, "operator new[]", LM_FAMILY_ARRAY, true)                               \
    CALL(LM_CALL_FREE, "free", LM_FAMILY_C, true)                                                  \
    CALL(LM_CALL_FREE_SIZED, "free_sized", LM_FAMILY_C, false)                                     \
    CALL(LM_CALL_FREE_ALIGNED, "free_aligned_sized", LM_FAMILY_C, false)                           \
    CALL(LM_CALL_DELETE, "operator delete", LM_FAMILY_NEW, false)                                  \
    CALL(LM_CALL_DELETE_ARRAY, "operator delete[]", LM_FAMILY_ARRAY, false)

#define LM_CALL_ENUMERATOR(enumerator, name, family, any) enumerator,
typedef enum lm_call { LM_CALLS(LM_CALL_ENUMERATOR) LM_CALLS_COUNT } lm_call;
#undef LM_CALL_ENUMERATOR

/* By lm_call. A copy in each file that needs it: the compiler knows what is in it. */
#define LM_CALL_WAY(enumerator, name, family, any) [enumerator] = {name, family, any},
__attribute__((unused)) static const lm_way lm_ways[] = {LM_CALLS(LM_CALL_WAY)};
#undef LM_CALL_WAY

#endif
