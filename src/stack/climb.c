#include "stack/climb.h"

#include "stack/cache.h"
#include "stack/cfi.h"
#include "stack/modules.h"
#include "stack/row.h"

enum {
    OWN_MOST = 64,    /* frames of Loam's own in a stack */
    SIGNALS_MOST = 8, /* handlers within handlers, each of which may lead to another stack */
};

/* An address in the call, where what holds is what held when the function was left. */
static uintptr_t place(const lm_climb *w) {
    return w->registers.at[LM_MACHINE_PC] - !w->exact;
}

static bool find_object(lm_climb *w, uintptr_t pc) {
    if (!w->object_here || pc < w->object.start || pc >= w->object.end)
        w->object_here = lm_object_find(pc, &w->object);
    return w->object_here;
}

/* A handler's caller is where the signal came, on whatever stack that was. */
static lm_step leave_handler(lm_climb *w) {
    w->exact = true;
    w->extent = lm_extent_of(w->registers.at[LM_MACHINE_SP]);
    return ++w->signals > SIGNALS_MOST ? LM_STEP_BAD : LM_STEP_DONE;
}

/* Where the tables don't know the code. Frame pointers may be what the code likes, so where they
 * lead must look like a caller. */
static lm_step step_without_tables(lm_climb *w) {
    const lm_step step = lm_step_chain(&w->extent, &w->registers);
    w->exact = false;
    if (step == LM_STEP_DONE && LM_MACHINE_TABLES && lm_object_known() && !find_object(w, place(w)))
        return LM_STEP_BAD;
    return step;
}

static bool read_tables(const lm_climb *w, uintptr_t pc, lm_cfi *cfi, lm_row *row) {
    const lm_object_bytes segment = lm_object_segment(&w->object, w->object.unwind_header);
    const lm_cfi_tables tables = {segment.start, segment.end, w->object.unwind_header};
    return segment.start && lm_cfi_find(&tables, pc, cfi) && lm_row_at(cfi, pc, row);
}

/* ---- The trail ------------------------------------------------------------------------------- */

static void add_slot(lm_trail *trail, uintptr_t at, uintptr_t value) {
    if (trail->count == LM_TRAIL_SLOTS)
        trail->whole = false;
    else
        trail->slots[trail->count++] = (lm_trail_slot){at, value};
}

/* The frame pointer is read wherever a function saved it, but it leads the way only where a rule goes
 * by it: elsewhere it may be any value, and another each time. */
static void add_fp(lm_trail *trail) {
    if (trail->fp_pending)
        add_slot(trail, trail->fp.at, trail->fp.value);
    trail->fp_pending = false;
}

/* What a remembered step read, which led from `before` to where the walk is now. */
static void add_step(lm_trail *trail, const lm_cache_step *rule, const lm_registers *before,
                     const lm_registers *after) {
    const uintptr_t fp = before->at[LM_MACHINE_FP], cfa = after->at[LM_MACHINE_SP];
    if (rule->last)
        return;
    if (rule->cfa != LM_CACHE_CFA_SP || rule->fp == LM_CACHE_FP_AT_FP)
        add_fp(trail);
    if (rule->cfa == LM_CACHE_CFA_LOADED)
        add_slot(trail, fp + (uintptr_t)rule->cfa_value, cfa);
    add_slot(trail, cfa - sizeof cfa, after->at[LM_MACHINE_PC]);
    if (rule->fp == LM_CACHE_FP_SAME)
        return;
    trail->fp.at = (rule->fp == LM_CACHE_FP_AT_CFA ? cfa : fp) + (uintptr_t)rule->fp_value;
    trail->fp.value = after->at[LM_MACHINE_FP];
    trail->fp_pending = true;
}

