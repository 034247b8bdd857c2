#include "check/use.h"

#include "check/blocks.h"
#include "check/catch.h"
#include "os/os.h"

enum {
    FOLLOWED = 150, /* instructions, at most */
    FOLLOWED_PART = 24,
    LOOK_AHEAD = 12, /* instructions of code, for a neighbour */
    LOOK_BACK = 48,  /* bytes of code from the read before to this one */
    PLAIN = 8,       /* bytes of a plain number, at most; more is a vector, or an x87 number */
    LONG_DOUBLE = 10,
    AT_ONCE = 4,     /* instructions from a load to the store of an unoptimised assignment */
    STACK = 8 << 20, /* bytes above the stack pointer that may be the stack */
};

static const lm_register_set arguments = LM_GENERAL(LM_RDI) | LM_GENERAL(LM_RSI) |
                                         LM_GENERAL(LM_RDX) | LM_GENERAL(LM_RCX) | LM_GENERAL(8) |
                                         LM_GENERAL(9) | (lm_register_set)0xff << 16;
static const lm_register_set handed_over = /* to the kernel */
    LM_GENERAL(LM_RAX) | LM_GENERAL(LM_RDI) | LM_GENERAL(LM_RSI) | LM_GENERAL(LM_RDX) |
    LM_GENERAL(10) | LM_GENERAL(8) | LM_GENERAL(9);

static bool within(unsigned op, unsigned first, unsigned last) {
    return op - first <= last - first;
}

/* ---- Neighbours -------------------------------------------------------------------------------- */

