/* Wide characters: the wmem and the wcs family. */
#include "check/scan.h"
#include "check/wrap.h"

static size_t bytes_of(size_t count) {
    return lm_wrap_product(count, sizeof(wchar_t));
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t wide_extent(const wchar_t *at) {
    size_t extent = lm_wrap_extent(at);
    return extent == SIZE_MAX ? SIZE_MAX : extent / sizeof(wchar_t);
}

LM_INLINE bool watched(const wchar_t *a, const wchar_t *b) {
    return LM_UNLIKELY(lm_is_watched(a) || lm_is_watched(b));
}

/* A scan of wide characters read the one that it stopped at. */
static void scanned(const char *call, const wchar_t *at, size_t stop) {
    lm_wrap_reads(call, at, bytes_of(stop + 1));
}

/* ---- wmemcpy and its kin ---------------------------------------------------------------------- */

static LM_NOINLINE void copies(const char *call, wchar_t *to, const wchar_t *from, size_t n) {
    lm_wrap_takes(call, from, bytes_of(n));
    lm_wrap_writes(call, to, bytes_of(n));
}

LM_INLINE wchar_t *moves(const char *call, wchar_t *to, const wchar_t *from, size_t n) {
    if (LM_LIKELY(!lm_is_watched(to) && !lm_is_watched(from)))
        return LM_REAL(wmemmove)(to, from, n);
    return lm_wrap_move(call, to, from, bytes_of(n));
}

wchar_t *lm_wrap_wmemcpy(wchar_t *to, const wchar_t *from, size_t n) {
    return moves("wmemcpy", to, from, n);
}

wchar_t *lm_wrap_wmemmove(wchar_t *to, const wchar_t *from, size_t n) {
    return moves("wmemmove", to, from, n);
}

wchar_t *lm_wrap_wmempcpy(wchar_t *to, const wchar_t *from, size_t n) {
    return moves("wmempcpy", to, from, n) + n;
}

wchar_t *lm_wrap_wmemset(wchar_t *at, wchar_t c, size_t n) {
    lm_wrap_writes("wmemset", at, bytes_of(n));
    return LM_REAL(wmemset)(at, c, n);
}

wchar_t *lm_wrap___wmemcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t size) {
    copies("wmemcpy", to, from, n);
    return LM_REAL(__wmemcpy_chk)(to, from, n, size);
}

wchar_t *lm_wrap___wmemmove_chk(wchar_t *to, const wchar_t *from, size_t n, size_t size) {
    copies("wmemmove", to, from, n);
    return LM_REAL(__wmemmove_chk)(to, from, n, size);
}

wchar_t *lm_wrap___wmempcpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t size) {
    copies("wmempcpy", to, from, n);
    return LM_REAL(__wmempcpy_chk)(to, from, n, size);
}

wchar_t *lm_wrap___wmemset_chk(wchar_t *at, wchar_t c, size_t n, size_t size) {
    lm_wrap_writes("wmemset", at, bytes_of(n));
    return LM_REAL(__wmemset_chk)(at, c, n, size);
}

int lm_wrap_wmemcmp(const wchar_t *a, const wchar_t *b, size_t n) {
    lm_wrap_reads("wmemcmp", a, bytes_of(n));
    lm_wrap_reads("wmemcmp", b, bytes_of(n));
    return LM_REAL(wmemcmp)(a, b, n);
}

wchar_t *lm_wrap_wmemchr(const wchar_t *at, wchar_t c, size_t n) {
    if (LM_UNLIKELY(lm_is_watched(at))) {
        const wchar_t *end = LM_REAL(wmemchr)(at, c, least(n, wide_extent(at)));
        lm_wrap_reads("wmemchr", at, bytes_of(end ? (size_t)(end - at) + 1 : n));
    }
    return LM_REAL(wmemchr)(at, c, n);
}

/* ---- Copies of strings ------------------------------------------------------------------------ */

static LM_NOINLINE void copies_string(const char *call, wchar_t *to, const wchar_t *from) {
    size_t length = lm_wrap_wide_length(call, from);
    lm_wrap_writes(call, to, bytes_of(length + 1));
}

static LM_NOINLINE void copies_padded(const char *call, wchar_t *to, const wchar_t *from,
                                      size_t n) {
    lm_wrap_wide_length_max(call, from, n);
    lm_wrap_writes(call, to, bytes_of(n));
}

