/* The formats of printf and scanf, taken apart. */
#ifndef LM_CHECK_FORMAT_H
#define LM_CHECK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

/* The length modifiers; those that mean the same are one. */
typedef enum lm_length {
    LM_LENGTH_NONE,
    LM_LENGTH_CHAR,  /* hh */
    LM_LENGTH_SHORT, /* h */
    LM_LENGTH_LONG,  /* l, j, z, t: 64 bits where Loam runs, or 32 where a long has 32 */
    LM_LENGTH_LONGER /* ll, q, L */
} lm_length;

enum { LM_FORMAT_NONE = -1, LM_FORMAT_ARGUMENT = -2 };

typedef struct lm_directive {
    char
        conversion; /* '%' too; 0: not understood, nothing is known of the arguments from here on */
    lm_length length;
    int width, precision; /* LM_FORMAT_NONE: not given; LM_FORMAT_ARGUMENT: an argument, `*` */
    bool skips;           /* scanf's `*`: no argument, nothing stored */
    bool allocates;       /* scanf's `m` */
} lm_directive;

/* The next directive from `at` on, and where to go on from then; NULL: there is none. */
const char *lm_format_print(const char *at, lm_directive *directive);
const char *lm_format_scan(const char *at, lm_directive *directive);

/* Bytes of the integer, or the floating point number, that a directive of scanf stores. */
size_t lm_format_integer_size(lm_length length);
size_t lm_format_float_size(lm_length length);

#endif
