/* Whether a value that was just loaded is used, or only goes elsewhere: what decides if reading bytes that were
 * never written is told. The program runs on by single steps, and the registers and the few places in memory
 * that hold the value are followed.
 *
 * THE RULE. A read is told when
 *   1. no bit of it was written: of a wider load that a compiler makes of a structure, of bits, or of a string,
 *      a part may be padding or not meant. Of what was written in part, only what a mask or a shift leaves of
 *      it counts (bits.h), or a comparison of the whole that the written part doesn't decide;
 *   2. and its value is used: calculated with, a branch depends on it, it is an address, or what a function of
 *      the C library or a system call gets as an argument;
 *   3. or it goes into a variable all alone: static memory, or, straight away, the stack: `int x = p->n;`.
 *      Later stores on the stack are a compiler's, which had no register left.
 * It isn't told when
 *   - it is only stored in another block, or together with its neighbours: two loads next to each other, by
 *     the same base register, are how compilers copy structures, with all that was never written in them;
 *   - it is masked and stored back to its own place: that is how a bit field is written the first time;
 *   - it was loaded before it was known whether it is needed, as compilers do, and wasn't;
 *   - it is a whole vector that isn't calculated with: a copy again. */
#ifndef LM_CHECK_USE_H
#define LM_CHECK_USE_H

#include "check/bits.h"
#include "check/halt.h"

/* The read before this one, of the same block. */
typedef struct lm_read {
    uintptr_t pc, at;
    size_t bytes;
} lm_read;

enum { LM_WATCH_SLOTS = 4 };

/* A value that is followed. */
typedef struct lm_watch {
    lm_touch touch;          /* how it was loaded */
    lm_register_set alias;   /* registers that hold it, or what was made of it */
    lm_register_set offered; /* those of them that may be arguments: not those that were stored */
    lm_touch slot[LM_WATCH_SLOTS]; /* memory that does */
    unsigned slots;
    unsigned left;  /* instructions, until it is given up */
    bool flags;     /* the last comparison was of it */
    bool neighbour; /* it is loaded together with what is beside it */
    bool part;      /* bits of it were written */
    lm_bits bits;   /* as it is now */
    uint64_t back;  /* bits that are as unwritten as before when it is stored where it came from */
    bool masked;    /* bits of it were taken: what is added to those is a bit field's */
    bool stored_in_heap, kept; /* kept: in a variable of its own, static or on the stack */
} lm_watch;

typedef enum lm_use { LM_USE_NO, LM_USE_YES, LM_USE_WATCH } lm_use;

/* `touch` is a read by the instruction of `m`, of a value with these bits; of more than eight bytes none is
 * written. */
lm_use lm_use_begin(lm_watch *w, const lm_halt *m, const lm_touch *touch, const lm_read *before,
                    const lm_bits *bits, uint64_t value);

/* The instruction of `m` is about to run. */
lm_use lm_use_look(lm_watch *w, const lm_halt *m);

#endif
