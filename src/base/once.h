/* What is written once, at start, and only read from then on. Such variables lie in a section of
 * their own, which becomes read-only when the heap is ready (lm_init_seal), so that a stray or
 * hostile write can't change how the heap works.
 *
 *   LM_ONCE_TYPE typedef struct { ... } lm_thing;      whole pages, so that nothing else shares them
 *   LM_ONCE lm_thing lm_the_thing;
 */
#ifndef LM_BASE_ONCE_H
#define LM_BASE_ONCE_H

/* Bytes: at least a page of any kernel for the processor. */
#if defined(__x86_64__)
#define LM_ONCE_PAGE 4096
#else
#define LM_ONCE_PAGE 65536
#endif

#define LM_ONCE_ALIGNED __attribute__((aligned(LM_ONCE_PAGE)))
#define LM_ONCE         __attribute__((section("loam_once"), aligned(LM_ONCE_PAGE)))

#endif
