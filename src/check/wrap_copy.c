/* strcpy and its kin: what they write is as long as a string that they read. */
#include "check/wrap.h"

/* Whether there is anything to ask: else the real function runs at once. */
LM_INLINE bool watched(const void *to, const void *from) {
    return LM_UNLIKELY(lm_is_watched(to) || lm_is_watched(from));
}

static LM_NOINLINE void copies(const char *call, char *to, const char *from) {
    size_t length = lm_wrap_length(call, from);
    lm_wrap_writes(call, to, length + 1);
}

/* Writes all of `n`, however short the string is. */
static LM_NOINLINE void copies_padded(const char *call, char *to, const char *from, size_t n) {
    lm_wrap_length_max(call, from, n);
    lm_wrap_writes(call, to, n);
}

static LM_NOINLINE void appends(const char *call, char *to, const char *from, size_t max) {
    size_t old = lm_wrap_length(call, to);
    size_t length =
        max == SIZE_MAX ? lm_wrap_length(call, from) : lm_wrap_length_max(call, from, max);
    lm_wrap_writes(call, to + old, length + 1);
}

char *lm_wrap_strcpy(char *to, const char *from) {
    if (watched(to, from))
        copies("strcpy", to, from);
    return LM_REAL(strcpy)(to, from);
}

char *lm_wrap___strcpy_chk(char *to, const char *from, size_t size) {
    if (watched(to, from))
        copies("strcpy", to, from);
    return LM_REAL(__strcpy_chk)(to, from, size);
}

char *lm_wrap_stpcpy(char *to, const char *from) {
    if (watched(to, from))
        copies("stpcpy", to, from);
    return LM_REAL(stpcpy)(to, from);
}

char *lm_wrap___stpcpy(char *to, const char *from) {
    return lm_wrap_stpcpy(to, from);
}

char *lm_wrap___stpcpy_chk(char *to, const char *from, size_t size) {
    if (watched(to, from))
        copies("stpcpy", to, from);
    return LM_REAL(__stpcpy_chk)(to, from, size);
}

char *lm_wrap_strncpy(char *to, const char *from, size_t n) {
    if (watched(to, from))
        copies_padded("strncpy", to, from, n);
    return LM_REAL(strncpy)(to, from, n);
}

char *lm_wrap___strncpy_chk(char *to, const char *from, size_t n, size_t size) {
    if (watched(to, from))
        copies_padded("strncpy", to, from, n);
    return LM_REAL(__strncpy_chk)(to, from, n, size);
}

char *lm_wrap_stpncpy(char *to, const char *from, size_t n) {
    if (watched(to, from))
        copies_padded("stpncpy", to, from, n);
    return LM_REAL(stpncpy)(to, from, n);
}

char *lm_wrap___stpncpy(char *to, const char *from, size_t n) {
    return lm_wrap_stpncpy(to, from, n);
}

char *lm_wrap___stpncpy_chk(char *to, const char *from, size_t n, size_t size) {
    if (watched(to, from))
        copies_padded("stpncpy", to, from, n);
    return LM_REAL(__stpncpy_chk)(to, from, n, size);
}

char *lm_wrap_strcat(char *to, const char *from) {
    if (watched(to, from))
        appends("strcat", to, from, SIZE_MAX);
    return LM_REAL(strcat)(to, from);
}

char *lm_wrap___strcat_chk(char *to, const char *from, size_t size) {
    if (watched(to, from))
        appends("strcat", to, from, SIZE_MAX);
    return LM_REAL(__strcat_chk)(to, from, size);
}

char *lm_wrap_strncat(char *to, const char *from, size_t n) {
    if (watched(to, from))
        appends("strncat", to, from, n);
    return LM_REAL(strncat)(to, from, n);
}

char *lm_wrap___strncat_chk(char *to, const char *from, size_t n, size_t size) {
    if (watched(to, from))
        appends("strncat", to, from, n);
    return LM_REAL(__strncat_chk)(to, from, n, size);
}

/* ---- strlcpy, strlcat: in glibc since 2.38; else a library of the program's may have brought them ------- */

static size_t bounded_copy(char *to, const char *from, size_t size) {
    size_t length = LM_REAL(strlen)(from);
    if (size > 0) {
        size_t part = length < size ? length : size - 1;
        LM_REAL(memmove)(to, from, part);
        to[part] = 0;
    }
    return length;
}

static LM_NOINLINE void copies_bounded(char *to, const char *from, size_t size) {
    size_t length = lm_wrap_length("strlcpy", from);
    lm_wrap_writes("strlcpy", to, length < size ? length + 1 : size);
}

static LM_NOINLINE void appends_bounded(char *to, const char *from, size_t size) {
    size_t old = lm_wrap_length_max("strlcat", to, size);
    size_t length = lm_wrap_length("strlcat", from);
    if (old < size)
        lm_wrap_writes("strlcat", to + old, length < size - old ? length + 1 : size - old);
}

size_t lm_wrap_strlcpy(char *to, const char *from, size_t size) {
    if (watched(to, from))
        copies_bounded(to, from, size);
    size_t (*real)(char *, const char *, size_t) = LM_REAL_POINTER(strlcpy);
    return real ? real(to, from, size) : bounded_copy(to, from, size);
}

size_t lm_wrap_strlcat(char *to, const char *from, size_t size) {
    if (watched(to, from))
        appends_bounded(to, from, size);
    size_t (*real)(char *, const char *, size_t) = LM_REAL_POINTER(strlcat);
    if (real)
        return real(to, from, size);
    size_t old = LM_REAL(strnlen)(to, size);
    return old + bounded_copy(to + old, from, size - old);
}

size_t lm_wrap___strlcpy_chk(char *to, const char *from, size_t size, size_t whole) {
    if (watched(to, from))
        copies_bounded(to, from, size);
    return LM_REAL(__strlcpy_chk)(to, from, size, whole);
}

size_t lm_wrap___strlcat_chk(char *to, const char *from, size_t size, size_t whole) {
    if (watched(to, from))
        appends_bounded(to, from, size);
    return LM_REAL(__strlcat_chk)(to, from, size, whole);
}

/* ---- Copies in new blocks --------------------------------------------------------------------- */

LM_INLINE char *given(char *copy) {
    if (LM_UNLIKELY(lm_is_watched(copy)))
        lm_access_given(copy, LM_REAL(strlen)(copy) + 1);
    return copy;
}

char *lm_wrap_strdup(const char *string) {
    lm_wrap_string("strdup", string);
    return given(LM_REAL(strdup)(string));
}

char *lm_wrap___strdup(const char *string) {
    return lm_wrap_strdup(string);
}

char *lm_wrap_strndup(const char *string, size_t n) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        lm_wrap_length_max("strndup", string, n);
    return given(LM_REAL(strndup)(string, n));
}

char *lm_wrap___strndup(const char *string, size_t n) {
    return lm_wrap_strndup(string, n);
}
