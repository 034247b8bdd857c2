#include "check/mark_habit.h"

#include "check/amounts.h"
#include "stack/depot.h"

#include <string.h>

enum { PLACES = 4096, TRIES = 8 };

/* In place of an address inside: the caller puts headers before its blocks, whichever they are. */
#define ANY UINT32_MAX

/* Room for whatever comes; what finds none isn't counted. */
static struct {
    uintptr_t caller;
    uint32_t offset, count;
} habits[PLACES];

static bool may_be_one(const lm_marked *block) {
    return block->reach == LM_REACH_LOST && block->inside && block->leader != ANY;
}

/* How many there are, to be counted; NULL: no room. */
static uint32_t *number_of(const lm_marked *block, uint32_t offset) {
    uintptr_t caller;
    if (lm_depot_get(block->stack, &caller, 1, NULL) == 0)
        return NULL;
    const uint64_t hash = (caller ^ (uint64_t)offset << 32) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < TRIES; i++) {
        const size_t at = ((hash >> 32) + i) % PLACES;
        if (habits[at].caller == 0) {
            habits[at].caller = caller;
            habits[at].offset = offset;
        }
        if (habits[at].caller == caller && habits[at].offset == offset)
            return &habits[at].count;
    }
    return NULL;
}

void lm_mark_habit_start(void) {
    memset(habits, 0, sizeof habits);
}

/* Headers come in several sizes: what is seen often enough of one speaks for the others. */
void lm_mark_habit_count(const lm_marked *blocks, size_t count) {
    for (size_t i = 0; i < PLACES; i++)
        if (habits[i].count < LM_HABIT_LEAST)
            habits[i].count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!may_be_one(&blocks[i]))
            continue;
        uint32_t *number = number_of(&blocks[i], blocks[i].leader);
        if (!number || ++*number < LM_HABIT_LEAST || blocks[i].leader > LM_HABIT_HEADER)
            continue;
        uint32_t *any = number_of(&blocks[i], ANY);
        if (any)
            *any = LM_HABIT_LEAST;
    }
}

bool lm_mark_habit(const lm_marked *block) {
    if (!may_be_one(block))
        return false;
    const bool header = block->leader <= LM_HABIT_HEADER;
    const uint32_t *number = number_of(block, header ? ANY : block->leader);
    return number && *number >= LM_HABIT_LEAST;
}
