#include "check/shadow_tracked.h"

#include "base/bits.h"
#include "check/catch.h"
#include "check/emulate.h"
#include "check/exact.h"

#include <sys/single_threaded.h>

enum {
    LOOK_AT_CLOCK = 16, /* faults of a block */
    CHUNK_MOST = 64,    /* a vector's bytes */
};

/* ---- What is known of what is touched ---------------------------------------------------------- */

/* Of more than eight bytes: all the same, when one was written. */
static lm_bits bits_of(const lm_tracked *t, uintptr_t from, size_t bytes) {
    const unsigned char *map = t->written + (from - t->pages);
    lm_bits bits = {0, 0, false};
    for (size_t i = 0; i < bytes; i++) {
        const unsigned at = (unsigned)(i % sizeof(uint64_t)) * 8;
        bits.written |= (uint64_t)map[i] << at;
        bits.unwritten |= (uint64_t)(unsigned char)~map[i] << at;
    }
    return bits;
}

/* ---- Accesses --------------------------------------------------------------------------------- */

/* movups, movdqu, lddqu and their like: who writes them doesn't know how the bytes are aligned. */
static bool is_for_any_alignment(const lm_instruction *in) {
    const bool scalar = in->prefix == LM_PREFIX_F2 || in->prefix == LM_PREFIX_F3;
    return in->map == 1 && ((in->op == 0x10 && !scalar) || (in->op == 0x6f && scalar) ||
                            (in->op == 0xf0 && in->prefix == LM_PREFIX_F2));
}

/* Vectors may reach beyond the block within their own alignment: no other page and no other block is there,
 * and what they find isn't used. */
static bool is_harmless_beside(const lm_tracked *t, const lm_halt *m, const lm_touch *touch) {
    const uintptr_t end = t->block.start + t->block.size;
    return !is_for_any_alignment(&m->in) && touch->how == LM_READS && touch->bytes > 8 &&
           touch->bytes <= CHUNK_MOST && (touch->at & (touch->bytes - 1)) == 0 && touch->at < end &&
           t->block.start < touch->at + touch->bytes;
}

static void judge_beside(lm_tracked *t, const lm_halt *m, const lm_touch *touch) {
    const uintptr_t end = t->block.start + t->block.size, to = touch->at + touch->bytes;
    if ((touch->at >= t->block.start && to <= end) || is_harmless_beside(t, m, touch))
        return;
    t->told_beside = true;
    if (touch->at < t->block.start)
        lm_shadow_tell(t, m, touch, LM_CODE_HEAP_UNDERFLOW, touch->at, lm_min(to, t->block.start));
    else
        lm_shadow_tell(t, m, touch, LM_CODE_HEAP_OVERFLOW, lm_max(touch->at, end), to);
}

static void judge_read(lm_tracked *t, const lm_halt *m, const lm_touch *touch) {
    uintptr_t from = touch->at, to = touch->at + touch->bytes;
    if (!lm_shadow_clip(t, &from, &to))
        return;
    const lm_bits bits = bits_of(t, from, to - from);
    if (to - from == touch->bytes && bits.unwritten)
        lm_shadow_watch(t, m, touch, &bits);
    t->before = (lm_read){m->pc, touch->at, touch->bytes};
}

/* Of a byte or some, a few bits are written, and the rest is as it was. */
static void set_bits(const lm_tracked *t, const lm_touch *touch, uint64_t bits) {
    uintptr_t from = touch->at, to = touch->at + touch->bytes;
    if (!lm_shadow_clip(t, &from, &to))
        return;
    for (uintptr_t at = from; at < to; at++)
        t->written[at - t->pages] |= (unsigned char)(bits >> (at - touch->at) * 8);
}

