#include "stack/expression.h"

enum { DEPTH_MOST = 16, WORD_BITS = 64 };

/* The operations (DW_OP_). */
enum {
    LOAD = 0x06,
    CONSTANT_U1 = 0x08,
    CONSTANT_S1,
    CONSTANT_U2,
    CONSTANT_S2,
    CONSTANT_U4,
    CONSTANT_S4,
    CONSTANT_U8,
    CONSTANT_S8,
    CONSTANT_U,
    CONSTANT_S,
    DUPLICATE,
    DROP,
    OVER,
    SWAP = 0x16,
    AND = 0x1a,
    MINUS = 0x1c,
    MULTIPLY = 0x1e,
    NEGATE,
    NOT,
    OR,
    PLUS,
    PLUS_CONSTANT,
    SHIFT_LEFT,
    SHIFT_RIGHT,
    EXCLUSIVE_OR = 0x27,
    EQUAL = 0x29,
    GREATER_OR_EQUAL,
    GREATER,
    LESS_OR_EQUAL,
    LESS,
    UNEQUAL,
    LITERAL_0 = 0x30,
    LITERAL_31 = 0x4f,
    REGISTER_0 = 0x70, /* a register plus an offset */
    REGISTER_31 = 0x8f,
    NOTHING = 0x96,
};

typedef struct machine {
    lm_bytes code;
    const lm_registers *registers;
    const lm_extent *extent;
    unsigned depth;
    uintptr_t stack[DEPTH_MOST];
} machine;

static void push(machine *m, uintptr_t value) {
    if (m->depth == DEPTH_MOST)
        lm_bytes_fail(&m->code);
    else
        m->stack[m->depth++] = value;
}

static uintptr_t pop(machine *m) {
    if (m->depth == 0) {
        lm_bytes_fail(&m->code);
        return 0;
    }
    return m->stack[--m->depth];
}

static void load(machine *m) {
    const uintptr_t at = pop(m);
    uintptr_t value = 0;
    if (at != 0 && lm_extent_read(m->extent, at, &value))
        push(m, value);
    else
        lm_bytes_fail(&m->code);
}

static void push_register(machine *m, unsigned number) {
    const int64_t offset = lm_bytes_sleb(&m->code);
    if (lm_registers_know(m->registers, number))
        push(m, m->registers->at[number] + (uintptr_t)offset);
    else
        lm_bytes_fail(&m->code);
}

static bool constant(machine *m, uint8_t operation) {
    switch (operation) {
    case CONSTANT_U1:
        push(m, lm_bytes_u8(&m->code));
        return true;
    case CONSTANT_S1:
        push(m, (uintptr_t)(int8_t)lm_bytes_u8(&m->code));
        return true;
    case CONSTANT_U2:
        push(m, lm_bytes_u16(&m->code));
        return true;
    case CONSTANT_S2:
        push(m, (uintptr_t)(int16_t)lm_bytes_u16(&m->code));
        return true;
    case CONSTANT_U4:
        push(m, lm_bytes_u32(&m->code));
        return true;
    case CONSTANT_S4:
        push(m, (uintptr_t)(int32_t)lm_bytes_u32(&m->code));
        return true;
    case CONSTANT_U8:
    case CONSTANT_S8:
        push(m, (uintptr_t)lm_bytes_u64(&m->code));
        return true;
    case CONSTANT_U:
        push(m, (uintptr_t)lm_bytes_uleb(&m->code));
        return true;
    case CONSTANT_S:
        push(m, (uintptr_t)lm_bytes_sleb(&m->code));
        return true;
    default:
        return false;
    }
}

/* Operations on the topmost value or two of the stack. */
static bool shuffle(machine *m, uint8_t operation) {
    const uintptr_t top = pop(m);
    uintptr_t below;
    switch (operation) {
    case DUPLICATE:
        push(m, top);
        push(m, top);
        return true;
    case DROP:
        return true;
    case OVER:
        below = pop(m);
        push(m, below);
        push(m, top);
        push(m, below);
        return true;
    case SWAP:
        below = pop(m);
        push(m, top);
        push(m, below);
        return true;
    case NEGATE:
        push(m, 0 - top);
        return true;
    case NOT:
        push(m, ~top);
        return true;
    case PLUS_CONSTANT:
        push(m, top + (uintptr_t)lm_bytes_uleb(&m->code));
        return true;
    default:
        push(m, top);
        return false;
    }
}

static bool compute(uint8_t operation, uintptr_t left, uintptr_t right, uintptr_t *result) {
    switch (operation) {
    case AND:
        *result = left & right;
        return true;
    case OR:
        *result = left | right;
        return true;
    case EXCLUSIVE_OR:
        *result = left ^ right;
        return true;
    case PLUS:
        *result = left + right;
        return true;
    case MINUS:
        *result = left - right;
        return true;
    case MULTIPLY:
        *result = left * right;
        return true;
    case SHIFT_LEFT:
        *result = right < WORD_BITS ? left << right : 0;
        return true;
    case SHIFT_RIGHT:
        *result = right < WORD_BITS ? left >> right : 0;
        return true;
    case EQUAL:
        *result = left == right;
        return true;
    case UNEQUAL:
        *result = left != right;
        return true;
    case GREATER_OR_EQUAL:
        *result = (intptr_t)left >= (intptr_t)right;
        return true;
    case GREATER:
        *result = (intptr_t)left > (intptr_t)right;
        return true;
    case LESS_OR_EQUAL:
        *result = (intptr_t)left <= (intptr_t)right;
        return true;
    case LESS:
        *result = (intptr_t)left < (intptr_t)right;
        return true;
    default:
        return false;
    }
}

static void one_operation(machine *m, uint8_t operation) {
    if (operation >= LITERAL_0 && operation <= LITERAL_31)
        push(m, (uintptr_t)(operation - LITERAL_0));
    else if (operation >= REGISTER_0 && operation <= REGISTER_31)
        push_register(m, operation - REGISTER_0);
    else if (operation == LOAD)
        load(m);
    else if (operation != NOTHING && !constant(m, operation) && !shuffle(m, operation)) {
        const uintptr_t right = pop(m), left = pop(m);
        uintptr_t result = 0;
        if (!compute(operation, left, right, &result))
            lm_bytes_fail(&m->code);
        push(m, result);
    }
}

bool lm_expression(lm_bytes code, const lm_registers *registers, const lm_extent *extent,
                   const uintptr_t *first, uintptr_t *result) {
    machine m;
    m.code = code;
    m.registers = registers;
    m.extent = extent;
    m.depth = 0;
    if (first)
        push(&m, *first);
    while (lm_bytes_left(&m.code) > 0)
        one_operation(&m, lm_bytes_u8(&m.code));
    *result = pop(&m);
    return !m.code.bad;
}
