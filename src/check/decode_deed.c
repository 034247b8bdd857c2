/* What an instruction does to memory: its operand, strings, the stack. */
#include "check/decode_operand.h"

static bool within(unsigned op, unsigned first, unsigned last) {
    return op - first <= last - first;
}

enum { R = LM_READS, W = LM_WRITES };
#define MOVE LM_EFFECT_MOVE
#define USE  LM_EFFECT_USE

/* add, or, adc, sbb, and, sub, xor, cmp */
static lm_effect arithmetic(unsigned which) {
    return which == 1 || which == 4 || which == 6 ? LM_EFFECT_LOGIC : USE;
}

/* Without memory the same opcodes work on a register; their effect is the same. */
lm_effect lm_decode_effect(const lm_instruction *in) {
    lm_memory m = {0, 0, USE};
    if (in->map == 0 && (within(in->op, 0xb0, 0xbf) || in->op == 0x98 || in->op == 0x99))
        return MOVE;
    if (in->map == 0 && in->op < 0x40 && (in->op & 7) >= 4)
        return arithmetic(in->op >> 3);
    return in->has_modrm && lm_decode_operand(in, &m) ? m.effect : USE;
}

uintptr_t lm_decode_address(const lm_instruction *in, const uintptr_t *general, uintptr_t pc,
                            size_t bytes) {
    const int64_t times = in->short_displacement ? (int64_t)bytes : 1;
    uintptr_t at = (uintptr_t)(in->displacement * times);
    if (in->rip)
        at += pc + in->length;
    if (in->base != LM_NO_REGISTER)
        at += general[in->base];
    if (in->index != LM_NO_REGISTER)
        at += general[in->index] * in->scale;
    return in->half_addresses ? (uint32_t)at : at;
}

static void add(lm_deed *deed, uintptr_t at, size_t bytes, unsigned how) {
    if (bytes > 0 && deed->touches < LM_TOUCHES_MOST)
        deed->touch[deed->touches++] = (lm_touch){at, bytes, how};
}

/* movs, cmps, stos, lods, scas. When they repeat and compare, only the first round is sure. */
static bool string_deed(const lm_instruction *in, const uintptr_t *general, bool backward,
                        lm_deed *deed) {
    const unsigned op = in->op & 0xfe;
    const size_t each = in->op & 1 ? in->size : 1;
    const bool compares = op == 0xa6 || op == 0xae;
    size_t times = in->repeat ? general[LM_RCX] : 1;
    if (compares && times > 1)
        times = 1;
    if (times > SIZE_MAX / 8)
        return false;
    const uintptr_t back = backward && times > 0 ? (times - 1) * each : 0;
    deed->string = true;
    deed->effect = compares ? USE : MOVE;
    if (op == 0xa4 || op == 0xa6 || op == 0xac)
        add(deed, general[LM_RSI] - back, times * each, R);
    if (op != 0xac)
        add(deed, general[LM_RDI] - back, times * each, compares ? R : W);
    return !in->half_addresses && !in->segment;
}

/* What call, push, pop and their kin do to the stack, beside an operand in memory. */
static void stack_deed(const lm_instruction *in, const uintptr_t *general, lm_deed *deed) {
    const unsigned op = in->op;
    const bool group = op == 0xff && in->has_modrm;
    const bool is_small = in->size == 2 && op != 0xe8 && op != 0xc2 && op != 0xc3;
    const size_t slot = is_small ? 2 : 8;
    if (within(op, 0x50, 0x57) || op == 0x68 || op == 0x6a || op == 0xe8 || op == 0x9c ||
        op == 0xc8 || (group && (in->digit == 2 || in->digit == 6)))
        add(deed, general[LM_RSP] - slot, slot, W);
    else if (within(op, 0x58, 0x5f) || op == 0x8f || op == 0xc3 || op == 0xc2 || op == 0x9d)
        add(deed, general[LM_RSP], slot, R);
    else if (op == 0xc9)
        add(deed, general[LM_RBP], 8, R);
}

/* bt, bts, btr, btc with a register: it counts bits from the operand on, far beyond it. */
static intptr_t bit_offset(const lm_instruction *in, const uintptr_t *general) {
    if (in->map != 1 || in->vex ||
        (in->op != 0xa3 && in->op != 0xab && in->op != 0xb3 && in->op != 0xbb))
        return 0;
    const int64_t value = (int64_t)general[in->reg];
    if (in->size == 8)
        return (value >> 6) * 8;
    return in->size == 4 ? ((int32_t)value >> 5) * 4 : ((int16_t)value >> 4) * 2;
}

/* maskmovq and maskmovdqu write what a mask says to where rdi points. */
static bool is_masked_move(const lm_instruction *in) {
    return in->map == 1 && in->op == 0xf7 && !in->memory;
}

/* xlat: a byte of a table. */
static bool table_deed(const lm_instruction *in, const uintptr_t *general, lm_deed *deed) {
    add(deed, general[LM_RBX] + (general[LM_RAX] & 0xff), 1, R);
    return !in->half_addresses && !in->segment;
}

/* pop with an operand in memory by the stack pointer: it counts from where the stack is afterwards. */
static uintptr_t popped(const lm_instruction *in) {
    return in->map == 0 && in->op == 0x8f && in->base == LM_RSP ? in->size : 0;
}

bool lm_decode_deed(const lm_instruction *in, const uintptr_t general[LM_GENERAL_REGISTERS],
                    uintptr_t pc, bool backward, lm_deed *deed) {
    *deed = (lm_deed){.effect = MOVE};
    lm_memory m;
    if (in->map == 0 && (within(in->op, 0xa4, 0xa7) || within(in->op, 0xaa, 0xaf)))
        return string_deed(in, general, backward, deed);
    if (in->map == 0 && in->op == 0xd7)
        return table_deed(in, general, deed);
    if (is_masked_move(in))
        return false;
    if (in->memory) {
        if (!lm_decode_operand(in, &m) || (in->segment && m.bytes > 0))
            return false;
        deed->effect = m.effect;
        const uintptr_t at = lm_decode_address(in, general, pc, m.bytes) + popped(in);
        add(deed, at + (uintptr_t)bit_offset(in, general), m.bytes, m.how);
    }
    if (in->map == 0)
        stack_deed(in, general, deed);
    return true;
}
