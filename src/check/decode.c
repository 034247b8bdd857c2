#include "check/decode.h"

/* Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A: what follows an opcode. */
enum form { BAD, NONE, MODRM, MODRM_1, MODRM_Z, IMM_1, IMM_2, IMM_3, IMM_4, IMM_Z, IMM_V, OFFSET };

typedef struct reader {
    const unsigned char *at, *end;
    bool failed;
} reader;

static unsigned char next(reader *r) {
    if (r->at < r->end)
        return *r->at++;
    r->failed = true;
    return 0;
}

/* Signed, little-endian. */
static int64_t number(reader *r, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)next(r) << (8 * i);
    const unsigned unused = 64 - 8 * bytes;
    return bytes == 0 ? 0 : (int64_t)(value << unused) >> unused;
}

static bool within(unsigned op, unsigned first, unsigned last) {
    return op - first <= last - first;
}

/* ---- Prefixes and opcode -------------------------------------------------------------------- */

typedef struct prefixes {
    bool operand, repeat, repeat_not, half, segment, lock;
    unsigned char rex;
} prefixes;

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

static bool is_legacy_prefix(unsigned char byte, prefixes *p) {
    switch (byte) {
    case 0x66:
        p->operand = true;
        return true;
    case 0x67:
        p->half = true;
        return true;
    case 0x64:
    case 0x65:
        p->segment = true;
        return true;
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        return true; /* no meaning in 64-bit mode */
    case 0xf0:
        p->lock = true;
        return true;
    case 0xf2:
        p->repeat_not = true;
        p->repeat = false;
        return true;
    case 0xf3:
        p->repeat = true;
        p->repeat_not = false;
        return true;
    default:
        return false;
    }
}

static void set_prefix(lm_instruction *in, unsigned pp) {
    static const unsigned char prefix[] = {LM_PREFIX_NONE, LM_PREFIX_66, LM_PREFIX_F3,
                                           LM_PREFIX_F2};
    in->prefix = prefix[pp & 3];
}

/* The bits R, X and B are stored inverted in VEX and EVEX. */
static void read_vex2(reader *r, lm_instruction *in, prefixes *p) {
    const unsigned char a = next(r);
    p->rex = a & 0x80 ? 0 : REX_R;
    in->vvvv = ~(a >> 3) & 15;
    in->vector = a & 4 ? 32 : 16;
    in->map = 1;
    set_prefix(in, a);
}

static bool read_vex3(reader *r, lm_instruction *in, prefixes *p) {
    const unsigned char a = next(r), b = next(r);
    p->rex = (unsigned char)((~a >> 5 & 7) | (b & 0x80 ? REX_W : 0));
    in->map = a & 31;
    in->vvvv = ~(b >> 3) & 15;
    in->vector = b & 4 ? 32 : 16;
    set_prefix(in, b);
    return within(in->map, 1, 3);
}

static bool read_evex(reader *r, lm_instruction *in, prefixes *p) {
    const unsigned char a = next(r), b = next(r), c = next(r);
    p->rex = (unsigned char)((~a >> 5 & 7) | (b & 0x80 ? REX_W : 0));
    in->map = a & 7;
    in->vvvv = ~(b >> 3) & 15;
    in->broadcast = c & 0x10;
    in->mask = c & 7;
    in->vector = (unsigned char)(16 << (c >> 5 & 3));
    in->evex = true;
    set_prefix(in, b);
    return within(in->map, 1, 3) && in->vector != 128;
}

static bool read_escapes(reader *r, lm_instruction *in, prefixes *p, unsigned char byte) {
    in->vector = 16;
    in->prefix = p->repeat       ? LM_PREFIX_F3
                 : p->repeat_not ? LM_PREFIX_F2
                 : p->operand    ? LM_PREFIX_66
                                 : LM_PREFIX_NONE;
    in->op = byte;
    if (byte == 0x0f) {
        in->map = 1;
        in->op = next(r);
        if (in->op == 0x38 || in->op == 0x3a) {
            in->map = in->op == 0x38 ? 2 : 3;
            in->op = next(r);
        }
        return true;
    }
    if (byte != 0xc4 && byte != 0xc5 && byte != 0x62)
        return true;
    in->vex = true;
    bool good = true;
    if (byte == 0xc5)
        read_vex2(r, in, p);
    else
        good = byte == 0xc4 ? read_vex3(r, in, p) : read_evex(r, in, p);
    in->op = next(r);
    return good;
}

