/* For decode_deed.c: the operand in memory that an instruction names by its ModRM byte. */
#ifndef LM_CHECK_DECODE_OPERAND_H
#define LM_CHECK_DECODE_OPERAND_H

#include "check/decode.h"

typedef struct lm_memory {
    size_t bytes; /* 0: it names memory but doesn't touch it */
    unsigned how;
    lm_effect effect;
} lm_memory;

/* False: not understood. */
bool lm_decode_operand(const lm_instruction *in, lm_memory *m);

#endif
