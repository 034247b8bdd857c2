#include "check/emulate.h"

#include <string.h>

/* The register's value after `bytes` of it were loaded: four clear the upper half, fewer keep the rest. */
static uintptr_t merged(uintptr_t old, uint64_t value, size_t bytes) {
    if (bytes == 8)
        return value;
    if (bytes == 4)
        return (uint32_t)value;
    const uint64_t mask = bytes == 2 ? 0xffff : 0xff;
    return (old & ~mask) | (value & mask);
}

static bool is_high_byte(const lm_instruction *in, unsigned number) {
    return !in->rex && number >= 4 && number < 8;
}

void lm_emulate_load(const lm_halt *m, uint64_t value, size_t bytes) {
    const unsigned number = m->in.reg;
    lm_halt_set_general(m->context, number, merged(m->general[number], value, bytes));
}

static uint64_t extended(uint64_t value, size_t bytes, bool with_sign) {
    const unsigned unused = 64 - 8 * (unsigned)bytes;
    return with_sign ? (uint64_t)((int64_t)(value << unused) >> unused) : value;
}

static bool one_byte(const lm_halt *m, unsigned char *at, size_t bytes) {
    const lm_instruction *in = &m->in;
    uint64_t value = 0;
    switch (in->op) {
    case 0x8a:
        if (is_high_byte(in, in->reg))
            return false;
        __attribute__((fallthrough));
    case 0x8b:
        memcpy(&value, at, bytes);
        lm_emulate_load(m, value, bytes);
        return true;
    case 0x63:
        memcpy(&value, at, bytes);
        lm_emulate_load(m, extended(value, bytes, true), in->size);
        return true;
    case 0x88:
        if (is_high_byte(in, in->reg))
            return false;
        __attribute__((fallthrough));
    case 0x89:
        memcpy(at, &m->general[in->reg], bytes);
        return true;
    case 0xc6:
    case 0xc7:
        memcpy(at, &in->immediate, bytes);
        return true;
    default:
        return false;
    }
}

static bool vector(const lm_halt *m, unsigned char *at, size_t bytes, bool store) {
    enum { VECTOR = 16 };
    unsigned char *place = lm_halt_vector(m->context, m->in.reg);
    if (!place || bytes > VECTOR)
        return false;
    if (store) {
        memcpy(at, place, bytes);
    } else {
        memset(place, 0, VECTOR);
        memcpy(place, at, bytes);
    }
    return true;
}

static bool two_bytes(const lm_halt *m, unsigned char *at, size_t bytes) {
    const lm_instruction *in = &m->in;
    uint64_t value = 0;
    switch (in->op) {
    case 0xb6:
    case 0xb7:
    case 0xbe:
    case 0xbf:
        memcpy(&value, at, bytes);
        lm_emulate_load(m, extended(value, bytes, in->op >= 0xbe), in->size);
        return true;
    case 0x28: /* movaps, which faults where it isn't aligned */
    case 0x29:
        return m->deed.touch[0].at % 16 == 0 && vector(m, at, bytes, in->op == 0x29);
    case 0x10:
    case 0x11:
        return vector(m, at, bytes, in->op == 0x11);
    case 0x6f:
    case 0x7f:
        if (in->prefix == LM_PREFIX_NONE ||
            (in->prefix == LM_PREFIX_66 && m->deed.touch[0].at % 16))
            return false;
        return vector(m, at, bytes, in->op == 0x7f);
    case 0x6e:
        return in->prefix == LM_PREFIX_66 && vector(m, at, bytes, false);
    case 0x7e:
        if (in->prefix == LM_PREFIX_F3)
            return vector(m, at, bytes, false);
        return in->prefix == LM_PREFIX_66 && vector(m, at, bytes, true);
    case 0xd6:
        return vector(m, at, bytes, true);
    default:
        return false;
    }
}

bool lm_emulate(const lm_halt *m, unsigned char *bytes) {
    const lm_instruction *in = &m->in;
    if (!m->judged || in->vex || in->segment || !in->memory || m->deed.touches != 1)
        return false;
    const size_t count = m->deed.touch[0].bytes;
    const bool done = (in->map == 0 && one_byte(m, bytes, count)) ||
                      (in->map == 1 && two_bytes(m, bytes, count)) ||
                      lm_emulate_arithmetic(m, bytes, count);
    if (done)
        lm_halt_set_pc(m->context, m->pc + in->length);
    return done;
}

static bool move(const lm_halt *m, unsigned char *to, const unsigned char *from) {
    const lm_touch *read = &m->deed.touch[0], *write = &m->deed.touch[1];
    if (to && from)
        memmove(to, from, write->bytes);
    else if (to)
        return lm_halt_copy(to, read->at, read->bytes) == read->bytes;
    else if (from)
        return lm_halt_put(write->at, from, write->bytes) == write->bytes;
    return to || from;
}

static void store(const lm_halt *m, unsigned char *to, size_t each) {
    for (size_t i = 0; i < m->deed.touch[0].bytes; i += each)
        memcpy(to + i, &m->general[LM_RAX], each);
}

bool lm_emulate_string(const lm_halt *m, unsigned char *to, const unsigned char *from) {
    const lm_instruction *in = &m->in;
    const size_t each = in->op & 1 ? in->size : 1;
    const bool moves = (in->op & 0xfe) == 0xa4, stores = (in->op & 0xfe) == 0xaa;
    if (!m->judged || !m->deed.string || m->backward || m->deed.touches != (moves ? 2 : 1) ||
        !(moves || (stores && to)) || (moves && !move(m, to, from)))
        return false;
    const size_t bytes = m->deed.touch[0].bytes;
    if (stores)
        store(m, to, each);
    lm_halt_set_general(m->context, LM_RDI, m->general[LM_RDI] + bytes);
    if (moves)
        lm_halt_set_general(m->context, LM_RSI, m->general[LM_RSI] + bytes);
    if (in->repeat)
        lm_halt_set_general(m->context, LM_RCX, 0);
    lm_halt_set_pc(m->context, m->pc + in->length);
    return true;
}