/* ---- What follows --------------------------------------------------------------------------- */

static enum form form_of_one_byte(unsigned op) {
    if (op < 0x40)
        return (op & 7) < 4 ? MODRM : (op & 7) == 4 ? IMM_1 : (op & 7) == 5 ? IMM_Z : BAD;
    if (within(op, 0x50, 0x5f) || within(op, 0x6c, 0x6f) || within(op, 0x90, 0x99) ||
        within(op, 0x9b, 0x9f) || within(op, 0xa4, 0xa7) || within(op, 0xaa, 0xaf) ||
        within(op, 0xec, 0xef) || within(op, 0xf8, 0xfd))
        return NONE;
    if (within(op, 0x70, 0x7f) || within(op, 0xb0, 0xb7) || within(op, 0xe0, 0xe7))
        return IMM_1;
    if (within(op, 0x84, 0x8f) || within(op, 0xd0, 0xd3) || within(op, 0xd8, 0xdf))
        return MODRM;
    if (within(op, 0xb8, 0xbf))
        return IMM_V;
    if (within(op, 0xa0, 0xa3))
        return OFFSET;
    switch (op) {
    case 0x63:
    case 0xf6:
    case 0xf7:
    case 0xfe:
    case 0xff:
        return MODRM;
    case 0x6a:
    case 0xa8:
    case 0xcd:
    case 0xeb:
        return IMM_1;
    case 0x68:
    case 0xa9:
        return IMM_Z;
    case 0x69:
    case 0x81:
    case 0xc7:
        return MODRM_Z;
    case 0x6b:
    case 0x80:
    case 0x83:
    case 0xc0:
    case 0xc1:
    case 0xc6:
        return MODRM_1;
    case 0xc2:
    case 0xca:
        return IMM_2;
    case 0xc8:
        return IMM_3;
    case 0xe8:
    case 0xe9:
        return IMM_4;
    case 0xc3:
    case 0xc9:
    case 0xcb:
    case 0xcc:
    case 0xcf:
    case 0xd7:
    case 0xf1:
    case 0xf4:
    case 0xf5:
        return NONE;
    default:
        return BAD;
    }
}

static enum form form_of_two_bytes(unsigned op) {
    if (within(op, 0x80, 0x8f))
        return IMM_4;
    if (within(op, 0x05, 0x09) || op == 0x0b || within(op, 0x30, 0x37) || op == 0x77 ||
        within(op, 0xa0, 0xa2) || within(op, 0xa8, 0xaa) || within(op, 0xc8, 0xcf))
        return NONE;
    if (within(op, 0x70, 0x73) || op == 0xa4 || op == 0xac || op == 0xba || op == 0xc2 ||
        within(op, 0xc4, 0xc6))
        return MODRM_1;
    if (op == 0x04 || op == 0x0a || op == 0x0c || op == 0x0e || op == 0x0f ||
        within(op, 0x24, 0x27) || within(op, 0x39, 0x3f) || op == 0x7a || op == 0x7b ||
        within(op, 0xa6, 0xa7))
        return BAD;
    return MODRM;
}

static enum form form_of(const lm_instruction *in) {
    switch (in->map) {
    case 0:
        return form_of_one_byte(in->op);
    case 1:
        return form_of_two_bytes(in->op);
    case 2:
        return MODRM;
    default:
        return MODRM_1;
    }
}

static void read_sib(reader *r, lm_instruction *in, unsigned char rex) {
    const unsigned char sib = next(r);
    const unsigned index = (sib >> 3 & 7) | (rex & REX_X ? 8 : 0);
    const unsigned base = (sib & 7) | (rex & REX_B ? 8 : 0);
    in->scale = (unsigned char)(1 << (sib >> 6));
    in->index = index == LM_RSP ? LM_NO_REGISTER : (unsigned char)index;
    in->base = (unsigned char)base;
    if ((sib & 7) == LM_RBP && in->mod == 0) {
        in->base = LM_NO_REGISTER;
        in->displacement = number(r, 4);
    }
}

