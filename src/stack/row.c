#include "stack/row.h"

/* Compilers nest this once. */
enum { REMEMBERED_MOST = 4 };

/* The instructions (DW_CFA_). The first three have their operand in the lower six bits. */
enum {
    ADVANCE = 0x40,
    AT_OFFSET = 0x80,
    RESTORE = 0xc0,
    WITH_OPERAND = 0xc0,
    NOP = 0x00,
    SET_PLACE,
    ADVANCE_1,
    ADVANCE_2,
    ADVANCE_4,
    AT_OFFSET_LONG,
    RESTORE_LONG,
    UNDEFINED,
    SAME,
    REGISTER,
    REMEMBER,
    RECALL,
    CFA,
    CFA_REGISTER,
    CFA_OFFSET,
    CFA_EXPRESSION,
    AT_EXPRESSION,
    AT_OFFSET_SIGNED,
    CFA_SIGNED,
    CFA_OFFSET_SIGNED,
    OFFSET,
    OFFSET_SIGNED,
    EXPRESSION,
    ARGUMENTS_SIZE = 0x2e,
    AT_NEGATIVE_OFFSET = 0x2f,
};

typedef struct run {
    const lm_cfi *cfi;
    uintptr_t pc;
    uintptr_t place; /* from which code address on the row holds */
    lm_bytes code;
    const lm_row *initial; /* to which RESTORE returns; NULL in the CIE's own program */
    unsigned remembered;
    lm_row memory[REMEMBERED_MOST];
} run;

static void set(run *r, lm_row *row, uint64_t number, lm_rule_how how, int64_t value) {
    if (value < INT32_MIN || value > INT32_MAX)
        lm_bytes_fail(&r->code);
    else if (number < LM_MACHINE_REGISTERS) /* vector registers hold nothing that a walk needs */
        row->of[number] = (lm_rule){(uint8_t)how, 0, (int32_t)value};
}

static void set_cfa(run *r, lm_row *row, uint64_t number, int64_t value) {
    if (number >= LM_MACHINE_REGISTERS || value < INT32_MIN || value > INT32_MAX)
        lm_bytes_fail(&r->code);
    else
        row->cfa = (lm_rule){LM_RULE_CFA_FROM_REGISTER, (uint8_t)number, (int32_t)value};
}

static int64_t factored(run *r, int64_t value) {
    int64_t product;
    if (__builtin_mul_overflow(value, r->cfi->data_align, &product))
        lm_bytes_fail(&r->code);
    return r->code.bad ? 0 : product;
}

static int64_t offset(run *r) {
    return factored(r, (int64_t)lm_bytes_uleb(&r->code));
}

static int64_t signed_offset(run *r) {
    return factored(r, lm_bytes_sleb(&r->code));
}

/* Passes over an expression; where it begins. */
static int64_t expression(run *r) {
    const int64_t start = r->code.at - r->cfi->tables.start;
    lm_bytes_skip(&r->code, lm_bytes_uleb(&r->code));
    if (start > INT32_MAX)
        lm_bytes_fail(&r->code);
    return r->code.bad ? 0 : start;
}

static void advance(run *r, uint64_t steps) {
    r->place += (uintptr_t)(steps * r->cfi->code_align);
}

static void restore(run *r, lm_row *row, uint64_t number) {
    if (!r->initial)
        lm_bytes_fail(&r->code);
    else if (number < LM_MACHINE_REGISTERS)
        row->of[number] = r->initial->of[number];
}

static void remember(run *r, const lm_row *row) {
    if (r->remembered == REMEMBERED_MOST)
        lm_bytes_fail(&r->code);
    else
        r->memory[r->remembered++] = *row;
}

static void recall(run *r, lm_row *row) {
    if (r->remembered == 0)
        lm_bytes_fail(&r->code);
    else
        *row = r->memory[--r->remembered];
}

/* Instructions about the CFA. False: it is none of them. */
static bool about_cfa(run *r, lm_row *row, uint8_t instruction) {
    uint64_t number;
    switch (instruction) {
    case CFA:
        number = lm_bytes_uleb(&r->code);
        set_cfa(r, row, number, (int64_t)lm_bytes_uleb(&r->code));
        return true;
    case CFA_SIGNED:
        number = lm_bytes_uleb(&r->code);
        set_cfa(r, row, number, signed_offset(r));
        return true;
    case CFA_REGISTER:
        set_cfa(r, row, lm_bytes_uleb(&r->code), row->cfa.value);
        return true;
    case CFA_OFFSET:
        set_cfa(r, row, row->cfa.from, (int64_t)lm_bytes_uleb(&r->code));
        return true;
    case CFA_OFFSET_SIGNED:
        set_cfa(r, row, row->cfa.from, signed_offset(r));
        return true;
    case CFA_EXPRESSION:
        row->cfa = (lm_rule){LM_RULE_EXPRESSION, 0, (int32_t)expression(r)};
        return true;
    default:
        return false;
    }
}

