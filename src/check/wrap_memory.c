/* memcpy and its kin. */
#include "check/wrap.h"

/* Whether one of two may be a block's. */
LM_INLINE bool watched(const void *a, const void *b) {
    return LM_UNLIKELY(lm_is_watched(a) || lm_is_watched(b));
}

/* Programs linked long ago ask for a memcpy that bears with overlaps (GLIBC_2.2.5) and come here too; memmove
 * serves both, and is as fast. */
void *lm_wrap_memcpy(void *to, const void *from, size_t n) {
    return watched(to, from) ? lm_wrap_move("memcpy", to, from, n) : LM_REAL(memmove)(to, from, n);
}

void *lm_wrap_memmove(void *to, const void *from, size_t n) {
    return watched(to, from) ? lm_wrap_move("memmove", to, from, n) : LM_REAL(memmove)(to, from, n);
}

void *lm_wrap_mempcpy(void *to, const void *from, size_t n) {
    if (watched(to, from))
        return (char *)lm_wrap_move("mempcpy", to, from, n) + n;
    return LM_REAL(mempcpy)(to, from, n);
}

void *lm_wrap___mempcpy(void *to, const void *from, size_t n) {
    return lm_wrap_mempcpy(to, from, n);
}

void lm_wrap_bcopy(const void *from, void *to, size_t n) {
    lm_wrap_move("bcopy", to, from, n);
}

/* Of a call that the C library ends the program for. */
static LM_NOINLINE void copies(const char *call, void *to, const void *from, size_t n) {
    lm_wrap_takes(call, from, n);
    lm_wrap_writes(call, to, n);
}

void *lm_wrap___memcpy_chk(void *to, const void *from, size_t n, size_t size) {
    if (n <= size)
        return lm_wrap_memcpy(to, from, n);
    copies("memcpy", to, from, n);
    return LM_REAL(__memcpy_chk)(to, from, n, size);
}

void *lm_wrap___memmove_chk(void *to, const void *from, size_t n, size_t size) {
    if (n <= size)
        return lm_wrap_memmove(to, from, n);
    copies("memmove", to, from, n);
    return LM_REAL(__memmove_chk)(to, from, n, size);
}

void *lm_wrap___mempcpy_chk(void *to, const void *from, size_t n, size_t size) {
    if (n <= size)
        return lm_wrap_mempcpy(to, from, n);
    copies("mempcpy", to, from, n);
    return LM_REAL(__mempcpy_chk)(to, from, n, size);
}

void *lm_wrap_memccpy(void *to, const void *from, int c, size_t n) {
    if (watched(to, from)) {
        size_t extent = lm_wrap_extent(from);
        const char *end = LM_REAL(memchr)(from, c, n < extent ? n : extent);
        const size_t read = end ? (size_t)(end - (const char *)from) + 1 : n;
        lm_wrap_reads("memccpy", from, read);
        lm_wrap_writes("memccpy", to, read);
    }
    return LM_REAL(memccpy)(to, from, c, n);
}

/* ---- Filling ---------------------------------------------------------------------------------- */

static LM_NOINLINE void *fill(const char *call, void *at, int byte, size_t n) {
    lm_wrap_writes(call, at, n);
    return LM_REAL(memset)(at, byte, n);
}

void *lm_wrap_memset(void *at, int byte, size_t n) {
    return LM_UNLIKELY(lm_is_watched(at)) ? fill("memset", at, byte, n)
                                          : LM_REAL(memset)(at, byte, n);
}

void *lm_wrap___memset_chk(void *at, int byte, size_t n, size_t size) {
    lm_wrap_writes("memset", at, n);
    return LM_REAL(__memset_chk)(at, byte, n, size);
}

void lm_wrap_bzero(void *at, size_t n) {
    lm_wrap_writes("bzero", at, n);
    LM_REAL(memset)(at, 0, n);
}

void lm_wrap_explicit_bzero(void *at, size_t n) {
    lm_wrap_writes("explicit_bzero", at, n);
    LM_REAL(explicit_bzero)(at, n);
}

void lm_wrap___explicit_bzero_chk(void *at, size_t n, size_t size) {
    lm_wrap_writes("explicit_bzero", at, n);
    LM_REAL(__explicit_bzero_chk)(at, n, size);
}

/* ---- Comparing and searching ------------------------------------------------------------------ */

LM_INLINE void compares(const char *call, const void *a, const void *b, size_t n) {
    lm_wrap_reads(call, a, n);
    lm_wrap_reads(call, b, n);
}

/* All of both must be there (ISO C 7.24.4.1), wherever they differ. */
static LM_NOINLINE int compare(const char *call, const void *a, const void *b, size_t n) {
    compares(call, a, b, n);
    return LM_REAL(memcmp)(a, b, n);
}

int lm_wrap_memcmp(const void *a, const void *b, size_t n) {
    return watched(a, b) ? compare("memcmp", a, b, n) : LM_REAL(memcmp)(a, b, n);
}

int lm_wrap_bcmp(const void *a, const void *b, size_t n) {
    return watched(a, b) ? compare("bcmp", a, b, n) : LM_REAL(memcmp)(a, b, n);
}

/* What compilers make of a memcmp that is only asked for equality. */
int lm_wrap___memcmpeq(const void *a, const void *b, size_t n) {
    return watched(a, b) ? compare("memcmp", a, b, n) : LM_REAL(memcmp)(a, b, n);
}

/* memchr reads no further than to what it looks for (ISO C 7.24.5.1): `n` may be larger than the block. */
void *lm_wrap_memchr(const void *at, int c, size_t n) {
    if (LM_UNLIKELY(lm_is_watched(at))) {
        size_t extent = lm_wrap_extent(at);
        const char *end = LM_REAL(memchr)(at, c, n < extent ? n : extent);
        lm_wrap_reads("memchr", at, end ? (size_t)(end - (const char *)at) + 1 : n);
        if (n <= extent)
            return (void *)(uintptr_t)end;
    }
    return LM_REAL(memchr)(at, c, n);
}

void *lm_wrap_rawmemchr(const void *at, int c) {
    if (LM_UNLIKELY(lm_is_watched(at))) {
        size_t extent = lm_wrap_extent(at);
        const char *end = extent == SIZE_MAX ? NULL : LM_REAL(memchr)(at, c, extent);
        lm_wrap_scanned("rawmemchr", at, end ? (size_t)(end - (const char *)at) : extent, extent);
    }
    return LM_REAL(rawmemchr)(at, c);
}

void *lm_wrap_memrchr(const void *at, int c, size_t n) {
    lm_wrap_reads("memrchr", at, n);
    return LM_REAL(memrchr)(at, c, n);
}

void *lm_wrap_memmem(const void *at, size_t n, const void *piece, size_t piece_size) {
    lm_wrap_reads("memmem", at, n);
    lm_wrap_reads("memmem", piece, piece_size);
    return LM_REAL(memmem)(at, n, piece, piece_size);
}
