/* The operand in memory that an instruction names: how many bytes, read or written, and to what end. */
#include "check/decode_operand.h"

static bool within(unsigned op, unsigned first, unsigned last) {
    return op - first <= last - first;
}

typedef lm_memory memory;

static bool is(memory *m, size_t bytes, unsigned how, lm_effect effect) {
    *m = (memory){bytes, how, effect};
    return true;
}

enum { R = LM_READS, W = LM_WRITES, RW = LM_READS | LM_WRITES };
#define MOVE  LM_EFFECT_MOVE
#define LOGIC LM_EFFECT_LOGIC
#define USE   LM_EFFECT_USE

static size_t four_or_eight(const lm_instruction *in) {
    return in->wide ? 8 : 4;
}

/* add, or, adc, sbb, and, sub, xor, cmp */
static lm_effect arithmetic(unsigned which) {
    return which == 1 || which == 4 || which == 6 ? LOGIC : USE;
}

/* The processor's old floating point: by opcode and group, how many bytes, negative for a write; 0 is not
 * understood. */
static bool floating(const lm_instruction *in, memory *m) {
    static const short bytes[8][8] = {
        {4, 4, 4, 4, 4, 4, 4, 4}, {4, 0, -4, -4, 0, 2, 0, -2},
        {4, 4, 4, 4, 4, 4, 4, 4}, {4, -4, -4, -4, 0, 10, 0, -10},
        {8, 8, 8, 8, 8, 8, 8, 8}, {8, -8, -8, -8, 0, 0, 0, -2},
        {2, 2, 2, 2, 2, 2, 2, 2}, {2, -2, -2, -2, 10, 8, -10, -8},
    };
    const int n = bytes[in->op & 7][in->digit];
    const bool load = in->op == 0xd9 || in->op == 0xdb || in->op == 0xdd;
    if (n == 0)
        return false;
    return n < 0 ? is(m, (size_t)-n, W, MOVE) : is(m, (size_t)n, R, load ? MOVE : USE);
}

static bool group_of_one_byte(const lm_instruction *in, size_t bytes, memory *m) {
    switch (in->op) {
    case 0x80:
    case 0x81:
    case 0x83:
        return is(m, in->op == 0x80 ? 1 : in->size, in->digit == 7 ? R : RW, arithmetic(in->digit));
    case 0xf6:
    case 0xf7:
        if (in->digit == 2 || in->digit == 3)
            return is(m, bytes, RW, in->digit == 2 ? LOGIC : USE);
        return is(m, bytes, R, USE);
    case 0xfe:
    case 0xff:
        if (in->digit < 2)
            return is(m, bytes, RW, USE);
        if (in->op == 0xfe || in->digit == 3 || in->digit == 5 || in->digit == 7)
            return false;
        return is(m, in->size, R, in->digit == 6 ? MOVE : USE);
    default:
        return false;
    }
}

static bool one_byte(const lm_instruction *in, memory *m) {
    const unsigned op = in->op;
    const size_t bytes = op & 1 ? in->size : 1;
    if (op < 0x40) {
        const bool compares = op >> 3 == 7;
        return is(m, bytes, op & 2 || compares ? R : RW, arithmetic(op >> 3));
    }
    if (within(op, 0xd8, 0xdf))
        return floating(in, m);
    if (within(op, 0xd0, 0xd3))
        return is(m, bytes, RW, LOGIC);
    switch (op) {
    case 0x63:
        return is(m, 4, R, MOVE);
    case 0x69:
    case 0x6b:
        return is(m, in->size, R, USE);
    case 0x84:
    case 0x85:
        return is(m, bytes, R, USE);
    case 0x86:
    case 0x87:
        return is(m, bytes, RW, MOVE);
    case 0x88:
    case 0x89:
    case 0xa2:
    case 0xa3:
    case 0xc6:
    case 0xc7:
        return is(m, bytes, W, MOVE);
    case 0x8a:
    case 0x8b:
    case 0xa0:
    case 0xa1:
        return is(m, bytes, R, MOVE);
    case 0x8c:
        return is(m, 2, W, MOVE);
    case 0x8e:
        return is(m, 2, R, USE);
    case 0x8d:
        return is(m, 0, 0, MOVE);
    case 0x8f:
        return is(m, in->size, W, MOVE);
    case 0xc0:
    case 0xc1:
        return is(m, bytes, RW, LOGIC);
    default:
        return group_of_one_byte(in, bytes, m);
    }
}