static LM_NOINLINE void appends(const char *call, wchar_t *to, const wchar_t *from, size_t max) {
    size_t old = lm_wrap_wide_length(call, to);
    size_t length = max == SIZE_MAX ? lm_wrap_wide_length(call, from)
                                    : lm_wrap_wide_length_max(call, from, max);
    lm_wrap_writes(call, to + old, bytes_of(length + 1));
}

wchar_t *lm_wrap_wcscpy(wchar_t *to, const wchar_t *from) {
    if (watched(to, from))
        copies_string("wcscpy", to, from);
    return LM_REAL(wcscpy)(to, from);
}

wchar_t *lm_wrap___wcscpy_chk(wchar_t *to, const wchar_t *from, size_t size) {
    if (watched(to, from))
        copies_string("wcscpy", to, from);
    return LM_REAL(__wcscpy_chk)(to, from, size);
}

wchar_t *lm_wrap_wcpcpy(wchar_t *to, const wchar_t *from) {
    if (watched(to, from))
        copies_string("wcpcpy", to, from);
    return LM_REAL(wcpcpy)(to, from);
}

wchar_t *lm_wrap___wcpcpy_chk(wchar_t *to, const wchar_t *from, size_t size) {
    if (watched(to, from))
        copies_string("wcpcpy", to, from);
    return LM_REAL(__wcpcpy_chk)(to, from, size);
}

wchar_t *lm_wrap_wcsncpy(wchar_t *to, const wchar_t *from, size_t n) {
    if (watched(to, from))
        copies_padded("wcsncpy", to, from, n);
    return LM_REAL(wcsncpy)(to, from, n);
}

wchar_t *lm_wrap___wcsncpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t size) {
    if (watched(to, from))
        copies_padded("wcsncpy", to, from, n);
    return LM_REAL(__wcsncpy_chk)(to, from, n, size);
}

wchar_t *lm_wrap_wcpncpy(wchar_t *to, const wchar_t *from, size_t n) {
    if (watched(to, from))
        copies_padded("wcpncpy", to, from, n);
    return LM_REAL(wcpncpy)(to, from, n);
}

wchar_t *lm_wrap___wcpncpy_chk(wchar_t *to, const wchar_t *from, size_t n, size_t size) {
    if (watched(to, from))
        copies_padded("wcpncpy", to, from, n);
    return LM_REAL(__wcpncpy_chk)(to, from, n, size);
}

wchar_t *lm_wrap_wcscat(wchar_t *to, const wchar_t *from) {
    if (watched(to, from))
        appends("wcscat", to, from, SIZE_MAX);
    return LM_REAL(wcscat)(to, from);
}

wchar_t *lm_wrap___wcscat_chk(wchar_t *to, const wchar_t *from, size_t size) {
    if (watched(to, from))
        appends("wcscat", to, from, SIZE_MAX);
    return LM_REAL(__wcscat_chk)(to, from, size);
}

wchar_t *lm_wrap_wcsncat(wchar_t *to, const wchar_t *from, size_t n) {
    if (watched(to, from))
        appends("wcsncat", to, from, n);
    return LM_REAL(wcsncat)(to, from, n);
}

wchar_t *lm_wrap___wcsncat_chk(wchar_t *to, const wchar_t *from, size_t n, size_t size) {
    if (watched(to, from))
        appends("wcsncat", to, from, n);
    return LM_REAL(__wcsncat_chk)(to, from, n, size);
}

wchar_t *lm_wrap_wcsdup(const wchar_t *string) {
    lm_wrap_wide_string("wcsdup", string);
    return LM_REAL(wcsdup)(string);
}

/* ---- Lengths and comparing -------------------------------------------------------------------- */

size_t lm_wrap_wcslen(const wchar_t *string) {
    return LM_LIKELY(!lm_is_watched(string)) ? LM_REAL(wcslen)(string)
                                             : lm_wrap_wide_length("wcslen", string);
}

size_t lm_wrap_wcsnlen(const wchar_t *string, size_t max) {
    return LM_LIKELY(!lm_is_watched(string)) ? LM_REAL(wcsnlen)(string, max)
                                             : lm_wrap_wide_length_max("wcsnlen", string, max);
}

