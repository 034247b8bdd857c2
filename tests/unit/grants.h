/* Runs of units from the arenas, for tests of arena.c and keep.c. */
#ifndef LM_TESTS_UNIT_GRANTS_H
#define LM_TESTS_UNIT_GRANTS_H

#include "heap/arena.h"

enum { RECORD = 128 };

static inline lm_grant take(uint32_t units) {
    lm_lock_take(&lm_arena_lock);
    lm_grant grant = lm_arena_take(units, RECORD, false);
    lm_lock_give(&lm_arena_lock);
    return grant;
}

/* `dirty`: it was written to; it may have been before, too. */
static inline void give(lm_grant grant, bool dirty) {
    lm_lock_take(&lm_arena_lock);
    lm_arena_give(grant.arena, grant.run.first, grant.run.count, dirty || grant.run.dirty != 0);
    lm_arena_give_record(grant.arena, grant.record, RECORD);
    lm_lock_give(&lm_arena_lock);
}

static inline char *address(lm_grant grant) {
    return (char *)grant.arena->lookup->base + ((size_t)grant.run.first << LM_UNIT_SHIFT);
}

#endif