static void note_write(const lm_tracked *t, const lm_halt *m, const lm_touch *touch) {
    const bool copies = m->deed.string && m->deed.touches == 2;
    uint64_t unwritten = 0;
    const bool is_back = lm_shadow_puts_back(m->pc, touch->at, &unwritten);
    const uint64_t stored = m->deed.string ? ~(uint64_t)0 : lm_bits_stored(&m->in);
    if (touch->bytes <= sizeof stored && (is_back || ~stored))
        set_bits(t, touch, is_back ? ~unwritten : stored);
    else
        lm_shadow_set_written(t, touch->at, touch->at + touch->bytes,
                              copies ? m->deed.touch[0].at : 0);
}

static void note(lm_tracked *t, const lm_halt *m, bool judged) {
    for (unsigned i = 0; i < m->deed.touches; i++) {
        const lm_touch *touch = &m->deed.touch[i];
        if (touch->at + touch->bytes <= t->pages || touch->at >= t->pages + t->bytes)
            continue;
        if (judged)
            judge_beside(t, m, touch);
        if (judged && touch->how & LM_READS)
            judge_read(t, m, touch);
        if (touch->how & LM_WRITES)
            note_write(t, m, touch);
    }
}

/* Its pages are open for the one instruction, or for good. */
static void let_run(lm_tracked *t, const lm_halt *m) {
    lm_shadow_bare(t);
    t->open = true;
    if (lm_catch_step(m->context, t->pages, lm_shadow_cover))
        lm_shadow_count.stepped++;
    else
        lm_shadow_end(t);
}

/* Where the bytes of an access lie, when they are all a tracked block's. */
static unsigned char *place_of(const lm_touch *touch) {
    const lm_tracked *t = lm_shadow_find(touch->at);
    if (!t || t->open || touch->at + touch->bytes > t->pages + t->bytes)
        return NULL;
    return t->copy + (touch->at - t->pages);
}

/* What lies in places of other blocks must fault there. */
static bool is_foreign(const lm_touch *touch) {
    return lm_exact_owns((const void *)touch->at) ||
           lm_exact_owns((const void *)(touch->at + touch->bytes));
}

static bool run_string(const lm_halt *m) {
    const lm_touch *last = &m->deed.touch[m->deed.touches - 1];
    unsigned char *to = place_of(last), *from = NULL;
    if (m->deed.touches == 2) {
        from = place_of(&m->deed.touch[0]);
        if (!from && is_foreign(&m->deed.touch[0]))
            return false;
    }
    if ((!to && is_foreign(last)) || !lm_emulate_string(m, to, from))
        return false;
    if (to) /* perhaps of another block than the one that faulted */
        lm_shadow_set_written(lm_shadow_find(last->at), last->at, last->at + last->bytes,
                              m->deed.touches == 2 ? m->deed.touch[0].at : 0);
    return true;
}

static bool run(lm_tracked *t, const lm_halt *m) {
    if (m->deed.string && m->deed.touches > 0)
        return run_string(m);
    const lm_touch *only = &m->deed.touch[0];
    if (m->deed.touches != 1 || only->at < t->pages || only->at + only->bytes > t->pages + t->bytes)
        return false;
    return lm_emulate(m, t->copy + (only->at - t->pages));
}

bool lm_shadow_fault(lm_halt *m, uintptr_t at) {
    lm_tracked *t = lm_shadow_tracks() ? lm_shadow_find(at) : NULL;
    if (!t || t->open)
        return false;
    lm_shadow_count.faults++;
    const bool over = ++t->faults > lm_shadow_setting.faults ||
                      (t->faults % LOOK_AT_CLOCK == 0 && !lm_shadow_has_time());
    const bool library = lm_catch_seam.is_library && lm_catch_seam.is_library(m->pc);
    if (over || !__libc_single_threaded || (!m->judged && !library)) {
        lm_shadow_end(t);
        return true;
    }
    if (!m->judged) { /* its strings, by whatever the machine has got */
        t->compared = true;
        let_run(t, m);
        return true;
    }
    note(t, m, !library);
    if (run(t, m)) {
        lm_shadow_count.emulated++;
        lm_shadow_look(m->context);
    } else if (m->deed.string && m->in.repeat) {
        lm_shadow_end(t); /* a step for each round is too slow */
    } else {
        let_run(t, m);
    }
    return true;
}
