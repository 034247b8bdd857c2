#include "check/use.h"

#include "os/os.h"

enum {
    LOOK_AHEAD = 32, /* instructions */
    LOOK_BEYOND = 8, /* behind the store, for a neighbour */
    LOOK_BACK = 48,  /* bytes of code from the read before to this one */
    PLAIN = 8,       /* bytes of a plain number, at most; more is a vector, or an x87 number */
    LONG_DOUBLE = 10,
};

static const lm_register_set arguments =
    LM_GENERAL(LM_RDI) | LM_GENERAL(LM_RSI) | LM_GENERAL(LM_RDX) | LM_GENERAL(LM_RCX) |
    LM_GENERAL(8) | LM_GENERAL(9) | (lm_register_set)0xff << 16;
static const lm_register_set results =
    LM_GENERAL(LM_RAX) | LM_GENERAL(LM_RDX) | LM_VECTOR(0) | LM_VECTOR(1);

typedef enum end { GOES_ON, USED, STORED, DEAD, UNKNOWN } end;

typedef struct search {
    const lm_instruction *load;
    size_t bytes;
    uintptr_t pc;
    lm_register_set alias; /* registers that hold the value */
    lm_register_set lost;  /* registers that were written since the load */
    bool masked, neighbour, back;
} search;

static bool next(uintptr_t pc, lm_instruction *in) {
    /* Code runs on over a page's end only where it is mapped: what can't be decoded on this page ends the
     * search. */
    return lm_decode((const unsigned char *)pc, lm_os.page - (pc & (lm_os.page - 1)), in);
}

static lm_register_set address_registers(const lm_instruction *in) {
    lm_register_set set = 0;
    if (in->memory && in->base != LM_NO_REGISTER)
        set |= LM_GENERAL(in->base);
    if (in->memory && in->index != LM_NO_REGISTER)
        set |= LM_GENERAL(in->index);
    return set;
}

static bool same_place_but_for(const lm_instruction *a, const lm_instruction *b, int64_t distance) {
    return b->memory && a->rip == b->rip && !a->rip && a->base == b->base && a->index == b->index &&
           a->scale == b->scale && b->displacement - a->displacement == distance;
}

/* A load from just before or behind, by the same registers. */
static bool is_neighbour(const search *s, const lm_instruction *in) {
    const lm_register_set kept = address_registers(s->load);
    const uintptr_t none[LM_GENERAL_REGISTERS] = {0};
    lm_deed deed;
    if (!in->memory || kept & s->lost || !lm_decode_deed(in, none, 0, false, &deed) ||
        deed.touches != 1 || deed.touch[0].how != LM_READS || deed.effect != LM_EFFECT_MOVE)
        return false;
    return same_place_but_for(s->load, in, (int64_t)s->bytes) ||
           same_place_but_for(s->load, in, -(int64_t)deed.touch[0].bytes);
}

static end control(search *s, const lm_instruction *in) {
    const unsigned op = in->op;
    if (in->map == 0 && (op == 0xe8 || (op == 0xff && in->has_modrm && in->digit == 2)))
        return s->alias & arguments ? USED : UNKNOWN;
    if (in->map == 0 && (op == 0xc3 || op == 0xc2))
        return s->alias & results ? USED : DEAD;
    if (in->map == 0 && (op == 0xe9 || op == 0xeb)) {
        s->pc += (uintptr_t)in->immediate;
        return GOES_ON;
    }
    if ((in->map == 0 && op >= 0x70 && op <= 0x7f) || (in->map == 1 && op >= 0x80 && op <= 0x8f))
        return GOES_ON;
    if (in->map == 0 && op == 0xc9) /* leave */
        return GOES_ON;
    return UNKNOWN;
}