/* Packed, or with F3 or F2 one float or double. */
static size_t by_prefix(const lm_instruction *in) {
    return in->prefix == LM_PREFIX_F3 ? 4 : in->prefix == LM_PREFIX_F2 ? 8 : in->vector;
}

/* Without any prefix these belong to MMX. */
static size_t whole(const lm_instruction *in) {
    return in->prefix == LM_PREFIX_NONE && !in->vex ? 8 : in->vector;
}

static bool vector_moves(const lm_instruction *in, memory *m) {
    const size_t v = in->vector;
    switch (in->op) {
    case 0x10:
        return is(m, by_prefix(in), R, MOVE);
    case 0x11:
        return is(m, by_prefix(in), W, MOVE);
    case 0x12:
        if (in->prefix == LM_PREFIX_F3 || (in->prefix == LM_PREFIX_F2 && v > 16))
            return is(m, v, R, MOVE);
        return is(m, 8, R, MOVE);
    case 0x16:
        return is(m, in->prefix == LM_PREFIX_F3 ? v : 8, R, MOVE);
    case 0x13:
    case 0x17:
        return is(m, 8, W, MOVE);
    case 0x14:
    case 0x15:
        return is(m, v, R, LOGIC);
    case 0x28:
        return is(m, v, R, MOVE);
    case 0x29:
    case 0x2b:
        return is(m, v, W, MOVE);
    case 0x6e:
        return is(m, four_or_eight(in), R, MOVE);
    case 0x6f:
        return is(m, whole(in), R, MOVE);
    case 0x7e:
        if (in->prefix == LM_PREFIX_F3)
            return is(m, 8, R, MOVE);
        return is(m, four_or_eight(in), W, MOVE);
    case 0x7f:
    case 0xe7:
        return is(m, whole(in), W, MOVE);
    case 0xd6:
        return in->prefix == LM_PREFIX_66 && is(m, 8, W, MOVE);
    case 0xf0:
        return in->prefix == LM_PREFIX_F2 && is(m, v, R, MOVE);
    default:
        return false;
    }
}

static bool conversions(const lm_instruction *in, memory *m) {
    const bool scalar = in->prefix == LM_PREFIX_F3 || in->prefix == LM_PREFIX_F2;
    switch (in->op) {
    case 0x2a:
        return is(m, scalar ? four_or_eight(in) : 8, R, USE);
    case 0x2c:
    case 0x2d:
        return is(m, in->prefix == LM_PREFIX_NONE ? 8 : by_prefix(in), R, USE);
    case 0x2e:
    case 0x2f:
        return is(m, in->prefix == LM_PREFIX_66 ? 8 : 4, R, USE);
    case 0x5a:
        return is(m, in->prefix == LM_PREFIX_NONE ? in->vector / 2u : by_prefix(in), R, USE);
    case 0x5b:
        return is(m, in->vector, R, USE);
    case 0xe6:
        return is(m, in->prefix == LM_PREFIX_F3 ? in->vector / 2u : in->vector, R, USE);
    default:
        return false;
    }
}

/* Bit tests with a register reach beyond the operand (deed_of_bits below). */
static bool bits(const lm_instruction *in, memory *m) {
    switch (in->op) {
    case 0xa3:
        return is(m, in->size, R, USE);
    case 0xab:
    case 0xb3:
    case 0xbb:
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad:
        return is(m, in->size, RW, LOGIC);
    case 0xba:
        if (in->digit < 4)
            return false;
        return in->digit == 4 ? is(m, in->size, R, USE) : is(m, in->size, RW, LOGIC);
    case 0xb8:
    case 0xbc:
    case 0xbd:
    case 0xaf:
        return is(m, in->size, R, USE);
    case 0xb0:
    case 0xc0:
        return is(m, 1, RW, USE);
    case 0xb1:
    case 0xc1:
        return is(m, in->size, RW, USE);
    case 0xb6:
    case 0xbe:
        return is(m, 1, R, MOVE);
    case 0xb7:
    case 0xbf:
        return is(m, 2, R, MOVE);
    case 0xc3:
        return is(m, four_or_eight(in), W, MOVE);
    case 0xc7:
        return in->digit == 1 && is(m, in->wide ? 16 : 8, RW, USE);
    default:
        return false;
    }
}

