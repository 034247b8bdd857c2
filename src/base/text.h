/* Text into a buffer of the caller's, and numbers out of text.
 *
 * For code that runs where nothing else may be used: inside malloc, before the C library is ready,
 * while a finding is reported. Nothing here allocates, locks, touches errno, reads the locale or
 * calls stdio. Anyone may call it, in signal handlers too; two threads need two writers. */
#ifndef LM_BASE_TEXT_H
#define LM_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bounded writer. What doesn't fit is counted and dropped, so the buffer holds the beginning of
 * the text: text.length >= text.size means that it was cut. */
typedef struct lm_text {
    char *buffer;  /* NUL-terminated at all times, unless size is 0; may be NULL then */
    size_t size;   /* bytes of buffer */
    size_t length; /* what the text has, or would have had in a larger buffer, without the NUL */
} lm_text;

/* Starts an empty text in `size` bytes at `buffer`. With size 0 nothing is written, only counted.
 */
void lm_text_init(lm_text *text, char *buffer, size_t size);

/* Appends a string; NULL appends "(null)". */
void lm_text_put(lm_text *text, const char *string);

/* Appends `length` bytes, which needn't end in NUL. */
void lm_text_put_n(lm_text *text, const char *bytes, size_t length);

/* Appends as printf would. Known are %s %c %d %u %x %p %%, the length modifiers l, ll and z, a
 * width, the flags '-' and '0' (no zeros on the right), and a precision for strings as .N or .*
 * (negative: none). A null pointer is 0x0. At a conversion that isn't known the rest of the format
 * appears as it stands, since its arguments can't be told apart any more. */
void lm_text_format(lm_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends an amount of bytes for a reader: "512 B", "1.5 GiB". Exact multiples of a unit have no
 * decimal place, anything else is rounded to one. */
void lm_text_bytes(lm_text *text, uint64_t bytes);

/* Reads `length` characters as a decimal number: digits only, at least one. Returns false, and
 * leaves *out alone, for anything else and for what doesn't fit 64 bits. */
bool lm_text_parse_number(const char *string, size_t length, uint64_t *out);

/* Reads `length` characters as an amount of bytes: a decimal number and, after it, optionally K, M,
 * G, T, P or E in either case, alone or as in KiB or KB (all of them powers of 1024), or B. Returns
 * false, and leaves *out alone, for anything else and for what doesn't fit 64 bits. */
bool lm_text_parse_bytes(const char *string, size_t length, uint64_t *out);

#endif