/* What the instruction does with the value. */
static end step(search *s, const lm_instruction *in) {
    lm_register_set reads, writes;
    if (!lm_decode_registers(in, &reads, &writes))
        return control(s, in);
    const lm_effect effect = lm_decode_effect(in);
    const bool lea = in->map == 0 && in->op == 0x8d;
    const bool reads_it = reads & s->alias;
    if (address_registers(in) & s->alias)
        return USED;
    const bool pushes = in->map == 0 && in->op >= 0x50 && in->op <= 0x57;
    const bool only_moves = effect != LM_EFFECT_USE || pushes;
    if (reads_it && (!only_moves || lea))
        return USED;
    if (reads_it && in->memory && !writes && !pushes) {
        s->back = same_place_but_for(s->load, in, 0) && !(address_registers(in) & s->lost);
        return STORED;
    }
    const bool partly = in->map == 0 && in->size == 2; /* keeps the rest of the register */
    if (reads_it)
        s->alias |= writes;
    else if (!partly)
        s->alias &= ~writes;
    s->masked = s->masked || (reads_it && effect == LM_EFFECT_LOGIC);
    s->lost |= writes;
    return s->alias ? GOES_ON : DEAD;
}

static end follow(search *s) {
    for (int i = 0; i < LOOK_AHEAD; i++) {
        lm_instruction in;
        if (!next(s->pc, &in))
            return UNKNOWN;
        s->neighbour = s->neighbour || is_neighbour(s, &in);
        s->pc += in.length;
        const end reached = step(s, &in);
        if (reached != GOES_ON)
            return reached;
    }
    return UNKNOWN;
}

/* Load, store, load, store, ...: the neighbour comes after the first store. */
static bool neighbour_follows(search *s) {
    lm_instruction in;
    for (int i = 0; i < LOOK_BEYOND && next(s->pc, &in); i++) {
        lm_register_set reads, writes;
        if (is_neighbour(s, &in))
            return true;
        if (!lm_decode_registers(&in, &reads, &writes))
            return false;
        s->lost |= writes;
        s->pc += in.length;
    }
    return false;
}

static bool neighbour_preceded(const lm_moment *m, const lm_touch *touch, const lm_read *before) {
    lm_instruction first, in;
    if (before->pc >= m->pc || m->pc - before->pc > LOOK_BACK)
        return false;
    if (before->at + before->bytes != touch->at && touch->at + touch->bytes != before->at)
        return false;
    if (!next(before->pc, &first) || first.base != m->in.base || first.index != m->in.index)
        return false;
    lm_register_set reads, writes;
    for (uintptr_t pc = before->pc; pc < m->pc; pc += in.length)
        if (!next(pc, &in) || !lm_decode_registers(&in, &reads, &writes) ||
            writes & address_registers(&first))
            return false;
    return true;
}

/* The registers that the instruction loads. */
static lm_register_set loaded(const lm_instruction *in) {
    lm_register_set reads, writes;
    return lm_decode_registers(in, &reads, &writes) ? writes : 0;
}

bool lm_use_tells(const lm_moment *m, const lm_touch *touch, const lm_read *before) {
    const bool plain = touch->bytes <= PLAIN;
    if (m->deed.string)
        return m->deed.effect == LM_EFFECT_USE;
    if (m->deed.effect == LM_EFFECT_USE)
        return true;
    if (touch->how & LM_WRITES)
        return false; /* or, and, xchg: a bit field's first bits, or a swap */
    if (m->in.map == 0 && m->in.op >= 0xd8 && m->in.op <= 0xdf)
        return touch->bytes <= LONG_DOUBLE;
    search s = {.load = &m->in,
                .bytes = touch->bytes,
                .pc = m->pc + m->in.length,
                .alias = loaded(&m->in),
                .masked = m->deed.effect == LM_EFFECT_LOGIC};
    s.lost = s.alias;
    if (!s.alias)
        return false;
    switch (follow(&s)) {
    case USED:
        return true;
    case STORED:
        if (s.back || !plain)
            return false;
        if (s.masked)
            return true;
        return !s.neighbour && !neighbour_follows(&s) && !neighbour_preceded(m, touch, before);
    case DEAD:
        return false;
    default:
        return plain && !s.neighbour;
    }
}
