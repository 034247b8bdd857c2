/* Functions that only read strings. */
#include "check/scan.h"
#include "check/wrap.h"

/* ---- Lengths ---------------------------------------------------------------------------------- */

size_t lm_wrap_strlen(const char *string) {
    return LM_LIKELY(!lm_is_watched(string)) ? LM_REAL(strlen)(string)
                                             : lm_wrap_length("strlen", string);
}

size_t lm_wrap_strnlen(const char *string, size_t max) {
    return LM_LIKELY(!lm_is_watched(string)) ? LM_REAL(strnlen)(string, max)
                                             : lm_wrap_length_max("strnlen", string, max);
}

/* ---- Comparing -------------------------------------------------------------------------------- */

LM_INLINE bool watched(const char *a, const char *b) {
    return LM_UNLIKELY(lm_is_watched(a) || lm_is_watched(b));
}

typedef size_t scanner(const char *a, const char *b, size_t bound, locale_t locale);

static size_t differ(const char *a, const char *b, size_t bound, locale_t locale) {
    (void)locale;
    return lm_scan_differ(a, b, bound);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Reads both to where they differ or end, at most `max` bytes. */
static LM_NOINLINE void compares(const char *call, const char *a, const char *b, size_t max,
                                 scanner *scan, locale_t locale) {
    size_t a_extent = lm_wrap_extent(a), b_extent = lm_wrap_extent(b);
    size_t bound = least(max, least(a_extent, b_extent));
    size_t stop = scan(a, b, bound, locale);
    if (stop < bound || bound == max) {
        size_t bytes = stop < max ? stop + 1 : max;
        lm_wrap_reads_inside(call, a, bytes);
        lm_wrap_reads_inside(call, b, bytes);
        return;
    }
    if (a_extent == bound)
        lm_wrap_scanned(call, a, bound, a_extent);
    if (b_extent == bound)
        lm_wrap_scanned(call, b, bound, b_extent);
}

/* Not a part of strcmp: that needs no stack then when nothing is checked. */
static LM_NOINLINE int compare(const char *a, const char *b) {
    compares("strcmp", a, b, SIZE_MAX, differ, NULL);
    return LM_REAL(strcmp)(a, b);
}

int lm_wrap_strcmp(const char *a, const char *b) {
    return watched(a, b) ? compare(a, b) : LM_REAL(strcmp)(a, b);
}

int lm_wrap_strncmp(const char *a, const char *b, size_t n) {
    if (watched(a, b))
        compares("strncmp", a, b, n, differ, NULL);
    return LM_REAL(strncmp)(a, b, n);
}

int lm_wrap_strcasecmp(const char *a, const char *b) {
    if (watched(a, b))
        compares("strcasecmp", a, b, SIZE_MAX, lm_scan_differ_case, NULL);
    return LM_REAL(strcasecmp)(a, b);
}

int lm_wrap_strncasecmp(const char *a, const char *b, size_t n) {
    if (watched(a, b))
        compares("strncasecmp", a, b, n, lm_scan_differ_case, NULL);
    return LM_REAL(strncasecmp)(a, b, n);
}

int lm_wrap_strcasecmp_l(const char *a, const char *b, locale_t locale) {
    if (watched(a, b))
        compares("strcasecmp_l", a, b, SIZE_MAX, lm_scan_differ_case, locale);
    return LM_REAL(strcasecmp_l)(a, b, locale);
}

int lm_wrap_strncasecmp_l(const char *a, const char *b, size_t n, locale_t locale) {
    if (watched(a, b))
        compares("strncasecmp_l", a, b, n, lm_scan_differ_case, locale);
    return LM_REAL(strncasecmp_l)(a, b, n, locale);
}

int lm_wrap_strcoll(const char *a, const char *b) {
    lm_wrap_string("strcoll", a);
    lm_wrap_string("strcoll", b);
    return LM_REAL(strcoll)(a, b);
}

int lm_wrap_strcoll_l(const char *a, const char *b, locale_t locale) {
    lm_wrap_string("strcoll_l", a);
    lm_wrap_string("strcoll_l", b);
    return LM_REAL(strcoll_l)(a, b, locale);
}

/* What the transformed string takes is only known when it is made. */
size_t lm_wrap_strxfrm(char *to, const char *from, size_t n) {
    lm_wrap_string("strxfrm", from);
    if (LM_UNLIKELY(n > 0 && lm_is_watched(to)))
        lm_wrap_writes("strxfrm", to, least(LM_REAL(strxfrm)(NULL, from, 0) + 1, n));
    return LM_REAL(strxfrm)(to, from, n);
}

size_t lm_wrap_strxfrm_l(char *to, const char *from, size_t n, locale_t locale) {
    lm_wrap_string("strxfrm_l", from);
    if (LM_UNLIKELY(n > 0 && lm_is_watched(to)))
        lm_wrap_writes("strxfrm_l", to, least(LM_REAL(strxfrm_l)(NULL, from, 0, locale) + 1, n));
    return LM_REAL(strxfrm_l)(to, from, n, locale);
}

/* ---- Searching -------------------------------------------------------------------------------- */

static LM_NOINLINE void finds_char(const char *call, const char *string, int c) {
    size_t extent = lm_wrap_extent(string);
    if (extent != SIZE_MAX)
        lm_wrap_scanned(call, string, lm_scan_char(string, (char)c, extent), extent);
}

char *lm_wrap_strchr(const char *string, int c) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        finds_char("strchr", string, c);
    return LM_REAL(strchr)(string, c);
}

