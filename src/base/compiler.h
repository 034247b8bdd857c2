/* What the compiler must be told, in one place: every other file is plain C17 with these words. */
#ifndef LM_BASE_COMPILER_H
#define LM_BASE_COMPILER_H

#include <stdlib.h>

#define LM_LIKELY(x)   __builtin_expect(!!(x), 1)
#define LM_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LM_INLINE      static inline __attribute__((always_inline, unused))
#define LM_NOINLINE    __attribute__((noinline))
#define LM_COLD        __attribute__((noinline, cold))
#define LM_CACHE_LINE  64

/* At a declaration: defined in the same object file, so its address is known when that is linked. */
#define LM_HIDDEN __attribute__((visibility("hidden")))

/* Keeps what was computed once from being computed again at each use, and what is computed from it on
 * one path from being computed before the paths part. */
#define LM_KEEP_IN_REGISTER(value) __asm__("" : "+r"(value))

/* An address where the manager keeps nothing but its own records may be checked in debug builds; a
 * user's program never meets this: a release build compiles the condition and throws it away. */
#ifdef LM_DEBUG
#define LM_DEBUGGING 1
#else
#define LM_DEBUGGING 0
#endif

/* Whether the thread sanitizer watches. It takes its leave of a thread in the last round of thread
 * exit; nothing that it watches may run after that. */
#if defined(__SANITIZE_THREAD__)
#define LM_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define LM_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define LM_THREAD_SANITIZER 0
#endif

#define LM_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (LM_DEBUGGING && !(condition))                                                          \
            __builtin_trap();                                                                      \
    } while (0)

#endif
