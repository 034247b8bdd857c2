/* Which bits of a value were never written, and what instructions leave of them: a bit field is a few bits of what
 * is loaded, and what is stored around it isn't known better for that. */
#ifndef LM_CHECK_BITS_H
#define LM_CHECK_BITS_H

#include "check/halt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A value of up to eight bytes. Bits in neither set are known to be zero, or don't matter. */
typedef struct lm_bits {
    uint64_t unwritten, written;
    bool decided; /* tested: whether it is zero, or equal, is known by the written bits alone */
} lm_bits;

typedef enum lm_bits_deed {
    LM_BITS_LOST,   /* nothing is known of the result */
    LM_BITS_KEPT,   /* `bits` are now the result's */
    LM_BITS_TESTED, /* `bits` are those that a comparison depends on */
} lm_bits_deed;

/* What the instruction makes of its operand with these bits, of which the value is `value`. */
lm_bits_deed lm_bits_step(const lm_halt *m, uint64_t value, lm_bits *bits);

/* The bits that it writes, whatever they were, when it combines memory with a constant; else all. */
uint64_t lm_bits_stored(const lm_instruction *in);

uint64_t lm_bits_ones(size_t bytes);

#endif
