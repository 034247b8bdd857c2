#include "check/shadow_tracked.h"

#include "base/bits.h"
#include "check/catch.h"
#include "check/use.h"

#include <string.h>

enum { DUMP_MOST = 64 /* bytes of a block that a tale shows */ };

/* ---- Tales ------------------------------------------------------------------------------------ */

/* What there is to tell of an access, kept until it is known whether it is to be told. */
typedef struct picture {
    lm_tale tale;
    lm_block block;
    uintptr_t from, to; /* the bad bytes */
    unsigned char bytes[DUMP_MOST], valid[DUMP_MOST / 8];
} picture;

/* The block's bytes around the place, which the teller couldn't read. */
static void draw(const lm_tracked *t, uintptr_t at, picture *p) {
    const size_t inside = at > t->block.start ? at - t->block.start : 0;
    size_t from = inside > DUMP_MOST / 2 ? (inside - DUMP_MOST / 2) & ~(size_t)7 : 0;
    if (from >= t->block.size)
        from = 0;
    const size_t left = t->block.size - from;
    const size_t count = left < DUMP_MOST ? left : DUMP_MOST;
    const size_t offset = t->block.start + from - t->pages;
    memcpy(p->bytes, t->copy + offset, count);
    for (size_t i = 0; i < count; i++)
        p->valid[i / 8] |= (unsigned char)((t->written[offset + i] != 0) << i % 8);
    p->tale.dump_size = count;
    p->tale.dump_at = (ptrdiff_t)from;
}

static void take_picture(picture *p, const lm_tracked *t, const lm_halt *m, const lm_touch *touch,
                         lm_code code) {
    *p = (picture){.block = t->block};
    p->tale = (lm_tale){
        .code = code,
        .certainty = LM_CERTAIN_EXACT,
        .access = touch->how & LM_WRITES && code != LM_CODE_UNINITIALISED_READ ? "write" : "read",
        .bytes = touch->bytes,
        .pointer = touch->at,
        .has_range = true,
    };
    draw(t, touch->at, p);
    if (lm_catch_seam.stack_of)
        p->tale.stack = lm_catch_seam.stack_of(m->context);
}

static void tell(picture *p, uintptr_t from, uintptr_t to) {
    p->tale.block = &p->block;
    p->tale.dump = p->bytes;
    p->tale.valid = p->valid;
    p->tale.first = (ptrdiff_t)(from - p->block.start);
    p->tale.last = (ptrdiff_t)(to - p->block.start) - 1;
    lm_shadow_count.told++;
    lm_tale_tell(&p->tale);
}

void lm_shadow_tell(const lm_tracked *t, const lm_halt *m, const lm_touch *touch, lm_code code,
                    uintptr_t from, uintptr_t to) {
    picture p;
    take_picture(&p, t, m, touch, code);
    tell(&p, from, to);
}

/* ---- Values that are followed ------------------------------------------------------------------ */

enum { WATCHES = 4, WATCHES_OF_BLOCK = 100 };

static struct {
    bool active;
    lm_watch watch;
    picture picture;
} watches[WATCHES];
static unsigned watching;

static struct {
    lm_block block;
    uintptr_t at, value;
} latest;

/* A value that the instruction at `pc` is about to put back where it came from, with bits that still aren't
 * written. */
typedef struct put_back {
    uintptr_t pc, at;
    uint64_t unwritten;
} put_back;
static put_back back;

bool lm_shadow_puts_back(uintptr_t pc, uintptr_t at, uint64_t *unwritten) {
    if (back.pc != pc || back.at != at)
        return false;
    *unwritten = back.unwritten;
    back.pc = 0;
    return true;
}

/* Told once. */
static void tell_read(picture *p) {
    const lm_tracked *t = lm_shadow_find(p->from);
    if (t) {
        lm_shadow_set_written(t, p->from, p->to, 0);
        latest.block = p->block;
        latest.at = p->from;
        latest.value = 0;
        memcpy(&latest.value, t->copy + (p->from - t->pages),
               lm_min(p->to - p->from, sizeof latest.value));
    }
    tell(p, p->from, p->to);
}

uintptr_t lm_shadow_told(uintptr_t value, lm_block *block) {
    if (!latest.at || latest.value != value)
        return 0;
    *block = latest.block;
    return latest.at;
}

void lm_shadow_watch(lm_tracked *t, const lm_halt *m, const lm_touch *touch, const lm_bits *bits) {
    unsigned i = 0;
    while (i < WATCHES && watches[i].active)
        i++;
    if (i == WATCHES || t->watches > WATCHES_OF_BLOCK || !lm_shadow_has_time())
        return;
    uint64_t value = 0;
    memcpy(&value, t->copy + (touch->at - t->pages), lm_min(touch->bytes, sizeof value));
    const lm_use use = lm_use_begin(&watches[i].watch, m, touch, &t->before, bits, value);
    if (use == LM_USE_NO)
        return;
    picture *p = &watches[i].picture;
    take_picture(p, t, m, touch, LM_CODE_UNINITIALISED_READ);
    const unsigned char *map = t->written + (touch->at - t->pages);
    p->from = touch->at;
    p->to = touch->at + touch->bytes;
    while (p->from + 1 < p->to &&
           *map == LM_SHADOW_ALL) /* the first to the last of which bits weren't written */
        p->from++, map++;
    while (p->to - 1 > p->from && map[p->to - 1 - p->from] == LM_SHADOW_ALL)
        p->to--;
    t->watches++;
    if (use == LM_USE_YES) {
        tell_read(p);
    } else {
        watches[i].active = true;
        watching++;
    }
}

bool lm_shadow_look(ucontext_t *context) {
    if (watching == 0)
        return false;
    lm_halt m;
    lm_halt_read_here(context, &m);
    lm_shadow_count.looks++;
    for (unsigned i = 0; i < WATCHES; i++) {
        if (!watches[i].active)
            continue;
        const lm_use use = lm_use_look(&watches[i].watch, &m);
        if (use == LM_USE_WATCH)
            continue;
        watches[i].active = false;
        watching--;
        if (use == LM_USE_YES)
            tell_read(&watches[i].picture);
        else
            back = (put_back){m.pc, watches[i].watch.touch.at, watches[i].watch.back};
    }
    lm_halt_single(context, watching > 0);
    return true;
}

void lm_shadow_look_away(ucontext_t *context) {
    if (watching == 0)
        return;
    for (unsigned i = 0; i < WATCHES; i++)
        watches[i].active = false;
    watching = 0;
    lm_halt_single(context, false);
}