char *lm_wrap_index(const char *string, int c) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        finds_char("index", string, c);
    return LM_REAL(strchr)(string, c);
}

char *lm_wrap_strchrnul(const char *string, int c) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        finds_char("strchrnul", string, c);
    return LM_REAL(strchrnul)(string, c);
}

char *lm_wrap_strrchr(const char *string, int c) {
    lm_wrap_string("strrchr", string);
    return LM_REAL(strrchr)(string, c);
}

char *lm_wrap_rindex(const char *string, int c) {
    lm_wrap_string("rindex", string);
    return LM_REAL(strrchr)(string, c);
}

char *lm_wrap_strstr(const char *string, const char *piece) {
    if (watched(string, piece)) {
        size_t n = lm_wrap_length("strstr", piece);
        size_t extent = lm_wrap_extent(string);
        if (extent != SIZE_MAX)
            lm_wrap_scanned("strstr", string, lm_scan_match(string, piece, n, extent), extent);
    }
    return LM_REAL(strstr)(string, piece);
}

char *lm_wrap_strcasestr(const char *string, const char *piece) {
    lm_wrap_string("strcasestr", string);
    lm_wrap_string("strcasestr", piece);
    return LM_REAL(strcasestr)(string, piece);
}

static LM_NOINLINE void spans(const char *call, const char *string, const char *set, bool wanted) {
    lm_wrap_string(call, set);
    size_t extent = lm_wrap_extent(string);
    if (extent != SIZE_MAX)
        lm_wrap_scanned(call, string, lm_scan_set(string, set, wanted, extent), extent);
}

size_t lm_wrap_strspn(const char *string, const char *set) {
    if (watched(string, set))
        spans("strspn", string, set, false);
    return LM_REAL(strspn)(string, set);
}

size_t lm_wrap_strcspn(const char *string, const char *set) {
    if (watched(string, set))
        spans("strcspn", string, set, true);
    return LM_REAL(strcspn)(string, set);
}

char *lm_wrap_strpbrk(const char *string, const char *set) {
    if (watched(string, set))
        spans("strpbrk", string, set, true);
    return LM_REAL(strpbrk)(string, set);
}

/* ---- Taking apart ----------------------------------------------------------------------------- */

/* Passes over separators, then reads to the next. */
static LM_NOINLINE void tokens(const char *call, const char *string, const char *set) {
    lm_wrap_string(call, set);
    size_t extent = lm_wrap_extent(string);
    if (extent == SIZE_MAX)
        return;
    size_t first = lm_scan_set(string, set, false, extent);
    size_t stop = first + lm_scan_set(string + first, set, true, extent - first);
    lm_wrap_scanned(call, string, stop, extent);
}

/* Where the C library's strtok goes on isn't known here: only its first call for a string is checked. */
char *lm_wrap_strtok(char *string, const char *set) {
    if (string && watched(string, set))
        tokens("strtok", string, set);
    return LM_REAL(strtok)(string, set);
}

char *lm_wrap_strtok_r(char *string, const char *set, char **rest) {
    const char *from = string ? string : *rest;
    if (from && watched(from, set))
        tokens("strtok_r", from, set);
    return LM_REAL(strtok_r)(string, set, rest);
}

char *lm_wrap___strtok_r(char *string, const char *set, char **rest) {
    return lm_wrap_strtok_r(string, set, rest);
}

char *lm_wrap_strsep(char **string, const char *set) {
    if (*string && watched(*string, set))
        spans("strsep", *string, set, true);
    return LM_REAL(strsep)(string, set);
}
