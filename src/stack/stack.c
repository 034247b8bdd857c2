#include "stack/stack.h"

#include "stack/cache.h"
#include "stack/cfi.h"
#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/object.h"
#include "stack/row.h"
#include "stack/step.h"

enum {
    OWN_MOST = 64,    /* frames of Loam's own in a stack */
    SIGNALS_MOST = 8, /* handlers within handlers, each of which may lead to another stack */
};

typedef struct walk {
    lm_registers registers;
    lm_extent extent;
    lm_object object; /* that of the last step; most callers are in the same */
    bool object_here;
    bool exact;    /* pc isn't a return address: the function stands at it, not behind a call */
    bool remember; /* use the cache, which keeps track of pc, sp and fp only */
    unsigned signals;
} walk;

/* An address in the call, where what holds is what held when the function was left. */
static uintptr_t place(const walk *w) {
    return w->registers.at[LM_MACHINE_PC] - !w->exact;
}

static bool find_object(walk *w, uintptr_t pc) {
    if (!w->object_here || pc < w->object.start || pc >= w->object.end)
        w->object_here = lm_object_find(pc, &w->object);
    return w->object_here;
}

/* A handler's caller is where the signal came, on whatever stack that was. */
static lm_step leave_handler(walk *w) {
    w->exact = true;
    w->extent = lm_extent_of(w->registers.at[LM_MACHINE_SP]);
    return ++w->signals > SIGNALS_MOST ? LM_STEP_BAD : LM_STEP_DONE;
}

/* Where the tables don't know the code. Frame pointers may be what the code likes, so where they
 * lead must look like a caller. */
static lm_step step_without_tables(walk *w) {
    const lm_step step = lm_step_chain(&w->extent, &w->registers);
    w->exact = false;
    if (step == LM_STEP_DONE && LM_MACHINE_TABLES && lm_object_known() && !find_object(w, place(w)))
        return LM_STEP_BAD;
    return step;
}

static bool read_tables(const walk *w, uintptr_t pc, lm_cfi *cfi, lm_row *row) {
    const lm_object_bytes segment = lm_object_segment(&w->object, w->object.unwind_header);
    const lm_cfi_tables tables = {segment.start, segment.end, w->object.unwind_header};
    return segment.start && lm_cfi_find(&tables, pc, cfi) && lm_row_at(cfi, pc, row);
}

/* Not in the way of remembered steps: it takes the stack's greatest frame. */
static LM_NOINLINE lm_step step_by_tables(walk *w, uintptr_t pc) {
    lm_cfi cfi;
    lm_row row;
    if (!read_tables(w, pc, &cfi, &row))
        return step_without_tables(w);
    lm_cache_step rule;
    if (lm_step_simple(&cfi, &row, &rule))
        lm_cache_put(pc, &w->object, &rule);
    const lm_step step = lm_step_row(&cfi, &row, &w->extent, &w->registers);
    if (step != LM_STEP_DONE)
        return step;
    w->exact = false;
    return cfi.signal ? leave_handler(w) : step;
}

static lm_step step(walk *w) {
    const uintptr_t pc = place(w);
    if (!LM_MACHINE_TABLES || !find_object(w, pc))
        return step_without_tables(w);
    lm_cache_step rule;
    if (LM_UNLIKELY(!w->remember || !lm_cache_get(pc, &w->object, &rule)))
        return step_by_tables(w, pc);
    w->exact = false;
    return lm_step_remembered(&rule, &w->extent, &w->registers);
}

/* The extent for where the walk has come to: what it was, as long as it is known. */
static void move_extent(walk *w) {
    const uintptr_t sp = w->registers.at[LM_MACHINE_SP];
    if (w->extent.sure == w->extent.end && sp < w->extent.end)
        w->extent.low = sp > LM_MACHINE_RED_ZONE ? sp - LM_MACHINE_RED_ZONE : 0;
    else
        w->extent = lm_extent_of(sp);
}

/* How many frames; *unknown when it ended at a rule that needs registers which weren't tracked. */
static size_t follow(walk *w, uintptr_t *frames, size_t max, bool *unknown) {
    size_t count = 0, own = 0;
    lm_step last = LM_STEP_DONE;
    w->extent = lm_extent_of(w->registers.at[LM_MACHINE_SP]);
    w->object_here = false;
    w->exact = true;
    w->signals = 0;
    while (count < max && own < OWN_MOST && (last = step(w)) == LM_STEP_DONE) {
        const uintptr_t pc = w->registers.at[LM_MACHINE_PC];
        if (pc == 0)
            break;
        if (LM_UNLIKELY(lm_object_is_loam(pc)))
            own++;
        else
            frames[count++] = pc;
        move_extent(w);
    }
    *unknown = last == LM_STEP_UNKNOWN;
    return count;
}

LM_NOINLINE size_t lm_stack_capture(uintptr_t *frames, size_t max) {
    walk w;
    bool unknown;
    w.registers.known = LM_MACHINE_KEPT | (uint64_t)1 << LM_MACHINE_PC;
    lm_machine_capture(w.registers.at);
    const lm_registers here = w.registers;
    w.remember = true;
    size_t count = follow(&w, frames, max, &unknown);
    if (LM_UNLIKELY(unknown)) { /* rare: once more, with all registers */
        w.registers = here;
        w.remember = false;
        count = follow(&w, frames, max, &unknown);
    }
    return count;
}