static LM_NOINLINE void compares(const char *call, const wchar_t *a, const wchar_t *b, size_t max,
                                 bool any_case) {
    size_t a_extent = wide_extent(a), b_extent = wide_extent(b);
    size_t bound = least(max, least(a_extent, b_extent));
    size_t stop = lm_scan_wide_differ(a, b, bound, any_case);
    if (stop < bound || bound == max) {
        lm_wrap_reads_inside(call, a, bytes_of(stop < max ? stop + 1 : max));
        lm_wrap_reads_inside(call, b, bytes_of(stop < max ? stop + 1 : max));
        return;
    }
    if (a_extent == bound)
        scanned(call, a, bound);
    if (b_extent == bound)
        scanned(call, b, bound);
}

int lm_wrap_wcscmp(const wchar_t *a, const wchar_t *b) {
    if (watched(a, b))
        compares("wcscmp", a, b, SIZE_MAX, false);
    return LM_REAL(wcscmp)(a, b);
}

int lm_wrap_wcsncmp(const wchar_t *a, const wchar_t *b, size_t n) {
    if (watched(a, b))
        compares("wcsncmp", a, b, n, false);
    return LM_REAL(wcsncmp)(a, b, n);
}

int lm_wrap_wcscasecmp(const wchar_t *a, const wchar_t *b) {
    if (watched(a, b))
        compares("wcscasecmp", a, b, SIZE_MAX, true);
    return LM_REAL(wcscasecmp)(a, b);
}

int lm_wrap_wcsncasecmp(const wchar_t *a, const wchar_t *b, size_t n) {
    if (watched(a, b))
        compares("wcsncasecmp", a, b, n, true);
    return LM_REAL(wcsncasecmp)(a, b, n);
}

int lm_wrap_wcscoll(const wchar_t *a, const wchar_t *b) {
    lm_wrap_wide_string("wcscoll", a);
    lm_wrap_wide_string("wcscoll", b);
    return LM_REAL(wcscoll)(a, b);
}

/* ---- Searching and taking apart --------------------------------------------------------------- */

static LM_NOINLINE void finds_char(const char *call, const wchar_t *string, wchar_t c) {
    size_t extent = wide_extent(string);
    if (extent != SIZE_MAX)
        scanned(call, string, lm_scan_wide_char(string, c, extent));
}

static LM_NOINLINE void spans(const char *call, const wchar_t *string, const wchar_t *set,
                              bool wanted) {
    lm_wrap_wide_string(call, set);
    size_t extent = wide_extent(string);
    if (extent != SIZE_MAX)
        scanned(call, string, lm_scan_wide_set(string, set, wanted, extent));
}

wchar_t *lm_wrap_wcschr(const wchar_t *string, wchar_t c) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        finds_char("wcschr", string, c);
    return LM_REAL(wcschr)(string, c);
}

wchar_t *lm_wrap_wcschrnul(const wchar_t *string, wchar_t c) {
    if (LM_UNLIKELY(lm_is_watched(string)))
        finds_char("wcschrnul", string, c);
    return LM_REAL(wcschrnul)(string, c);
}

wchar_t *lm_wrap_wcsrchr(const wchar_t *string, wchar_t c) {
    lm_wrap_wide_string("wcsrchr", string);
    return LM_REAL(wcsrchr)(string, c);
}

wchar_t *lm_wrap_wcsstr(const wchar_t *string, const wchar_t *piece) {
    lm_wrap_wide_string("wcsstr", string);
    lm_wrap_wide_string("wcsstr", piece);
    return LM_REAL(wcsstr)(string, piece);
}

size_t lm_wrap_wcsspn(const wchar_t *string, const wchar_t *set) {
    if (watched(string, set))
        spans("wcsspn", string, set, false);
    return LM_REAL(wcsspn)(string, set);
}

size_t lm_wrap_wcscspn(const wchar_t *string, const wchar_t *set) {
    if (watched(string, set))
        spans("wcscspn", string, set, true);
    return LM_REAL(wcscspn)(string, set);
}

wchar_t *lm_wrap_wcspbrk(const wchar_t *string, const wchar_t *set) {
    if (watched(string, set))
        spans("wcspbrk", string, set, true);
    return LM_REAL(wcspbrk)(string, set);
}

wchar_t *lm_wrap_wcstok(wchar_t *string, const wchar_t *set, wchar_t **rest) {
    const wchar_t *from = string ? string : *rest;
    if (from && watched(from, set)) {
        size_t extent = wide_extent(from);
        size_t first = lm_scan_wide_set(from, set, false, extent);
        lm_wrap_wide_string("wcstok", set);
        if (extent != SIZE_MAX)
            scanned("wcstok", from,
                    first + lm_scan_wide_set(from + first, set, true, extent - first));
    }
    return LM_REAL(wcstok)(string, set, rest);
}