static void read_modrm(reader *r, lm_instruction *in, unsigned char rex) {
    const unsigned char modrm = next(r);
    in->has_modrm = true;
    in->mod = modrm >> 6;
    in->digit = modrm >> 3 & 7;
    in->reg = (unsigned char)(in->digit | (rex & REX_R ? 8 : 0));
    in->rm = (unsigned char)((modrm & 7) | (rex & REX_B ? 8 : 0));
    in->memory = in->mod != 3;
    if (!in->memory)
        return;
    if ((modrm & 7) == LM_RSP) {
        read_sib(r, in, rex);
    } else if ((modrm & 7) == LM_RBP && in->mod == 0) {
        in->rip = true;
        in->displacement = number(r, 4);
    } else {
        in->base = in->rm;
    }
    if (in->mod == 1) {
        in->displacement = number(r, 1);
        in->short_displacement = in->evex;
    } else if (in->mod == 2) {
        in->displacement = number(r, 4);
    }
}

static unsigned immediate_bytes(const lm_instruction *in, enum form form) {
    const unsigned z = in->size == 2 ? 2 : 4;
    switch (form) {
    case IMM_1:
    case MODRM_1:
        return 1;
    case IMM_2:
        return 2;
    case IMM_3:
        return 3;
    case IMM_4:
        return 4;
    case IMM_Z:
    case MODRM_Z:
        return z;
    case IMM_V:
        return in->size;
    case MODRM:
        if (in->map == 0 && (in->op == 0xf6 || in->op == 0xf7) && in->digit < 2)
            return in->op == 0xf6 ? 1 : z;
        return 0;
    default:
        return 0;
    }
}

/* In 64-bit mode these take eight bytes unless a prefix says two. */
static bool is_wide_by_itself(const lm_instruction *in) {
    return in->map == 0 && (within(in->op, 0x50, 0x5f) || in->op == 0x68 || in->op == 0x6a ||
                            (in->op == 0xff && in->digit >= 2 && in->digit <= 6) || in->op == 0x8f);
}

bool lm_decode(const unsigned char *code, size_t most, lm_instruction *in) {
    enum { LENGTH_MOST = 15 };
    reader r = {code, code + (most < LENGTH_MOST ? most : LENGTH_MOST), false};
    prefixes p = {0};
    *in = (lm_instruction){.base = LM_NO_REGISTER, .index = LM_NO_REGISTER, .scale = 1};
    unsigned char byte = next(&r);
    while (!r.failed && is_legacy_prefix(byte, &p))
        byte = next(&r);
    if ((byte & 0xf0) == 0x40) {
        p.rex = byte & 15;
        in->rex = true;
        byte = next(&r);
    }
    if (!read_escapes(&r, in, &p, byte))
        return false;
    in->wide = p.rex & REX_W;
    in->size = in->wide ? 8 : p.operand ? 2 : 4;
    in->half_addresses = p.half;
    in->segment = p.segment;
    in->repeat = p.repeat || p.repeat_not;
    const enum form form = form_of(in);
    if (form == BAD)
        return false;
    if (within(form, MODRM, MODRM_Z))
        read_modrm(&r, in, p.rex);
    else
        in->rm = (unsigned char)((in->op & 7) | (p.rex & REX_B ? 8 : 0));
    if (is_wide_by_itself(in) && in->size == 4)
        in->size = 8;
    if (form == OFFSET) {
        in->displacement = number(&r, in->half_addresses ? 4 : 8);
        in->memory = true;
    } else {
        const unsigned bytes = immediate_bytes(in, form);
        in->immediate = bytes == 3 ? (number(&r, 2), number(&r, 1)) : number(&r, bytes);
    }
    in->length = (unsigned char)(r.at - code);
    return !r.failed;
}
