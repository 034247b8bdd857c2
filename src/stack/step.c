#include "stack/step.h"

#include "stack/expression.h"

enum { WORD = sizeof(uintptr_t) };

lm_step lm_step_remembered(const lm_cache_step *rule, const lm_extent *extent,
                           lm_registers *registers) {
    if (rule->last)
        return LM_STEP_LAST;
    const uintptr_t sp = registers->at[LM_MACHINE_SP];
    uintptr_t fp = registers->at[LM_MACHINE_FP], return_address;
    if ((rule->cfa != LM_CACHE_CFA_SP || rule->fp == LM_CACHE_FP_AT_FP) &&
        !lm_registers_know(registers, LM_MACHINE_FP))
        return LM_STEP_UNKNOWN;
    uintptr_t cfa = (rule->cfa == LM_CACHE_CFA_SP ? sp : fp) + (uintptr_t)rule->cfa_value;
    if (rule->cfa == LM_CACHE_CFA_LOADED && !lm_extent_read(extent, cfa, &cfa))
        return LM_STEP_BAD;
    if (cfa <= sp || !lm_extent_read(extent, cfa - WORD, &return_address))
        return LM_STEP_BAD;
    uint64_t known = registers->known & ((uint64_t)1 << LM_MACHINE_FP);
    if (rule->fp != LM_CACHE_FP_SAME) {
        const uintptr_t base = rule->fp == LM_CACHE_FP_AT_CFA ? cfa : fp;
        if (!lm_extent_read(extent, base + (uintptr_t)rule->fp_value, &fp))
            return LM_STEP_BAD;
        known = (uint64_t)1 << LM_MACHINE_FP;
    }
    registers->at[LM_MACHINE_SP] = cfa;
    registers->at[LM_MACHINE_FP] = fp;
    registers->at[LM_MACHINE_PC] = return_address;
    registers->known = known | (uint64_t)1 << LM_MACHINE_SP | (uint64_t)1 << LM_MACHINE_PC;
    return LM_STEP_DONE;
}

/* ---- By a row -------------------------------------------------------------------------------- */

static lm_step find_cfa(const lm_cfi *cfi, const lm_row *row, const lm_extent *extent,
                        const lm_registers *registers, uintptr_t *cfa) {
    if (row->cfa.how == LM_RULE_EXPRESSION)
        return lm_expression(lm_row_expression(cfi, &row->cfa), registers, extent, NULL, cfa)
                   ? LM_STEP_DONE
                   : LM_STEP_UNKNOWN;
    if (row->cfa.how != LM_RULE_CFA_FROM_REGISTER)
        return LM_STEP_BAD;
    if (!lm_registers_know(registers, row->cfa.from))
        return LM_STEP_UNKNOWN;
    *cfa = registers->at[row->cfa.from] + (uintptr_t)row->cfa.value;
    return LM_STEP_DONE;
}

/* The caller's value of a register, where it is known; false when it isn't. */
static bool find_register(const lm_cfi *cfi, const lm_rule *rule, unsigned number, uintptr_t cfa,
                          const lm_extent *extent, const lm_registers *registers,
                          uintptr_t *value) {
    unsigned from = number;
    switch ((lm_rule_how)rule->how) {
    case LM_RULE_UNSET:
        if (number == LM_MACHINE_SP) {
            *value = cfa;
            return true;
        }
        if (!((uint64_t)LM_MACHINE_KEPT >> number & 1))
            return false;
        break;
    case LM_RULE_SAME:
        break;
    case LM_RULE_REGISTER:
        if (rule->value < 0 || rule->value >= LM_MACHINE_REGISTERS)
            return false;
        from = (unsigned)rule->value;
        break;
    case LM_RULE_AT_OFFSET:
        return lm_extent_read(extent, cfa + (uintptr_t)rule->value, value);
    case LM_RULE_OFFSET:
        *value = cfa + (uintptr_t)rule->value;
        return true;
    case LM_RULE_AT_EXPRESSION:
        return lm_expression(lm_row_expression(cfi, rule), registers, extent, &cfa, value) &&
               lm_extent_read(extent, *value, value);
    case LM_RULE_EXPRESSION:
        return lm_expression(lm_row_expression(cfi, rule), registers, extent, &cfa, value);
    default:
        return false;
    }
    *value = registers->at[from];
    return lm_registers_know(registers, from);
}