static bool state(const lm_instruction *in, memory *m) {
    if (in->prefix != LM_PREFIX_NONE)
        return false;
    switch (in->digit) {
    case 0:
        return is(m, 512, W, MOVE);
    case 1:
        return is(m, 512, R, MOVE);
    case 2:
        return is(m, 4, R, USE);
    case 3:
        return is(m, 4, W, MOVE);
    default:
        return false; /* xsave and its kin: the size depends on the processor */
    }
}

static bool packed(const lm_instruction *in, memory *m) {
    const unsigned op = in->op;
    if (within(op, 0x60, 0x62) && whole(in) == 8)
        return is(m, 4, R, LOGIC);
    if (within(op, 0x60, 0x6d) || op == 0x70)
        return is(m, whole(in), R, within(op, 0x64, 0x66) ? USE : LOGIC);
    if (within(op, 0x74, 0x76))
        return is(m, whole(in), R, USE);
    if (op == 0x7c || op == 0x7d || op == 0xd0)
        return is(m, in->vector, R, USE);
    if (within(op, 0xd1, 0xd3) || within(op, 0xe1, 0xe2) || within(op, 0xf1, 0xf3)) {
        /* shifts: the count is half a vector in the first kind, always 16 bytes in the second */
        return is(m, whole(in) == 8 ? 8 : 16, R, LOGIC);
    }
    if (op == 0xd7 || op == 0xf7 || op == 0xff || op < 0xd1)
        return false;
    const bool logic = op == 0xdb || op == 0xdf || op == 0xeb || op == 0xef;
    return is(m, whole(in), R, logic ? LOGIC : USE);
}

static bool two_bytes(const lm_instruction *in, memory *m) {
    const unsigned op = in->op;
    if (vector_moves(in, m) || conversions(in, m) || (!in->vex && bits(in, m)))
        return true;
    if (within(op, 0x18, 0x1f) || op == 0x0d)
        return !in->vex && is(m, 0, 0, MOVE);
    if (within(op, 0x40, 0x4f))
        return !in->vex && is(m, in->size, R, MOVE);
    if (within(op, 0x54, 0x57))
        return is(m, in->vector, R, LOGIC);
    if (within(op, 0x51, 0x5f) || op == 0xc2)
        return is(m, by_prefix(in), R, USE);
    if (within(op, 0x90, 0x9f))
        return !in->vex && is(m, 1, W, MOVE);
    if (op == 0xae)
        return state(in, m);
    if (op == 0xc4)
        return is(m, 2, R, MOVE);
    if (op == 0xc6)
        return is(m, in->vector, R, LOGIC);
    return packed(in, m);
}

static bool vex_38(const lm_instruction *in, memory *m) {
    const unsigned op = in->op;
    if (within(op, 0x96, 0x9f) || within(op, 0xa6, 0xaf) || within(op, 0xb6, 0xbf)) {
        const bool scalar = (op & 15) == 9 || (op & 15) == 11 || (op & 15) == 13 || (op & 15) == 15;
        return is(m, scalar ? four_or_eight(in) : in->vector, R, USE);
    }
    switch (op) {
    case 0x18:
    case 0x58:
        return is(m, 4, R, MOVE);
    case 0x19:
    case 0x59:
        return is(m, 8, R, MOVE);
    case 0x1a:
    case 0x5a:
        return is(m, 16, R, MOVE);
    case 0x78:
        return is(m, 1, R, MOVE);
    case 0x79:
        return is(m, 2, R, MOVE);
    case 0x0c:
    case 0x0d:
    case 0x16:
    case 0x36:
    case 0x45:
    case 0x46:
    case 0x47:
        return is(m, in->vector, R, LOGIC);
    case 0xf2:
    case 0xf3:
    case 0xf5:
    case 0xf6:
    case 0xf7:
        return is(m, four_or_eight(in), R, USE);
    default:
        return false;
    }
}