/* An object of which the trail doesn't know yet that it must still be there. */
static void add_object(lm_trail *trail, const lm_object *object, uintptr_t place) {
    bool stays;
    const uint32_t id = lm_modules_note(object, &stays);
    if (id != 0 && stays)
        return;
    for (size_t i = 0; i < trail->checks; i++)
        if (trail->check[i].module == id && id != 0)
            return;
    if (id == 0 || trail->checks == LM_TRAIL_CHECKS)
        trail->whole = false;
    else
        trail->check[trail->checks++] = (lm_trail_check){place, id, (uint32_t)trail->count};
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* Not in the way of remembered steps: it takes the stack's greatest frame. */
static LM_NOINLINE lm_step step_by_tables(lm_climb *w, uintptr_t pc, lm_trail *trail) {
    lm_cfi cfi;
    lm_row row;
    lm_cache_step rule;
    const lm_registers before = w->registers;
    if (!read_tables(w, pc, &cfi, &row)) {
        if (trail)
            trail->whole = false;
        return step_without_tables(w);
    }
    const bool simple = lm_step_simple(&cfi, &row, &rule);
    if (simple)
        lm_cache_put(pc, &w->object, &rule);
    const lm_step step = lm_step_row(&cfi, &row, &w->extent, &w->registers);
    if (trail && simple && step == LM_STEP_DONE)
        add_step(trail, &rule, &before, &w->registers);
    else if (trail && step != LM_STEP_LAST)
        trail->whole = false;
    if (step != LM_STEP_DONE)
        return step;
    w->exact = false;
    return cfi.signal ? leave_handler(w) : step;
}

LM_INLINE lm_step step(lm_climb *w, lm_trail *trail) {
    const uintptr_t pc = place(w);
    const uintptr_t start = trail && w->object_here ? w->object.start : 0;
    if (!LM_MACHINE_TABLES || !find_object(w, pc)) {
        if (trail)
            trail->whole = false;
        return step_without_tables(w);
    }
    if (trail && w->object.start != start)
        add_object(trail, &w->object, pc);
    lm_cache_step rule;
    if (LM_UNLIKELY(!w->remember || !lm_cache_get(pc, &w->object, &rule)))
        return step_by_tables(w, pc, trail);
    w->exact = false;
    if (!trail)
        return lm_step_remembered(&rule, &w->extent, &w->registers);
    const lm_registers before = w->registers;
    const lm_step done = lm_step_remembered(&rule, &w->extent, &w->registers);
    if (done == LM_STEP_DONE)
        add_step(trail, &rule, &before, &w->registers);
    else if (done != LM_STEP_LAST)
        trail->whole = false;
    return done;
}

/* The extent for where the walk has come to: what it was, as long as it is known. */
static void move_extent(lm_climb *w) {
    const uintptr_t sp = w->registers.at[LM_MACHINE_SP];
    if (w->extent.sure == w->extent.end && sp < w->extent.end)
        w->extent.low = sp > LM_MACHINE_RED_ZONE ? sp - LM_MACHINE_RED_ZONE : 0;
    else
        w->extent = lm_extent_of(sp);
}

/* How many frames; *last: how it ended. */
LM_INLINE size_t follow(lm_climb *w, uintptr_t *frames, size_t max, lm_trail *trail,
                        lm_step *last) {
    size_t count = 0, own = 0;
    *last = LM_STEP_DONE;
    w->extent = lm_extent_of(w->registers.at[LM_MACHINE_SP]);
    w->object_here = false;
    w->signals = 0;
    while (count < max && own < OWN_MOST && (*last = step(w, trail)) == LM_STEP_DONE) {
        const uintptr_t pc = w->registers.at[LM_MACHINE_PC];
        if (pc == 0)
            break;
        if (LM_UNLIKELY(lm_object_is_loam(pc)))
            own++;
        else
            frames[count++] = pc;
        move_extent(w);
    }
    return count;
}

size_t lm_climb_follow(lm_climb *walk, uintptr_t *frames, size_t max) {
    const lm_registers here = walk->registers;
    const bool exact = walk->exact;
    lm_step last;
    walk->remember = true;
    const size_t count = follow(walk, frames, max, NULL, &last);
    if (LM_LIKELY(last != LM_STEP_UNKNOWN))
        return count;
    walk->registers = here; /* rare: once more, with all registers */
    walk->exact = exact;
    walk->remember = false;
    return follow(walk, frames, max, NULL, &last);
}

size_t lm_climb_trail(lm_climb *walk, uintptr_t *frames, size_t max, lm_trail *trail) {
    lm_step last;
    trail->whole = true;
    trail->count = trail->checks = 0;
    trail->caller = 0;
    walk->remember = true;
    const size_t count = follow(walk, frames, max, trail, &last);
    trail->lost = last == LM_STEP_UNKNOWN;
    if (last != LM_STEP_DONE && last != LM_STEP_LAST)
        trail->whole = false;
    return count;
}
