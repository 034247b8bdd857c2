/* One step of a walk: from a function's registers to its caller's, in one of three ways. Each leaves
 * the registers alone when it fails. A step up the stack always rises, so that a walk ends. */
#ifndef LM_STACK_STEP_H
#define LM_STACK_STEP_H

#include "stack/cache.h"
#include "stack/cfi.h"
#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/row.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum lm_step {
    LM_STEP_DONE,    /* the registers are the caller's */
    LM_STEP_LAST,    /* there is no caller */
    LM_STEP_UNKNOWN, /* the rule needs a register whose value was lost on the way */
    LM_STEP_BAD,     /* the rule leads astray */
} lm_step;

/* By a remembered rule. Afterwards only pc, sp and fp are known. */
lm_step lm_step_remembered(const lm_cache_step *rule, const lm_extent *extent,
                           lm_registers *registers);

/* By a row of the unwind tables. */
lm_step lm_step_row(const lm_cfi *cfi, const lm_row *row, const lm_extent *extent,
                    lm_registers *registers);

/* By the frame pointer, as far as it can be believed. */
lm_step lm_step_chain(const lm_extent *extent, lm_registers *registers);

/* Writes a row as a rule to be remembered; false when it is none of the usual. */
bool lm_step_simple(const lm_cfi *cfi, const lm_row *row, lm_cache_step *rule);

#endif
