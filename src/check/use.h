/* Whether a value that was just loaded is used, or only goes elsewhere: what decides if reading bytes that were
 * never written is told.
 *
 * THE RULE. A read is told when
 *   1. every byte of it was never written: of a wider load that a compiler makes of a structure, of bits, or of
 *      a string, a part may be padding or not meant;
 *   2. and its value is used: by the instruction itself (add, cmp, cvtsi2sd, a call through it), or by the
 *      first later instruction that does more than move it, mask it or shift it; as an address; as an
 *      argument; or as what the function returns;
 *   3. or it is stored elsewhere all alone: `int x = p->n;`.
 * It isn't told when
 *   - it is stored together with its neighbours: two loads next to each other, by the same base register, are
 *     how compilers copy structures, with all that was never written in them;
 *   - it is masked and stored back to its own place: that is how a bit field is written the first time;
 *   - it is a whole vector that isn't calculated with: a copy again;
 *   - nobody uses it.
 * What can't be followed to an end (32 instructions, or an unknown one) counts as used when it is a plain
 * number, and as a copy when it is a vector. */
#ifndef LM_CHECK_USE_H
#define LM_CHECK_USE_H

#include "check/moment.h"

/* The read before this one, of the same block. */
typedef struct lm_read {
    uintptr_t pc, at;
    size_t bytes;
} lm_read;

/* `touch` is a read by the instruction of `m`, of bytes none of which was written. */
bool lm_use_tells(const lm_moment *m, const lm_touch *touch, const lm_read *before);

#endif
