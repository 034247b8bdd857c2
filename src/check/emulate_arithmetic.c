/* Arithmetic with an operand in memory, done in the handler: nearly all that compilers write of it. */
#include "check/emulate.h"

#include <string.h>

#if defined(__x86_64__)

enum { CARRY = 1, PARITY = 4, ADJUST = 0x10, ZERO = 0x40, SIGN = 0x80, OVERFLOW = 0x800 };
enum { ALL = CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW };

enum { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

/* The processor's own flags of an operation on operands of eight bytes. */
#define RUN(name, a, b, flags)                                                                     \
    __asm__(name " %2, %0\n pushfq\n popq %1" : "+r"(a), "=r"(flags) : "r"(b) : "cc", "memory")

static bool run(unsigned which, uint64_t *a, uint64_t b, uint64_t *flags) {
    switch (which) {
    case ADD:
        RUN("addq", *a, b, *flags);
        return true;
    case OR:
        RUN("orq", *a, b, *flags);
        return true;
    case AND:
        RUN("andq", *a, b, *flags);
        return true;
    case SUB:
    case CMP:
        RUN("subq", *a, b, *flags);
        return true;
    case XOR:
        RUN("xorq", *a, b, *flags);
        return true;
    default:
        return false; /* with carry */
    }
}

/* Smaller operands are moved to the top, where the flags are made; but for two, which are made at the bottom. */
static bool calculate(unsigned which, size_t bytes, uint64_t *a, uint64_t b, uint64_t *flags) {
    const unsigned unused = 64 - 8 * (unsigned)bytes;
    uint64_t low = *a, low_flags, top = *a << unused;
    if (!run(which, &top, b << unused, flags) || !run(which, &low, b, &low_flags))
        return false;
    *flags = (*flags & ~(uint64_t)(PARITY | ADJUST)) | (low_flags & (PARITY | ADJUST));
    *a = top >> unused;
    return true;
}

static uint64_t value_of(const unsigned char *at, size_t bytes) {
    uint64_t value = 0;
    memcpy(&value, at, bytes);
    return value;
}

static bool is_high_byte(const lm_instruction *in, size_t bytes) {
    return bytes == 1 && !in->rex && in->reg >= 4 && in->reg < 8;
}

static void set_flags(const lm_halt *m, uint64_t flags, uint64_t which) {
    lm_halt_set_flags(m->context, flags & which, which);
}

/* op [mem], reg; op reg, [mem] */
static bool with_register(const lm_halt *m, unsigned char *at, size_t bytes) {
    const lm_instruction *in = &m->in;
    const unsigned which = in->op >> 3;
    const bool to_register = in->op & 2;
    const uint64_t memory = value_of(at, bytes), own = m->general[in->reg];
    uint64_t flags, result = to_register ? own : memory;
    if (is_high_byte(in, bytes) ||
        !calculate(which, bytes, &result, to_register ? memory : own, &flags))
        return false;
    if (which != CMP && to_register)
        lm_emulate_load(m, result, bytes);
    else if (which != CMP)
        memcpy(at, &result, bytes);
    set_flags(m, flags, ALL);
    return true;
}

static bool with_number(const lm_halt *m, unsigned char *at, size_t bytes, unsigned which,
                        bool keep) {
    uint64_t flags, result = value_of(at, bytes);
    if (!calculate(which, bytes, &result, (uint64_t)m->in.immediate, &flags))
        return false;
    if (!keep)
        memcpy(at, &result, bytes);
    set_flags(m, flags, ALL);
    return true;
}

static bool test_register(const lm_halt *m, const unsigned char *at, size_t bytes) {
    uint64_t flags, result = value_of(at, bytes);
    if (is_high_byte(&m->in, bytes) ||
        !calculate(AND, bytes, &result, m->general[m->in.reg], &flags))
        return false;
    set_flags(m, flags, ALL);
    return true;
}

/* inc and dec leave the carry alone. */
static bool by_one(const lm_halt *m, unsigned char *at, size_t bytes) {
    uint64_t flags, result = value_of(at, bytes);
    if (!calculate(m->in.digit == 0 ? ADD : SUB, bytes, &result, 1, &flags))
        return false;
    memcpy(at, &result, bytes);
    set_flags(m, flags, ALL & ~(uint64_t)CARRY);
    return true;
}

bool lm_emulate_arithmetic(const lm_halt *m, unsigned char *at, size_t bytes) {
    const lm_instruction *in = &m->in;
    if (in->map != 0 || bytes > sizeof(uint64_t))
        return false;
    if (in->op < 0x40)
        return with_register(m, at, bytes);
    switch (in->op) {
    case 0x80:
    case 0x81:
    case 0x83:
        return with_number(m, at, bytes, in->digit, in->digit == CMP);
    case 0x84:
    case 0x85:
        return test_register(m, at, bytes);
    case 0xf6:
    case 0xf7:
        return in->digit < 2 && with_number(m, at, bytes, AND, true);
    case 0xfe:
    case 0xff:
        return in->digit < 2 && by_one(m, at, bytes);
    default:
        return false;
    }
}

#else

bool lm_emulate_arithmetic(const lm_halt *m, unsigned char *at, size_t bytes) {
    (void)m, (void)at, (void)bytes;
    return false;
}

#endif
