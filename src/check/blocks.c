#include "check/blocks.h"

#include "check/exact.h"
#include "check/table.h"
#include "check/tell.h"

/* A place is read while others may change it: what is read of it is one block's when the time of its making
 * and its state are the same before and after. */
static bool copy(const lm_place *place, lm_block *block) {
    enum { TRIES = 3 };
    for (int i = 0; i < TRIES; i++) {
        uint8_t state = lm_record_state(place->record);
        lm_moment made = place->record->allocated_at;
        if (state == LM_STATE_NONE)
            return false;
        lm_tell_copy(place, block);
        atomic_thread_fence(memory_order_acquire);
        if (lm_record_state(place->record) == state && place->record->allocated_at == made)
            return true;
    }
    return true;
}

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    lm_place place;
    if (lm_exact_owns((const void *)at))
        return lm_exact_find(at, block);
    return lm_table_find(at, &place) && copy(&place, block);
}

/* ---- All of them ------------------------------------------------------------------------------ */

typedef struct each {
    bool (*visit)(const lm_block *block, void *context);
    void *context;
    bool stopped;
} each;

static bool visit_exact(const lm_block *block, void *context) {
    each *e = context;
    e->stopped = !e->visit(block, e->context);
    return !e->stopped;
}

/* One that somebody is just making, resizing or freeing has its bytes still: they may be all that leads to
 * other blocks. */
static bool visit_live(const lm_place *place, void *context) {
    const each *e = context;
    lm_block block;
    if (!copy(place, &block) || !block.live)
        return true;
    return e->visit(&block, e->context);
}

void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    each e = {visit, context, false};
    lm_exact_each(visit_exact, &e);
    if (!e.stopped)
        lm_table_each(visit_live, &e);
}
