/* Simple moves done in the handler, on bytes that lie elsewhere than the program believes. */
#ifndef LM_CHECK_EMULATE_H
#define LM_CHECK_EMULATE_H

#include "check/halt.h"

/* When the instruction of `m` is a plain move between a register and the memory of its one access, does it,
 * with `bytes` in that memory's stead, and steps over it. False: it isn't, and nothing was changed. */
bool lm_emulate(const lm_halt *m, unsigned char *bytes);

/* A string move or store, however often it repeats, from low to high: does it at once, with `to` in its
 * destination's stead and `from` in its source's (NULL: memory that may not be there is read, or written, at
 * its own address). False: it isn't one, or that memory isn't there; nothing was changed. */
bool lm_emulate_string(const lm_halt *m, unsigned char *to, const unsigned char *from);

/* For emulate.c: the same for arithmetic; and a register's new value. */
bool lm_emulate_arithmetic(const lm_halt *m, unsigned char *at, size_t bytes);
void lm_emulate_load(const lm_halt *m, uint64_t value, size_t bytes);

#endif
