/* How far functions of the C library read in strings, found out without a step past a bound. Each returns the
 * place that ends the reading, counted from the first, or the bound if nothing before it does. The time they
 * take grows with what they return, not with the bound. */
#ifndef LM_CHECK_SCAN_H
#define LM_CHECK_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include <locale.h>

/* The first `c` or NUL. */
size_t lm_scan_char(const char *string, char c, size_t bound);
size_t lm_scan_wide_char(const wchar_t *string, wchar_t c, size_t bound);

/* The first difference or common NUL; `locale`: letters of two cases are the same, as in there. */
size_t lm_scan_differ(const char *a, const char *b, size_t bound);
size_t lm_scan_differ_case(const char *a, const char *b, size_t bound, locale_t locale);
size_t lm_scan_wide_differ(const wchar_t *a, const wchar_t *b, size_t bound, bool any_case);

/* The first character that is (`wanted`) or isn't in the string `set`, or NUL. */
size_t lm_scan_set(const char *string, const char *set, bool wanted, size_t bound);
size_t lm_scan_wide_set(const wchar_t *string, const wchar_t *set, bool wanted, size_t bound);

/* The last character of the first occurrence of `n` bytes, or NUL. */
size_t lm_scan_match(const char *string, const char *piece, size_t n, size_t bound);

#endif