/* What can't be decoded on this page ends the search: the next one may not be there. */
static bool next(uintptr_t pc, lm_instruction *in) {
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

/* A load from just before or behind, by the same registers. */
static bool is_neighbour(const lm_instruction *load, size_t bytes, const lm_instruction *in) {
    const uintptr_t none[LM_GENERAL_REGISTERS] = {0};
    lm_deed deed;
    if (!in->memory || in->rip || in->base != load->base || in->index != load->index ||
        in->scale != load->scale || !lm_decode_deed(in, none, 0, false, &deed) ||
        deed.touches != 1 || deed.touch[0].how != LM_READS || deed.effect != LM_EFFECT_MOVE)
        return false;
    const int64_t distance = in->displacement - load->displacement;
    return distance == (int64_t)bytes || distance == -(int64_t)deed.touch[0].bytes;
}

static bool neighbour_follows(const lm_halt *m, const lm_touch *touch) {
    lm_instruction in;
    lm_register_set reads, lost;
    uintptr_t pc = m->pc + m->in.length;
    if (!lm_decode_registers(&m->in, &reads, &lost))
        return false;
    for (int i = 0; i < LOOK_AHEAD && !(lost & address_registers(&m->in)) && next(pc, &in); i++) {
        lm_register_set writes;
        if (is_neighbour(&m->in, touch->bytes, &in))
            return true;
        if (!lm_decode_registers(&in, &reads, &writes))
            return false;
        lost |= writes;
        pc += in.length;
    }
    return false;
}

static bool neighbour_preceded(const lm_halt *m, const lm_touch *touch, const lm_read *before) {
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

/* ---- Kinds of instructions --------------------------------------------------------------------- */

static bool compares(const lm_instruction *in) {
    const unsigned op = in->op;
    if (in->map == 1)
        return !in->evex &&
               (op == 0x2e || op == 0x2f || op == 0xa3 || (op == 0xba && in->digit == 4));
    if (in->map != 0)
        return in->map == 2 && op == 0x17; /* ptest */
    return within(op, 0x38, 0x3d) || op == 0x84 || op == 0x85 || op == 0xa8 || op == 0xa9 ||
           (within(op, 0x80, 0x83) && in->digit == 7) ||
           ((op == 0xf6 || op == 0xf7) && in->digit < 2);
}

static bool sets_flags(const lm_instruction *in) {
    const unsigned op = in->op;
    if (compares(in))
        return true;
    if (in->map == 0)
        return op < 0x40 || within(op, 0x80, 0x83) || within(op, 0xc0, 0xc1) ||
               within(op, 0xd0, 0xd3) || op == 0x69 || op == 0x6b || within(op, 0xf6, 0xf7) ||
               within(op, 0xfe, 0xff);
    return in->map == 1 && !in->vex &&
           (op == 0xaf || op == 0xa3 || op == 0xba || within(op, 0xbc, 0xbd));
}

static bool is_conditional_move(const lm_instruction *in) {
    return in->map == 1 && !in->vex && within(in->op, 0x40, 0x4f);
}

static bool sets_by_condition(const lm_instruction *in) {
    return in->map == 1 && !in->vex && within(in->op, 0x90, 0x9f);
}

static bool branches(const lm_instruction *in) {
    return (in->map == 0 && within(in->op, 0x70, 0x7f)) ||
           (in->map == 1 && !in->vex && within(in->op, 0x80, 0x8f));
}

/* add, and lea as an addition */
static bool adds(const lm_instruction *in) {
    return in->map == 0 &&
           (in->op <= 0x05 || in->op == 0x8d || (within(in->op, 0x80, 0x83) && in->digit == 0));
}

/* ---- Following --------------------------------------------------------------------------------- */

/* Nobody used it. */
static lm_use give_up(const lm_watch *w) {
    const bool alone = w->kept && !w->part && !w->stored_in_heap && !w->neighbour;
    return alone && w->touch.bytes <= PLAIN ? LM_USE_YES : LM_USE_NO;
}

static bool is_slot(const lm_watch *w, const lm_touch *touch) {
    for (unsigned i = 0; i < w->slots; i++)
        if (touch->at < w->slot[i].at + w->slot[i].bytes &&
            w->slot[i].at < touch->at + touch->bytes)
            return true;
    return false;
}

static void forget_slot(lm_watch *w, const lm_touch *touch) {
    for (unsigned i = 0; i < w->slots; i++)
        if (touch->at == w->slot[i].at)
            w->slot[i] = w->slot[--w->slots];
}

static void remember_slot(lm_watch *w, const lm_halt *m, const lm_touch *touch) {
    lm_block block;
    const bool on_stack = touch->at - (m->general[LM_RSP] - STACK) < 2 * (uintptr_t)STACK;
    const bool at_once = w->left + AT_ONCE > FOLLOWED && m->in.memory && m->in.base == LM_RBP;
    if (lm_blocks_find(touch->at, &block))
        w->stored_in_heap = true;
    else if (!on_stack || at_once)
        w->kept = true;
    if (!is_slot(w, touch))
        w->slot[w->slots < LM_WATCH_SLOTS ? w->slots++ : 0] = *touch;
}

/* Jumps and calls. */
static lm_use look_control(lm_watch *w, const lm_halt *m) {
    const lm_instruction *in = &m->in;
    const unsigned op = in->op;
    lm_register_set through = address_registers(in);
    if (branches(in))
        return w->flags ? LM_USE_YES : LM_USE_WATCH;
    if (in->map == 1 && op == 0x05) /* syscall */
        return w->alias & handed_over ? LM_USE_YES : give_up(w);
    if (in->map != 0)
        return give_up(w);
    if (op == 0xff && in->has_modrm && !in->memory)
        through |= LM_GENERAL(in->rm);
    if (op == 0xff || op == 0xe8 || op == 0xe9 || op == 0xeb || op == 0xc3 || op == 0xc2 ||
        op == 0xc9)
        return through & w->alias ? LM_USE_YES : LM_USE_WATCH;
    return give_up(w);
}

/* Whether it reads the value from memory; what it writes there without it is forgotten. */
static bool reads_slot(const lm_watch *w, const lm_halt *m) {
    for (unsigned i = 0; m->judged && i < m->deed.touches; i++)
        if (m->deed.touch[i].how & LM_READS && is_slot(w, &m->deed.touch[i]))
            return true;
    return false;
}

static const lm_touch *written(const lm_halt *m) {
    for (unsigned i = 0; m->judged && i < m->deed.touches; i++)
        if (m->deed.touch[i].how & LM_WRITES)
            return &m->deed.touch[i];
    return NULL;
}

/* Back where it came from. */
static lm_use put_back(lm_watch *w) {
    w->back = w->bits.unwritten;
    return LM_USE_NO;
}

/* Of two registers that hold it one may be changed: then nothing is known. */
static void follow_bits(lm_watch *w, const lm_halt *m) {
    lm_bits bits = w->bits;
    const bool alone = (w->alias & (w->alias - 1)) == 0;
    const lm_bits_deed deed = written(m) ? LM_BITS_TESTED : lm_bits_step(m, 0, &bits);
    if (deed == LM_BITS_KEPT && (alone || lm_decode_effect(&m->in) == LM_EFFECT_MOVE))
        w->bits = bits;
    else if (deed != LM_BITS_TESTED)
        w->bits.unwritten = 0;
}

/* An instruction that reads the value. */
static lm_use look_reader(lm_watch *w, const lm_halt *m, lm_register_set reads,
                          lm_register_set writes) {
    const lm_instruction *in = &m->in;
    const lm_effect effect = lm_decode_effect(in);
    const bool pushes = in->map == 0 && within(in->op, 0x50, 0x57);
    const lm_touch *to = written(m);
    if (compares(in)) {
        w->flags = true;
        return LM_USE_WATCH;
    }
    if (is_conditional_move(in) && !lm_halt_condition(m->context, in->op & 15))
        return LM_USE_WATCH;
    if ((effect == LM_EFFECT_USE || adds(in)) && !pushes && !(w->masked && adds(in)))
        return LM_USE_YES;
    follow_bits(w, m);
    w->flags = sets_flags(in) ? true : w->flags;
    w->masked = w->masked || effect == LM_EFFECT_LOGIC;
    if (to && to->at == w->touch.at)
        return put_back(w);
    if (to)
        remember_slot(w, m, to);
    w->alias |= writes;
    w->offered = to ? w->offered & ~reads : w->offered | writes;
    return LM_USE_WATCH;
}

/* An instruction that doesn't. */
static lm_use pass_by(lm_watch *w, const lm_halt *m, lm_register_set writes) {
    const lm_instruction *in = &m->in;
    const lm_touch *to = written(m);
    if (to)
        forget_slot(w, to);
    if (sets_flags(in))
        w->flags = false;
    const bool partly = (in->map == 0 && in->size == 2) ||
                        (is_conditional_move(in) && !lm_halt_condition(m->context, in->op & 15));
    w->alias &= partly ? w->alias : ~writes;
    w->offered &= w->alias;
    return w->alias || w->slots || w->flags ? LM_USE_WATCH : give_up(w);
}

static lm_use look_known(lm_watch *w, const lm_halt *m, lm_register_set reads,
                         lm_register_set writes) {
    const lm_instruction *in = &m->in;
    const bool lea = in->map == 0 && in->op == 0x8d;
    if (!lea && address_registers(in) & w->alias)
        return LM_USE_YES;
    if (is_conditional_move(in) && w->flags)
        return LM_USE_YES;
    if (is_conditional_move(in) && lm_halt_condition(m->context, in->op & 15))
        reads &= ~writes; /* what it held is gone */
    if (sets_by_condition(in) && w->flags) {
        w->alias |= writes;
        return LM_USE_WATCH;
    }
    if (reads & w->alias || reads_slot(w, m))
        return look_reader(w, m, reads, writes);
    return pass_by(w, m, writes);
}

/* ---- What was written in part ------------------------------------------------------------------ */

static lm_use by_condition(const lm_watch *w, unsigned condition) {
    const bool equality = (condition & 14) == 4;
    return w->flags && !(equality && w->bits.decided) ? LM_USE_YES : LM_USE_WATCH;
}

static uint64_t value_of(const lm_watch *w, const lm_halt *m) {
    for (unsigned i = 0; i < LM_GENERAL_REGISTERS; i++)
        if (w->alias & LM_GENERAL(i))
            return m->general[i];
    return 0;
}

static lm_use store_part(lm_watch *w, const lm_halt *m, const lm_touch *to) {
    const bool on_stack = m->in.memory && (m->in.base == LM_RBP || m->in.base == LM_RSP);
    const bool plain = m->in.map == 0 && m->in.op == 0x89;
    if (to->at == w->touch.at && (w->alias & (w->alias - 1)) == 0)
        return put_back(w);
    if (!plain || !on_stack || to->bytes < w->touch.bytes)
        return LM_USE_NO;
    w->slots = 1;
    w->slot[0] = *to;
    return LM_USE_WATCH;
}

/* An instruction that reads it: what is left of it, and where. */
static lm_use read_part(lm_watch *w, const lm_halt *m, lm_register_set writes) {
    lm_bits bits = w->bits;
    const lm_effect effect = lm_decode_effect(&m->in);
    switch (lm_bits_step(m, value_of(w, m), &bits)) {
    case LM_BITS_TESTED:
        w->flags = bits.unwritten != 0;
        w->bits.decided = bits.decided;
        return LM_USE_WATCH;
    case LM_BITS_KEPT:
        break;
    default:
        return LM_USE_NO;
    }
    if (bits.unwritten == 0) {
        w->flags = false;
        w->alias &= ~writes;
        return w->alias || w->slots ? LM_USE_WATCH : LM_USE_NO;
    }
    w->alias = effect == LM_EFFECT_MOVE ? w->alias | writes : writes;
    w->flags = sets_flags(&m->in);
    w->bits = bits;
    if (bits.written == 0) { /* the rest of it is as if it had been loaded alone */
        w->part = false;
        w->masked = true;
        w->offered = w->alias;
        w->left = FOLLOWED;
    }
    return LM_USE_WATCH;
}

static lm_use look_part(lm_watch *w, const lm_halt *m) {
    const lm_instruction *in = &m->in;
    lm_register_set reads, writes;
    const bool lea = in->map == 0 && in->op == 0x8d;
    if (branches(in))
        return by_condition(w, in->op & 15);
    if (in->map == 0 && (in->op == 0xe9 || in->op == 0xeb))
        return LM_USE_WATCH;
    if (!lm_decode_registers(in, &reads, &writes))
        return LM_USE_NO;
    if (w->flags && (sets_by_condition(in) || is_conditional_move(in)))
        return by_condition(w, in->op & 15) == LM_USE_YES ? LM_USE_YES : LM_USE_NO;
    if (!lea && address_registers(in) & w->alias)
        return LM_USE_YES;
    const lm_touch *to = written(m);
    if (reads & w->alias && to)
        return store_part(w, m, to);
    if (reads & w->alias || reads_slot(w, m))
        return read_part(w, m, writes);
    return pass_by(w, m, writes);
}

static lm_use begin_part(lm_watch *w, const lm_halt *m, uint64_t value) {
    lm_register_set reads, writes;
    if (w->touch.bytes > PLAIN || !lm_decode_registers(&m->in, &reads, &writes))
        return LM_USE_NO;
    lm_bits bits = w->bits;
    w->part = true;
    w->left = FOLLOWED_PART;
    switch (lm_bits_step(m, value, &bits)) {
    case LM_BITS_TESTED:
        w->flags = bits.unwritten != 0;
        w->bits = bits;
        return w->flags ? LM_USE_WATCH : LM_USE_NO;
    case LM_BITS_KEPT:
        w->alias = writes;
        w->bits = bits;
        return LM_USE_WATCH;
    default:
        return LM_USE_NO;
    }
}

/* ---- All of it --------------------------------------------------------------------------------- */

/* A vector that is left in a register is no argument. */
static lm_use enter_library(const lm_watch *w) {
    return w->touch.bytes <= PLAIN && w->offered & arguments ? LM_USE_YES : give_up(w);
}

lm_use lm_use_look(lm_watch *w, const lm_halt *m) {
    lm_register_set reads, writes;
    if (lm_catch_seam.is_library && lm_catch_seam.is_library(m->pc))
        return w->part ? LM_USE_NO : enter_library(w);
    if (!m->decoded || w->left-- == 0)
        return give_up(w);
    if (w->part)
        return look_part(w, m);
    if (lm_decode_registers(&m->in, &reads, &writes))
        return look_known(w, m, reads, writes);
    return look_control(w, m);
}

lm_use lm_use_begin(lm_watch *w, const lm_halt *m, const lm_touch *touch, const lm_read *before,
                    const lm_bits *bits, uint64_t value) {
    const lm_instruction *in = &m->in;
    lm_register_set reads, writes;
    const bool part = bits->written != 0;
    if (m->deed.string)
        return !part && m->deed.effect == LM_EFFECT_USE ? LM_USE_YES : LM_USE_NO;
    if (touch->how & LM_WRITES) /* or, and, xchg: a bit field's first bits, or a swap */
        return !part && m->deed.effect == LM_EFFECT_USE ? LM_USE_YES : LM_USE_NO;
    *w = (lm_watch){.touch = *touch, .left = FOLLOWED, .bits = *bits};
    if (part)
        return begin_part(w, m, value);
    if (compares(in)) {
        w->flags = true;
        return LM_USE_WATCH;
    }
    if (is_conditional_move(in) && !lm_halt_condition(m->context, in->op & 15))
        return LM_USE_NO;
    if (m->deed.effect == LM_EFFECT_USE)
        return LM_USE_YES;
    if (in->map == 0 && within(in->op, 0xd8, 0xdf))
        return touch->bytes <= LONG_DOUBLE ? LM_USE_YES : LM_USE_NO;
    if (!lm_decode_registers(in, &reads, &writes) || !writes)
        return LM_USE_NO;
    w->alias = w->offered = writes;
    w->flags = sets_flags(in);
    w->masked = m->deed.effect == LM_EFFECT_LOGIC;
    w->neighbour = neighbour_follows(m, touch) || neighbour_preceded(m, touch, before);
    return LM_USE_WATCH;
}