static bool three_bytes_38(const lm_instruction *in, memory *m) {
    static const unsigned char part[] = {2, 4, 8, 2, 4, 2};
    const unsigned op = in->op;
    if (in->vex && vex_38(in, m))
        return true;
    if (within(op, 0x20, 0x25) || within(op, 0x30, 0x35))
        return is(m, in->vector / part[op & 7], R, MOVE);
    if (within(op, 0x00, 0x0b) || within(op, 0x1c, 0x1e))
        return is(m, whole(in), R, op == 0 ? LOGIC : USE);
    if (op == 0x2a)
        return is(m, in->vector, R, MOVE);
    if (op == 0x10 || op == 0x14 || op == 0x15)
        return !in->vex && is(m, 16, R, LOGIC);
    if (op == 0x17 || op == 0x28 || op == 0x29 || op == 0x2b || within(op, 0x37, 0x41) ||
        within(op, 0xdb, 0xdf))
        return is(m, op == 0x41 ? 16 : in->vector, R, USE);
    if (in->vex)
        return false;
    if (op == 0xf0 || op == 0xf1) {
        if (in->prefix == LM_PREFIX_F2)
            return is(m, op == 0xf0 ? 1 : in->size, R, USE);
        return is(m, in->size, op == 0xf0 ? R : W, MOVE);
    }
    return op == 0xf6 && is(m, four_or_eight(in), R, USE); /* adcx, adox */
}

static bool three_bytes_3a(const lm_instruction *in, memory *m) {
    switch (in->op) {
    case 0x08:
    case 0x09:
    case 0x40:
    case 0x41:
        return is(m, in->vector, R, USE);
    case 0x0a:
        return is(m, 4, R, USE);
    case 0x0b:
        return is(m, 8, R, USE);
    case 0x0f:
        return is(m, whole(in), R, LOGIC);
    case 0x14:
        return is(m, 1, W, MOVE);
    case 0x15:
        return is(m, 2, W, MOVE);
    case 0x16:
    case 0x17:
        return is(m, in->op == 0x17 ? 4 : four_or_eight(in), W, MOVE);
    case 0x18:
    case 0x38:
        return is(m, 16, R, MOVE);
    case 0x19:
    case 0x39:
        return is(m, 16, W, MOVE);
    case 0x20:
        return is(m, 1, R, MOVE);
    case 0x21:
        return is(m, 4, R, MOVE);
    case 0x22:
        return is(m, four_or_eight(in), R, MOVE);
    case 0x60:
    case 0x61:
    case 0x62:
    case 0x63:
        return is(m, 16, R, USE);
    case 0xf0:
        return is(m, four_or_eight(in), R, LOGIC);
    case 0x00:
    case 0x01:
    case 0x02:
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x42:
    case 0x44:
    case 0x46:
    case 0x4a:
    case 0x4b:
    case 0x4c:
    case 0xdf:
        return is(m, in->vector, R, LOGIC);
    default:
        return false;
    }
}

/* AVX-512 has its own sizes nearly everywhere; only plain moves, logic and arithmetic of whole vectors. */
static bool is_plain_evex(const lm_instruction *in) {
    const unsigned op = in->op;
    if (in->map != 1 || in->broadcast || in->mask)
        return false;
    return op == 0x10 || op == 0x11 || op == 0x28 || op == 0x29 || op == 0x2b || op == 0x6e ||
           op == 0x6f || op == 0x7e || op == 0x7f || op == 0xd6 || op == 0xe7 || op == 0x51 ||
           within(op, 0x54, 0x59) || within(op, 0x5c, 0x5f) || op == 0xd4 || op == 0xdb ||
           op == 0xeb || op == 0xef || within(op, 0xfa, 0xfe);
}

bool lm_decode_operand(const lm_instruction *in, lm_memory *m) {
    if (in->evex && !is_plain_evex(in))
        return false;
    switch (in->map) {
    case 0:
        return one_byte(in, m);
    case 1:
        return two_bytes(in, m);
    case 2:
        return three_bytes_38(in, m);
    default:
        return three_bytes_3a(in, m);
    }
}
