/* The small machine of expressions in unwind tables. Lazy binding and signal frames are described by
 * them, and functions that align their stack. It knows what these use, arithmetic and loads from the
 * stack; it can't branch, so it always ends. */
#ifndef LM_STACK_EXPRESSION_H
#define LM_STACK_EXPRESSION_H

#include "stack/bytes.h"
#include "stack/extent.h"
#include "stack/machine.h"

#include <stdbool.h>
#include <stdint.h>

/* Evaluates it; `first`, where it isn't NULL, is what the machine's stack begins with. False when
 * the expression makes no sense, needs a register that isn't known or reads outside the extent. */
bool lm_expression(lm_bytes code, const lm_registers *registers, const lm_extent *extent,
                   const uintptr_t *first, uintptr_t *result);

#endif