/* Instructions about one register. False: it is none of them. */
static bool about_register(run *r, lm_row *row, uint8_t instruction) {
    if (instruction < AT_OFFSET_LONG ||
        (instruction > EXPRESSION && instruction != AT_NEGATIVE_OFFSET))
        return false;
    const uint64_t number = lm_bytes_uleb(&r->code);
    switch (instruction) {
    case AT_OFFSET_LONG:
        set(r, row, number, LM_RULE_AT_OFFSET, offset(r));
        return true;
    case AT_OFFSET_SIGNED:
        set(r, row, number, LM_RULE_AT_OFFSET, signed_offset(r));
        return true;
    case AT_NEGATIVE_OFFSET:
        set(r, row, number, LM_RULE_AT_OFFSET, factored(r, -(int64_t)lm_bytes_u8(&r->code)));
        return true;
    case OFFSET:
        set(r, row, number, LM_RULE_OFFSET, offset(r));
        return true;
    case OFFSET_SIGNED:
        set(r, row, number, LM_RULE_OFFSET, signed_offset(r));
        return true;
    case RESTORE_LONG:
        restore(r, row, number);
        return true;
    case UNDEFINED:
        set(r, row, number, LM_RULE_UNDEFINED, 0);
        return true;
    case SAME:
        set(r, row, number, LM_RULE_SAME, 0);
        return true;
    case REGISTER:
        set(r, row, number, LM_RULE_REGISTER, (int64_t)lm_bytes_uleb(&r->code));
        return true;
    case AT_EXPRESSION:
        set(r, row, number, LM_RULE_AT_EXPRESSION, expression(r));
        return true;
    case EXPRESSION:
        set(r, row, number, LM_RULE_EXPRESSION, expression(r));
        return true;
    default:
        return false;
    }
}

static void one_instruction(run *r, lm_row *row, uint8_t instruction) {
    switch (instruction) {
    case NOP:
        break;
    case SET_PLACE:
        r->place = lm_bytes_pointer(&r->code, r->cfi->encoding);
        break;
    case ADVANCE_1:
        advance(r, lm_bytes_u8(&r->code));
        break;
    case ADVANCE_2:
        advance(r, lm_bytes_u16(&r->code));
        break;
    case ADVANCE_4:
        advance(r, lm_bytes_u32(&r->code));
        break;
    case REMEMBER:
        remember(r, row);
        break;
    case RECALL:
        recall(r, row);
        break;
    case ARGUMENTS_SIZE:
        (void)lm_bytes_uleb(&r->code);
        break;
    default:
        if (!about_cfa(r, row, instruction) && !about_register(r, row, instruction))
            lm_bytes_fail(&r->code);
    }
}

static bool run_program(run *r, lm_row *row, lm_bytes code) {
    r->code = code;
    r->remembered = 0;
    while (lm_bytes_left(&r->code) > 0 && r->place <= r->pc) {
        const uint8_t instruction = lm_bytes_u8(&r->code);
        const uint8_t operand = instruction & (uint8_t)~WITH_OPERAND;
        switch (instruction & WITH_OPERAND) {
        case ADVANCE:
            advance(r, operand);
            break;
        case AT_OFFSET:
            set(r, row, operand, LM_RULE_AT_OFFSET, offset(r));
            break;
        case RESTORE:
            restore(r, row, operand);
            break;
        default:
            one_instruction(r, row, instruction);
        }
    }
    return !r->code.bad;
}

bool lm_row_at(const lm_cfi *cfi, uintptr_t pc, lm_row *row) {
    lm_row initial = {0};
    run r;
    r.cfi = cfi;
    r.pc = pc;
    r.place = cfi->code_start;
    r.initial = NULL;
    if (!run_program(&r, &initial, cfi->initial))
        return false;
    *row = initial;
    r.initial = &initial;
    r.place = cfi->code_start;
    return run_program(&r, row, cfi->program);
}

lm_bytes lm_row_expression(const lm_cfi *cfi, const lm_rule *rule) {
    lm_bytes bytes = {cfi->tables.start, cfi->tables.end, rule->value < 0};
    lm_bytes_skip(&bytes, (uint64_t)(uint32_t)rule->value);
    return lm_bytes_part(&bytes, lm_bytes_uleb(&bytes));
}
