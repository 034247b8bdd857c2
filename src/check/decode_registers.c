/* Which registers an instruction reads and writes: what the search for the first use of a loaded value needs.
 * Only what compilers write in plain code is known. */
#include "check/decode.h"

static bool within(unsigned op, unsigned first, unsigned last) {
    return op - first <= last - first;
}

typedef struct sets {
    lm_register_set reads, writes;
} sets;

/* A byte operand of old code without REX: 4 to 7 are the second bytes of the first four registers. */
static lm_register_set general(const lm_instruction *in, unsigned n, bool byte) {
    return LM_GENERAL(byte && !in->rex && n >= 4 && n < 8 ? n - 4 : n);
}

static void add_address(const lm_instruction *in, sets *s) {
    if (!in->memory)
        return;
    if (in->base != LM_NO_REGISTER)
        s->reads |= LM_GENERAL(in->base);
    if (in->index != LM_NO_REGISTER)
        s->reads |= LM_GENERAL(in->index);
}

/* Writing less than four bytes keeps the rest of the register: that is no read of it, for here, but no end of
 * its value either. */
static void move_general(const lm_instruction *in, bool to_rm, bool byte, sets *s) {
    const lm_register_set reg = general(in, in->reg, byte);
    const lm_register_set rm = in->memory ? 0 : general(in, in->rm, byte);
    s->reads |= to_rm ? reg : rm;
    s->writes |= to_rm ? rm : reg;
}

static bool group(const lm_instruction *in, sets *s) {
    const bool byte = !(in->op & 1);
    const lm_register_set rm = in->memory ? 0 : general(in, in->rm, byte);
    switch (in->op) {
    case 0x80:
    case 0x81:
    case 0x83:
        s->reads |= in->memory ? 0 : general(in, in->rm, in->op == 0x80);
        s->writes |= in->digit == 7 || in->memory ? 0 : general(in, in->rm, in->op == 0x80);
        return true;
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        s->reads |= rm | (in->op >= 0xd2 ? LM_GENERAL(LM_RCX) : 0);
        s->writes |= rm;
        return true;
    case 0xf6:
    case 0xf7:
        s->reads |= rm;
        if (in->digit == 2 || in->digit == 3)
            s->writes |= rm;
        if (in->digit >= 4) {
            s->reads |= LM_GENERAL(LM_RAX) | (in->digit >= 6 && !byte ? LM_GENERAL(LM_RDX) : 0);
            s->writes |= LM_GENERAL(LM_RAX) | (byte ? 0 : LM_GENERAL(LM_RDX));
        }
        return true;
    case 0xfe:
    case 0xff:
        s->reads |= rm;
        s->writes |= in->digit < 2 ? rm : 0;
        return in->digit < 2 || in->digit == 6;
    default:
        return false;
    }
}

