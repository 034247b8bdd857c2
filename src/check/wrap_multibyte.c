/* Between wide and multibyte strings. What one becomes in the other is measured only when the room that the
 * program speaks of is larger than the block: with a true size this costs nothing. */
#include "check/wrap.h"

/* `n` wide characters are asked for; each comes of one byte or more. */
static void reads_multibyte(const char *call, const void *to, const char *from, size_t n) {
    if (LM_UNLIKELY(lm_is_watched(from))) {
        if (to)
            lm_wrap_length_max(call, from, n);
        else
            lm_wrap_length(call, from);
    }
}

/* `n` bytes are asked for; a wide character becomes at most MB_CUR_MAX of them. */
static void reads_wide(const char *call, const void *to, const wchar_t *from, size_t n) {
    if (LM_UNLIKELY(lm_is_watched(from))) {
        if (to)
            lm_wrap_wide_length_max(call, from, n / MB_CUR_MAX);
        else
            lm_wrap_wide_length(call, from);
    }
}

/* At most `asked` units of `size` bytes are written; `needed` without the NUL, (size_t)-1 if a character can't
 * be had in the other form. */
static void writes(const char *call, void *to, size_t asked, size_t needed, size_t size) {
    if (needed != (size_t)-1)
        lm_wrap_writes(call, to, lm_wrap_product(needed < asked ? needed + 1 : asked, size));
}

/* Whether `asked` units surely fit, so that there is nothing to measure. */
LM_INLINE bool fits(const char *call, void *to, size_t asked, size_t size) {
    if (LM_LIKELY(!to || !lm_is_watched(to)))
        return true;
    size_t bytes = lm_wrap_product(asked, size);
    if (bytes > lm_wrap_extent(to))
        return false;
    lm_wrap_writes(call, to, bytes);
    return true;
}

static void to_wide(const char *call, wchar_t *to, const char *from, size_t n) {
    reads_multibyte(call, to, from, n);
    if (!fits(call, to, n, sizeof(wchar_t)))
        writes(call, to, n, LM_REAL(mbstowcs)(NULL, from, 0), sizeof(wchar_t));
}

static void to_multibyte(const char *call, char *to, const wchar_t *from, size_t n) {
    reads_wide(call, to, from, n);
    if (!fits(call, to, n, 1))
        writes(call, to, n, LM_REAL(wcstombs)(NULL, from, 0), 1);
}

size_t lm_wrap_mbstowcs(wchar_t *to, const char *from, size_t n) {
    to_wide("mbstowcs", to, from, n);
    return LM_REAL(mbstowcs)(to, from, n);
}

size_t lm_wrap___mbstowcs_chk(wchar_t *to, const char *from, size_t n, size_t size) {
    to_wide("mbstowcs", to, from, n);
    return LM_REAL(__mbstowcs_chk)(to, from, n, size);
}

size_t lm_wrap_wcstombs(char *to, const wchar_t *from, size_t n) {
    to_multibyte("wcstombs", to, from, n);
    return LM_REAL(wcstombs)(to, from, n);
}

size_t lm_wrap___wcstombs_chk(char *to, const wchar_t *from, size_t n, size_t size) {
    to_multibyte("wcstombs", to, from, n);
    return LM_REAL(__wcstombs_chk)(to, from, n, size);
}

/* The restartable forms begin in the state of an earlier call; measuring uses a copy of that. */
static void to_wide_from(wchar_t *to, const char **from, size_t n, const mbstate_t *state) {
    const char *string = *from;
    reads_multibyte("mbsrtowcs", to, string, n);
    if (!fits("mbsrtowcs", to, n, sizeof(wchar_t)) && state) {
        mbstate_t copy = *state;
        writes("mbsrtowcs", to, n, LM_REAL(mbsrtowcs)(NULL, &string, 0, &copy), sizeof(wchar_t));
    }
}

static void to_multibyte_from(char *to, const wchar_t **from, size_t n, const mbstate_t *state) {
    const wchar_t *string = *from;
    reads_wide("wcsrtombs", to, string, n);
    if (!fits("wcsrtombs", to, n, 1) && state) {
        mbstate_t copy = *state;
        writes("wcsrtombs", to, n, LM_REAL(wcsrtombs)(NULL, &string, 0, &copy), 1);
    }
}

size_t lm_wrap_mbsrtowcs(wchar_t *to, const char **from, size_t n, mbstate_t *state) {
    to_wide_from(to, from, n, state);
    return LM_REAL(mbsrtowcs)(to, from, n, state);
}

size_t lm_wrap___mbsrtowcs_chk(wchar_t *to, const char **from, size_t n, mbstate_t *state,
                               size_t size) {
    to_wide_from(to, from, n, state);
    return LM_REAL(__mbsrtowcs_chk)(to, from, n, state, size);
}

size_t lm_wrap_wcsrtombs(char *to, const wchar_t **from, size_t n, mbstate_t *state) {
    to_multibyte_from(to, from, n, state);
    return LM_REAL(wcsrtombs)(to, from, n, state);
}

size_t lm_wrap___wcsrtombs_chk(char *to, const wchar_t **from, size_t n, mbstate_t *state,
                               size_t size) {
    to_multibyte_from(to, from, n, state);
    return LM_REAL(__wcsrtombs_chk)(to, from, n, state, size);
}
