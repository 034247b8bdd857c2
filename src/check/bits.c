#include "check/bits.h"

enum { BYTE = 8, WORD = 64 };

/* The second half of the groups of arithmetic: 80, 81, 83 /digit, and the short forms for the accumulator. */
enum { OR = 1, AND = 4, XOR = 6, CMP = 7 };
enum { SHL = 4, SHR = 5, SAL = 6, SAR = 7 };

uint64_t lm_bits_ones(size_t bytes) {
    return bytes >= sizeof(uint64_t) ? ~(uint64_t)0 : ((uint64_t)1 << bytes * BYTE) - 1;
}

static size_t width_of(const lm_instruction *in) {
    const bool byte = !(in->op & 1) && in->op != 0x63;
    return byte ? 1 : in->size;
}

/* Which arithmetic with a constant it is; -1: none. */
static int with_constant(const lm_instruction *in) {
    if (in->map != 0)
        return -1;
    if (in->op == 0x80 || in->op == 0x81 || in->op == 0x83)
        return in->digit;
    return in->op < 0x40 && (in->op & 7) >= 4 && (in->op & 7) <= 5 ? in->op >> 3 : -1;
}

static void keep(lm_bits *bits, uint64_t mask) {
    bits->unwritten &= mask;
    bits->written &= mask;
}

static lm_bits_deed test(lm_bits *bits, uint64_t differing, uint64_t mask) {
    bits->decided = (differing & mask & ~bits->unwritten) != 0;
    keep(bits, mask);
    return LM_BITS_TESTED;
}

static lm_bits_deed combine(const lm_halt *m, int how, uint64_t value, lm_bits *bits) {
    const uint64_t within = lm_bits_ones(width_of(&m->in));
    const uint64_t constant = (uint64_t)m->in.immediate & within;
    const uint64_t beside = width_of(&m->in) < 4 ? ~within : 0; /* stays as it was */
    switch (how) {
    case AND:
        bits->decided = (value & constant & bits->written) != 0;
        keep(bits, constant | beside);
        return LM_BITS_KEPT;
    case OR:
        bits->unwritten &= ~constant;
        bits->written |= constant;
        bits->decided = constant != 0;
        return LM_BITS_KEPT;
    case XOR:
        bits->written |= constant & ~bits->unwritten;
        bits->decided = false;
        return LM_BITS_KEPT;
    case CMP:
        return test(bits, value ^ constant, within);
    default:
        return LM_BITS_LOST;
    }
}

/* The sign goes on upwards from bit `top`. */
static void extend(lm_bits *bits, unsigned top) {
    const uint64_t above = top + 1 < WORD ? ~(uint64_t)0 << (top + 1) : 0;
    if (bits->unwritten >> top & 1)
        bits->unwritten |= above;
    else if (bits->written >> top & 1)
        bits->written |= above;
}

static lm_bits_deed shift(const lm_instruction *in, lm_bits *bits) {
    const size_t width = width_of(in);
    const unsigned limit = width == sizeof(uint64_t) ? WORD - 1 : WORD / 2 - 1;
    const unsigned by = in->op >= 0xd0 ? 1 : (unsigned)in->immediate & limit;
    bits->decided = false;
    if (width < 4 && in->digit != SHR)
        return LM_BITS_LOST;
    keep(bits, lm_bits_ones(width));
    if (in->digit == SHL || in->digit == SAL) {
        bits->unwritten = bits->unwritten << by & lm_bits_ones(width);
        bits->written = bits->written << by & lm_bits_ones(width);
        return LM_BITS_KEPT;
    }
    if (in->digit == SAR)
        extend(bits, (unsigned)width * BYTE - 1);
    bits->unwritten >>= by;
    bits->written >>= by;
    keep(bits, lm_bits_ones(width));
    return in->digit == SHR || in->digit == SAR ? LM_BITS_KEPT : LM_BITS_LOST;
}

static lm_bits_deed narrow(const lm_instruction *in, lm_bits *bits) {
    const size_t from = in->map == 0 ? 4 : in->op & 1 ? 2 : 1;
    keep(bits, lm_bits_ones(from));
    if (in->map == 0 || in->op >= 0xbe)
        extend(bits, (unsigned)from * BYTE - 1);
    keep(bits, lm_bits_ones(in->size));
    return LM_BITS_KEPT;
}

/* The accumulator's second byte and its like have numbers of other registers. */
static bool is_high_byte(const lm_instruction *in) {
    const bool byte = in->map == 0 ? width_of(in) == 1 : !(in->op & 1);
    return byte && !in->rex && in->has_modrm && !in->memory && in->rm >= 4 && in->rm < 8;
}

static lm_bits_deed two_operands(const lm_halt *m, uint64_t value, lm_bits *bits) {
    const lm_instruction *in = &m->in;
    const size_t width = width_of(in);
    const bool both = !in->memory && in->reg == in->rm;
    switch (in->op) {
    case 0x84:
    case 0x85:
        return both ? test(bits, value, lm_bits_ones(width)) : LM_BITS_LOST;
    case 0x38:
    case 0x39:
    case 0x3a:
    case 0x3b:
        return in->memory
                   ? test(bits, value ^ m->general[in->reg], lm_bits_ones(width))
                   : test(bits, m->general[in->rm] ^ m->general[in->reg], lm_bits_ones(width));
    case 0x08:
    case 0x09:
    case 0x0a:
    case 0x0b:
        bits->written |= lm_bits_ones(width) & ~bits->unwritten;
        bits->decided = false;
        return width >= 4 ? LM_BITS_KEPT : LM_BITS_LOST;
    case 0x89:
    case 0x8b:
        keep(bits, lm_bits_ones(width));
        return width >= 4 ? LM_BITS_KEPT : LM_BITS_LOST;
    case 0x63:
        return narrow(in, bits);
    default:
        return LM_BITS_LOST;
    }
}

lm_bits_deed lm_bits_step(const lm_halt *m, uint64_t value, lm_bits *bits) {
    const lm_instruction *in = &m->in;
    if (in->vex || in->evex || in->map > 1 || is_high_byte(in))
        return LM_BITS_LOST;
    if (in->map == 1)
        return in->op == 0xb6 || in->op == 0xb7 || in->op == 0xbe || in->op == 0xbf
                   ? narrow(in, bits)
                   : LM_BITS_LOST;
    const int how = with_constant(in);
    if (how >= 0)
        return combine(m, how, value, bits);
    if (in->op == 0xa8 || in->op == 0xa9 || ((in->op == 0xf6 || in->op == 0xf7) && in->digit < 2)) {
        const uint64_t mask = (uint64_t)in->immediate & lm_bits_ones(width_of(in));
        return test(bits, value, mask);
    }
    if (in->op == 0xc0 || in->op == 0xc1 || in->op == 0xd0 || in->op == 0xd1)
        return shift(in, bits);
    return two_operands(m, value, bits);
}

uint64_t lm_bits_stored(const lm_instruction *in) {
    const int how = in->memory ? with_constant(in) : -1;
    if (how == AND)
        return ~(uint64_t)in->immediate;
    return how == OR ? (uint64_t)in->immediate : ~(uint64_t)0;
}
