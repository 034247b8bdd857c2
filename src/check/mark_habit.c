#include "check/mark_habit.h"

#include "check/amounts.h"
#include "stack/depot.h"

#include <string.h>

enum { PLACES = 1024, TRIES = 8 };

/* Room for whatever comes; what finds none isn't counted. */
static struct {
    uintptr_t caller;
    uint32_t offset, count;
} habits[PLACES];

static bool may_be_one(const lm_marked *block) {
    return block->reach == LM_REACH_LOST && block->inside && block->leader <= LM_HABIT_FARTHEST;
}

/* Its place in the table, or PLACES. */
static size_t place_of(const lm_marked *block) {
    uintptr_t caller;
    if (lm_depot_get(block->stack, &caller, 1, NULL) == 0)
        return PLACES;
    const uint64_t hash = (caller * 128 + block->leader) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < TRIES; i++) {
        const size_t at = ((hash >> 32) + i) % PLACES;
        if (habits[at].caller == 0) {
            habits[at].caller = caller;
            habits[at].offset = block->leader;
        }
        if (habits[at].caller == caller && habits[at].offset == block->leader)
            return at;
    }
    return PLACES;
}

void lm_mark_habit_count(const lm_marked *blocks, size_t count) {
    memset(habits, 0, sizeof habits);
    for (size_t i = 0; i < count; i++) {
        if (!may_be_one(&blocks[i]))
            continue;
        const size_t at = place_of(&blocks[i]);
        if (at < PLACES)
            habits[at].count++;
    }
}

bool lm_mark_habit(const lm_marked *block) {
    if (!may_be_one(block))
        return false;
    const size_t at = place_of(block);
    return at < PLACES && habits[at].count >= LM_HABIT_LEAST;
}
