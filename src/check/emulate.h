/* Simple moves done in the handler, on bytes that lie elsewhere than the program believes. */
#ifndef LM_CHECK_EMULATE_H
#define LM_CHECK_EMULATE_H

#include "check/halt.h"

/* When the instruction of `m` is a plain move between a register and the memory of its one access, does it,
 * with `bytes` in that memory's stead, and steps over it. False: it isn't, and nothing was changed. */
bool lm_emulate(const lm_halt *m, unsigned char *bytes);

#endif