static bool one_byte(const lm_instruction *in, sets *s) {
    const unsigned op = in->op;
    const bool byte = !(op & 1);
    if (op < 0x40) {
        const bool compares = op >> 3 == 7;
        const lm_register_set reg = general(in, in->reg, byte);
        const lm_register_set rm = in->memory ? 0 : general(in, in->rm, byte);
        if ((op & 7) >= 4) {
            s->reads |= LM_GENERAL(LM_RAX);
            s->writes |= compares ? 0 : LM_GENERAL(LM_RAX);
            return true;
        }
        const bool same = !in->memory && reg == rm && (op >> 3 == 6 || op >> 3 == 5);
        s->reads |= same ? 0 : reg | rm; /* xor eax, eax reads nothing */
        s->writes |= compares ? 0 : op & 2 ? reg : rm;
        return true;
    }
    if (within(op, 0x50, 0x57) || within(op, 0x58, 0x5f)) {
        *(op < 0x58 ? &s->reads : &s->writes) |= LM_GENERAL(in->rm);
        s->reads |= LM_GENERAL(LM_RSP);
        return true;
    }
    if (within(op, 0xb0, 0xbf)) {
        s->writes |= general(in, in->rm, op < 0xb8);
        return true;
    }
    switch (op) {
    case 0x84:
    case 0x85:
        s->reads |= general(in, in->reg, byte) | (in->memory ? 0 : general(in, in->rm, byte));
        return true;
    case 0x86:
    case 0x87:
        s->reads |= general(in, in->reg, byte) | (in->memory ? 0 : general(in, in->rm, byte));
        s->writes = s->reads;
        return true;
    case 0x63:
        move_general(in, false, false, s);
        return true;
    case 0x69:
    case 0x6b:
    case 0x8b:
    case 0x8d:
        move_general(in, false, false, s);
        return true;
    case 0x8a:
        move_general(in, false, true, s);
        return true;
    case 0x88:
    case 0x89:
        move_general(in, true, byte, s);
        return true;
    case 0xc6:
    case 0xc7:
        s->writes |= in->memory ? 0 : general(in, in->rm, byte);
        return true;
    case 0x90:
        return in->rm == LM_RAX;
    case 0x68: /* push of a number, pushf, cld: no register but the stack pointer */
    case 0x6a:
    case 0x9c:
    case 0xfc:
        return true;
    case 0x98: /* cdqe */
        s->reads |= LM_GENERAL(LM_RAX);
        s->writes |= LM_GENERAL(LM_RAX);
        return true;
    case 0x99: /* cdq */
        s->reads |= LM_GENERAL(LM_RAX);
        s->writes |= LM_GENERAL(LM_RDX);
        return true;
    case 0xa8:
    case 0xa9:
        s->reads |= LM_GENERAL(LM_RAX);
        return true;
    default:
        return group(in, s);
    }
}

/* Moves, conversions and shuffles of one vector: nothing is left of the destination's old value, and VEX has no
 * second source. With F3 or F2 most are of one float, beside which the rest stays. */
static bool overwrites(const lm_instruction *in) {
    const unsigned op = in->op;
    const bool scalar = in->prefix == LM_PREFIX_F3 || in->prefix == LM_PREFIX_F2;
    if (in->map == 2)
        return within(op, 0x1c, 0x1e) || within(op, 0x20, 0x25) || within(op, 0x30, 0x35) ||
               op == 0x13 || within(op, 0x18, 0x1a) || within(op, 0x58, 0x5a) ||
               within(op, 0x78, 0x79) || op == 0x41 || op == 0xdb;
    switch (op) {
    case 0x12:
    case 0x16:
        return scalar; /* movddup and its like */
    case 0x10:
    case 0x51:
    case 0x52:
    case 0x53:
    case 0x5a:
        return !scalar;
    case 0x28:
    case 0x5b:
    case 0x6f:
    case 0x70:
    case 0xe6:
    case 0xf0:
        return true;
    default:
        return false;
    }
}

/* A vector register as destination, and what it comes from. `keeps`: the destination's old value counts. */
static void to_vector(const lm_instruction *in, bool keeps, sets *s) {
    s->reads |= in->memory ? 0 : LM_VECTOR(in->rm);
    if (keeps && !overwrites(in))
        s->reads |= in->vex ? LM_VECTOR(in->vvvv) : LM_VECTOR(in->reg);
    if (in->vex && in->map == 2 && in->op >= 0x96 && in->op <= 0xbf) /* multiply and add */
        s->reads |= LM_VECTOR(in->reg);
    s->writes |= LM_VECTOR(in->reg);
}

static void from_vector(const lm_instruction *in, sets *s) {
    s->reads |= LM_VECTOR(in->reg);
    s->writes |= in->memory ? 0 : LM_VECTOR(in->rm);
}

