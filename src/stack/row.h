/* Runs the program of an unwind table's entry up to a place in the code: the row of rules that holds
 * there. It says where the frame ends (its CFA, the stack pointer before the call) and where each
 * register of the caller is. */
#ifndef LM_STACK_ROW_H
#define LM_STACK_ROW_H

#include "stack/cfi.h"
#include "stack/machine.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum lm_rule_how {
    LM_RULE_UNSET,            /* nothing is said: kept if the ABI says so */
    LM_RULE_SAME,             /* not changed */
    LM_RULE_UNDEFINED,        /* lost; for the return address: no caller */
    LM_RULE_AT_OFFSET,        /* stored at CFA + value */
    LM_RULE_OFFSET,           /* is CFA + value */
    LM_RULE_REGISTER,         /* is in the register `value` */
    LM_RULE_AT_EXPRESSION,    /* stored where the expression leads */
    LM_RULE_EXPRESSION,       /* is what the expression gives */
    LM_RULE_CFA_FROM_REGISTER /* the CFA only: a register + value */
} lm_rule_how;

typedef struct lm_rule {
    uint8_t how;  /* lm_rule_how */
    uint8_t from; /* of LM_RULE_CFA_FROM_REGISTER */
    int32_t
        value; /* bytes, a register's number, or where the expression begins, from tables.start */
} lm_rule;

typedef struct lm_row {
    lm_rule cfa;
    lm_rule of[LM_MACHINE_REGISTERS];
} lm_row;

/* False when the program makes no sense. */
bool lm_row_at(const lm_cfi *cfi, uintptr_t pc, lm_row *row);

/* The expression of a rule, ready to be evaluated. */
lm_bytes lm_row_expression(const lm_cfi *cfi, const lm_rule *rule);

#endif
