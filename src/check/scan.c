#include "check/scan.h"

#include "check/wrap.h"

#include <ctype.h>
#include <wctype.h>

/* ---- Characters ------------------------------------------------------------------------------- */

enum { WORD = sizeof(uint64_t) };

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static bool has_zero(uint64_t word) {
    return ((word - ONES) & ~word & HIGHS) != 0;
}

size_t lm_scan_char(const char *string, char c, size_t bound) {
    uint64_t pattern = ONES * (unsigned char)c;
    size_t i = 0;
    for (; i + WORD <= bound; i += WORD) {
        uint64_t word;
        __builtin_memcpy(&word, string + i, WORD);
        if (has_zero(word) || has_zero(word ^ pattern))
            break;
    }
    while (i < bound && string[i] && string[i] != c)
        i++;
    return i;
}

size_t lm_scan_wide_char(const wchar_t *string, wchar_t c, size_t bound) {
    size_t i = 0;
    while (i < bound && string[i] && string[i] != c)
        i++;
    return i;
}

/* ---- Differences ------------------------------------------------------------------------------ */

size_t lm_scan_differ(const char *a, const char *b, size_t bound) {
    size_t i = 0;
    while (i < bound && a[i] == b[i] && a[i])
        i++;
    return i;
}

static int lower(char c, locale_t locale) {
    return locale ? tolower_l((unsigned char)c, locale) : tolower((unsigned char)c);
}

size_t lm_scan_differ_case(const char *a, const char *b, size_t bound, locale_t locale) {
    size_t i = 0;
    while (i < bound && a[i] && lower(a[i], locale) == lower(b[i], locale))
        i++;
    return i;
}

size_t lm_scan_wide_differ(const wchar_t *a, const wchar_t *b, size_t bound, bool any_case) {
    size_t i = 0;
    if (any_case) {
        while (i < bound && a[i] && towlower((wint_t)a[i]) == towlower((wint_t)b[i]))
            i++;
    } else {
        while (i < bound && a[i] && a[i] == b[i])
            i++;
    }
    return i;
}

/* ---- Sets ------------------------------------------------------------------------------------- */

enum { BYTES = 256, WORD_BITS = 64 };

size_t lm_scan_set(const char *string, const char *set, bool wanted, size_t bound) {
    uint64_t in[BYTES / WORD_BITS] = {0};
    for (; *set; set++) {
        unsigned char c = (unsigned char)*set;
        in[c / WORD_BITS] |= UINT64_C(1) << (c % WORD_BITS);
    }
    size_t i = 0;
    for (; i < bound && string[i]; i++) {
        unsigned char c = (unsigned char)string[i];
        if (((in[c / WORD_BITS] >> (c % WORD_BITS)) & 1) == wanted)
            break;
    }
    return i;
}

size_t lm_scan_wide_set(const wchar_t *string, const wchar_t *set, bool wanted, size_t bound) {
    size_t i = 0;
    for (; i < bound && string[i]; i++) {
        size_t at = lm_scan_wide_char(set, string[i], SIZE_MAX);
        if ((set[at] != 0) == wanted)
            break;
    }
    return i;
}

/* ---- Pieces ----------------------------------------------------------------------------------- */

enum { FIRST_STEP = 256 };

size_t lm_scan_match(const char *string, const char *piece, size_t n, size_t bound) {
    size_t length = 0, from = 0;
    if (n == 0)
        return 0;
    for (size_t step = FIRST_STEP;; step *= 2) {
        size_t most = step < bound - length ? step : bound - length;
        size_t more = LM_REAL(strnlen)(string + length, most);
        length += more;
        const char *found = LM_REAL(memmem)(string + from, length - from, piece, n);
        if (found)
            return (size_t)(found - string) + n - 1;
        if (more < step)
            return length;
        from = length - (n - 1 < length ? n - 1 : length);
    }
}