lm_step lm_step_row(const lm_cfi *cfi, const lm_row *row, const lm_extent *extent,
                    lm_registers *registers) {
    if (cfi->return_register != LM_MACHINE_PC)
        return LM_STEP_BAD;
    if (row->of[LM_MACHINE_PC].how == LM_RULE_UNDEFINED)
        return LM_STEP_LAST;
    uintptr_t cfa;
    const lm_step found = find_cfa(cfi, row, extent, registers, &cfa);
    if (found != LM_STEP_DONE)
        return found;
    const uintptr_t sp = registers->at[LM_MACHINE_SP];
    if (!cfi->signal && cfa <= sp)
        return LM_STEP_BAD;
    lm_registers caller;
    caller.known = 0;
    for (unsigned i = 0; i < LM_MACHINE_REGISTERS; i++) {
        uintptr_t value = 0;
        if (find_register(cfi, &row->of[i], i, cfa, extent, registers, &value))
            lm_registers_set(&caller, i, value);
        else
            caller.at[i] = 0;
    }
    if (!lm_registers_know(&caller, LM_MACHINE_PC) || !lm_registers_know(&caller, LM_MACHINE_SP))
        return LM_STEP_BAD;
    if (!cfi->signal && caller.at[LM_MACHINE_SP] <= sp)
        return LM_STEP_BAD;
    *registers = caller;
    return LM_STEP_DONE;
}

/* ---- By the frame pointer -------------------------------------------------------------------- */

lm_step lm_step_chain(const lm_extent *extent, lm_registers *registers) {
    const uintptr_t fp = registers->at[LM_MACHINE_FP];
    const lm_extent mapped = {extent->low, LM_MACHINE_CHAIN_IS_LAW ? extent->end : extent->sure, 0};
    uintptr_t next, return_address;
    if (!lm_registers_know(registers, LM_MACHINE_FP) || fp == 0)
        return LM_STEP_LAST;
    if (fp < registers->at[LM_MACHINE_SP] || !lm_extent_read(&mapped, fp, &next) ||
        !lm_extent_read(&mapped, fp + WORD, &return_address))
        return LM_STEP_BAD;
    registers->known = 0;
    lm_registers_set(registers, LM_MACHINE_FP, next);
    lm_registers_set(registers, LM_MACHINE_SP, fp + (uintptr_t)2 * WORD);
    lm_registers_set(registers, LM_MACHINE_PC, lm_machine_code(return_address));
    return LM_STEP_DONE;
}

/* ---- Remembering ----------------------------------------------------------------------------- */

/* The expression "fp + v", then as many loads as `loads`: a function that aligns its stack. */
static bool fp_expression(const lm_cfi *cfi, const lm_rule *rule, unsigned loads, int64_t *value) {
    enum { FP_PLUS = 0x70 + LM_MACHINE_FP, LOAD = 0x06 };
    lm_bytes code = lm_row_expression(cfi, rule);
    if (lm_bytes_u8(&code) != FP_PLUS)
        return false;
    *value = lm_bytes_sleb(&code);
    while (loads-- > 0)
        if (lm_bytes_u8(&code) != LOAD)
            return false;
    return !code.bad && lm_bytes_left(&code) == 0;
}

static bool simple_cfa(const lm_cfi *cfi, const lm_rule *cfa, lm_cache_step *rule) {
    int64_t value = cfa->value;
    if (cfa->how == LM_RULE_EXPRESSION && fp_expression(cfi, cfa, 1, &value))
        rule->cfa = LM_CACHE_CFA_LOADED;
    else if (cfa->how == LM_RULE_CFA_FROM_REGISTER && cfa->from == LM_MACHINE_SP)
        rule->cfa = LM_CACHE_CFA_SP;
    else if (cfa->how == LM_RULE_CFA_FROM_REGISTER && cfa->from == LM_MACHINE_FP)
        rule->cfa = LM_CACHE_CFA_FP;
    else
        return false;
    rule->cfa_value = (int32_t)value;
    return rule->cfa_value == value;
}

static bool simple_fp(const lm_cfi *cfi, const lm_rule *fp, lm_cache_step *rule) {
    int64_t value = 0;
    if (fp->how == LM_RULE_UNSET || fp->how == LM_RULE_SAME)
        rule->fp = LM_CACHE_FP_SAME;
    else if (fp->how == LM_RULE_AT_OFFSET) {
        rule->fp = LM_CACHE_FP_AT_CFA;
        value = fp->value;
    } else if (fp->how == LM_RULE_AT_EXPRESSION && fp_expression(cfi, fp, 0, &value))
        rule->fp = LM_CACHE_FP_AT_FP;
    else
        return false;
    rule->fp_value = (int16_t)value;
    return rule->fp_value == value;
}

bool lm_step_simple(const lm_cfi *cfi, const lm_row *row, lm_cache_step *rule) {
    const lm_rule *pc = &row->of[LM_MACHINE_PC];
    *rule = (lm_cache_step){0};
    if (cfi->signal || cfi->return_register != LM_MACHINE_PC)
        return false;
    if (pc->how == LM_RULE_UNDEFINED) {
        rule->last = true;
        return true;
    }
    return pc->how == LM_RULE_AT_OFFSET && pc->value == -WORD &&
           row->of[LM_MACHINE_SP].how == LM_RULE_UNSET && simple_cfa(cfi, &row->cfa, rule) &&
           simple_fp(cfi, &row->of[LM_MACHINE_FP], rule);
}