static bool general_two_bytes(const lm_instruction *in, sets *s) {
    const unsigned op = in->op;
    if (within(op, 0x40, 0x4f) || op == 0xaf || within(op, 0xb8, 0xb8) || op == 0xbc ||
        op == 0xbd) {
        move_general(in, false, false, s);
        if (op < 0xb0)
            s->reads |= LM_GENERAL(in->reg);
        return true;
    }
    if (within(op, 0xb6, 0xb7) || within(op, 0xbe, 0xbf)) {
        s->reads |= in->memory ? 0 : general(in, in->rm, op == 0xb6 || op == 0xbe);
        s->writes |= LM_GENERAL(in->reg);
        return true;
    }
    if (within(op, 0x90, 0x9f)) {
        s->writes |= in->memory ? 0 : general(in, in->rm, true);
        return true;
    }
    if (op == 0xa3 || op == 0xba) {
        s->reads |= in->memory ? 0 : LM_GENERAL(in->rm);
        s->reads |= op == 0xa3 ? LM_GENERAL(in->reg) : 0;
        s->writes |= op == 0xba && in->digit > 4 && !in->memory ? LM_GENERAL(in->rm) : 0;
        return true;
    }
    return within(op, 0x18, 0x1f) || op == 0x0d || op == 0x0b;
}

static bool two_bytes(const lm_instruction *in, sets *s) {
    const unsigned op = in->op;
    if (!in->vex && general_two_bytes(in, s))
        return true;
    switch (op) {
    case 0x10:
    case 0x12:
    case 0x16:
    case 0x28:
    case 0x6f:
        to_vector(in, !in->memory || op == 0x12 || op == 0x16, s);
        return true;
    case 0x11:
    case 0x13:
    case 0x17:
    case 0x29:
    case 0x2b:
    case 0x7f:
    case 0xd6:
    case 0xe7:
        from_vector(in, s);
        return true;
    case 0x2a: /* cvtsi2sd */
    case 0x6e:
        s->reads |= in->memory ? 0 : LM_GENERAL(in->rm);
        s->writes |= LM_VECTOR(in->reg);
        return true;
    case 0x2c: /* cvttsd2si */
    case 0x2d:
        s->reads |= in->memory ? 0 : LM_VECTOR(in->rm);
        s->writes |= LM_GENERAL(in->reg);
        return true;
    case 0x50: /* movmskps */
    case 0xd7:
        s->reads |= LM_VECTOR(in->rm);
        s->writes |= LM_GENERAL(in->reg);
        return true;
    case 0x2e: /* ucomisd */
    case 0x2f:
        s->reads |= LM_VECTOR(in->reg) | (in->memory ? 0 : LM_VECTOR(in->rm));
        return true;
    case 0x7e:
        if (in->prefix == LM_PREFIX_F3) {
            to_vector(in, false, s);
        } else {
            s->reads |= LM_VECTOR(in->reg);
            s->writes |= in->memory ? 0 : LM_GENERAL(in->rm);
        }
        return true;
    case 0x57:
    case 0xef: /* of itself: zero */
        if (in->memory || in->reg != in->rm) {
            to_vector(in, true, s);
            return true;
        }
        s->writes |= LM_VECTOR(in->reg);
        return true;
    default:
        if (!within(op, 0x14, 0x15) && !within(op, 0x51, 0x6d) && op != 0x70 &&
            !within(op, 0x74, 0x76) && op != 0xc2 && op != 0xc6 && op < 0xd1)
            return false;
        to_vector(in, true, s);
        return true;
    }
}

bool lm_decode_registers(const lm_instruction *in, lm_register_set *reads,
                         lm_register_set *writes) {
    sets s = {0, 0};
    bool known = !in->evex && !in->half_addresses && in->map < 3;
    if (known && in->map == 0)
        known = one_byte(in, &s);
    else if (known && in->map == 1)
        known = two_bytes(in, &s);
    else if (known && in->op == 0x17) /* ptest */
        s.reads |= LM_VECTOR(in->reg) | (in->memory ? 0 : LM_VECTOR(in->rm));
    else if (known) /* most of the third map: a vector to a vector */
        to_vector(in, true, &s);
    known = known && !(in->map == 2 && in->op >= 0xf0);
    add_address(in, &s);
    *reads = s.reads;
    *writes = s.writes;
    return known;
}
