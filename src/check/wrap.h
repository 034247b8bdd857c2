/* What the wrappers of the C library's functions share. A wrapper is called lm_wrap_NAME; the link of
 * libloam-check.so gives it the name NAME (cmake/LoamWraps.cmake). Each says to lm_access_check what the
 * function is about to touch, and runs the real one: results, errno and cancellation are the C library's.
 *
 * The library's own code never comes to a wrapper: its calls of memcpy and the like, also those that the
 * compiler makes up, are renamed to lm_plain_memcpy and so on (wrap_plain.c) in that same link. */
#ifndef LM_CHECK_WRAP_H
#define LM_CHECK_WRAP_H

#include "base/compiler.h"
#include "check/access.h"
#include "check/watched.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <arpa/inet.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* ---- The real functions ----------------------------------------------------------------------- */

typedef struct lm_reals {
#define WRAP(name)                        __typeof__(name) *name;
#define WRAP_AS(name, result, parameters) result(*name) parameters;
#define WRAP_NEW                          WRAP_AS
#include "check/wraps.def"
} lm_reals;

/* NULL before lm_wrap_start, and for what the C library hasn't got. */
extern LM_HIDDEN lm_reals lm_real;

#define LM_WRAP_EXPORT                    __attribute__((visibility("default")))
#define WRAP(name)                        extern LM_WRAP_EXPORT __typeof__(name) lm_wrap_##name;
#define WRAP_AS(name, result, parameters) extern LM_WRAP_EXPORT result lm_wrap_##name parameters;
#define WRAP_NEW                          WRAP_AS
#include "check/wraps.def"

/* Finds the real functions, once; called at start, or by the first wrapper that is called before. In a
 * library that isn't relocated yet the plain loops of wrap_plain.c take their place for a while. */
LM_HIDDEN void lm_wrap_start(void);

/* The real function, ready to be called. */
#define LM_REAL_POINTER(name)                                                                      \
    (__extension__({                                                                               \
        __typeof__(lm_real.name) real_ = __atomic_load_n(&lm_real.name, __ATOMIC_RELAXED);         \
        if (LM_UNLIKELY(!real_)) {                                                                 \
            lm_wrap_start();                                                                       \
            real_ = __atomic_load_n(&lm_real.name, __ATOMIC_RELAXED);                              \
        }                                                                                          \
        real_;                                                                                     \
    }))
#define LM_REAL(name) (*LM_REAL_POINTER(name))

/* ---- What is checked -------------------------------------------------------------------------- */

/* lm_access_check, with errno left alone. */
LM_HIDDEN bool lm_wrap_touch(const char *call, const void *at, size_t bytes, lm_access how);

LM_INLINE bool lm_wrap_reads(const char *call, const void *at, size_t bytes) {
    return LM_LIKELY(!lm_is_watched(at)) || bytes == 0 ||
           lm_wrap_touch(call, at, bytes, LM_ACCESS_READ);
}

LM_INLINE bool lm_wrap_writes(const char *call, const void *at, size_t bytes) {
    return LM_LIKELY(!lm_is_watched(at)) || bytes == 0 ||
           lm_wrap_touch(call, at, bytes, LM_ACCESS_WRITE);
}

/* A read of what goes elsewhere as it is. */
LM_INLINE bool lm_wrap_takes(const char *call, const void *at, size_t bytes) {
    return LM_LIKELY(!lm_is_watched(at)) || bytes == 0 ||
           lm_wrap_touch(call, at, bytes, LM_ACCESS_COPY);
}

LM_INLINE bool lm_wrap_knows_bytes(void) {
    return LM_UNLIKELY(__atomic_load_n(&lm_watched_bytes, __ATOMIC_RELAXED));
}

/* A read that is known to lie in its block, if in any. */
LM_INLINE void lm_wrap_reads_inside(const char *call, const void *at, size_t bytes) {
    if (lm_wrap_knows_bytes())
        lm_wrap_reads(call, at, bytes);
}

/* A memmove that is told, so that what is known of the bytes goes along. */
LM_HIDDEN void *lm_wrap_move(const char *call, void *to, const void *from, size_t bytes);

/* Around a system call that writes, or reads, what lies there. */
LM_INLINE void lm_wrap_lend(const void *at, size_t bytes) {
    if (lm_wrap_knows_bytes())
        lm_access_lend(at, bytes);
}

LM_INLINE ssize_t lm_wrap_back(const void *at, ssize_t written, ssize_t result) {
    if (lm_wrap_knows_bytes())
        lm_access_back(at, written > 0 ? (size_t)written : 0);
    return result;
}

/* How many bytes from `at` on are there for certain; SIZE_MAX: that isn't known. */
LM_INLINE size_t lm_wrap_extent(const void *at) {
    return LM_LIKELY(!lm_is_watched(at)) ? SIZE_MAX : lm_access_extent(at);
}

/* count * size, or SIZE_MAX when that is too much. */
LM_INLINE size_t lm_wrap_product(size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

/* Reads of strings, told as far as they go: to the end of the string, or one byte (or wide character) past the
 * end of the block if the string isn't ended there. They return the string's length, at most `max`. */
LM_HIDDEN size_t lm_wrap_length(const char *call, const char *string);
LM_HIDDEN size_t lm_wrap_length_max(const char *call, const char *string, size_t max);
LM_HIDDEN size_t lm_wrap_wide_length(const char *call, const wchar_t *string);
LM_HIDDEN size_t lm_wrap_wide_length_max(const char *call, const wchar_t *string, size_t max);

/* The same for who has no use for the length: nothing is measured outside blocks. */
LM_INLINE void lm_wrap_string(const char *call, const char *string) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        lm_wrap_length(call, string);
}

LM_INLINE void lm_wrap_wide_string(const char *call, const wchar_t *string) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        lm_wrap_wide_length(call, string);
}

/* A scan from `at` stopped at byte `stop`, which it read too, or found no reason to stop in the `extent` bytes
 * there are (stop == extent). */
LM_HIDDEN void lm_wrap_scanned(const char *call, const void *at, size_t stop, size_t extent);

#endif
