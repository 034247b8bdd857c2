#include "check/mark.h"

#include "check/grow.h"
#include "check/mark_habit.h"
#include "check/mark_inside.h"
#include "check/mark_table.h"
#include "check/roots.h"

/* What is being looked for, one after the other. */
typedef enum phase { REACHED, HABITS, POSSIBLE, LEADERS, LOST } phase;

/* Blocks whose words are still to be looked at. Each block is put here once in each phase at most, and no
 * block in two phases. */
static struct {
    lm_grow memory;
    uint32_t *at;
    size_t count;
    phase phase;
    uint32_t seed; /* the direct block whose group is being found */
    bool met;      /* a lost one led to another one's group */
} work;

static uint32_t number_of(const lm_marked *block) {
    return (uint32_t)(block - lm_marks.blocks);
}

static void push(const lm_marked *block) {
    work.at[work.count++] = number_of(block);
}

static void take(lm_marked *block) {
    block->reach = LM_REACH_REACHED;
    push(block);
}

static void reach(lm_marked *block, uintptr_t word) {
    if (block->reach == LM_REACH_REACHED)
        return;
    if (word == block->start || lm_mark_inside(block, word)) {
        take(block);
    } else {
        const uintptr_t inside = word - block->start;
        if (!block->inside || inside < block->leader)
            block->leader = inside < UINT32_MAX ? (uint32_t)inside : UINT32_MAX;
        block->inside = true;
        if (work.phase == HABITS && lm_mark_habit(block))
            take(block);
    }
}

/* `inside` blocks are seeds of their own, so they join no other's group. */
static void maybe_reach(lm_marked *block) {
    if (block->reach != LM_REACH_LOST || block->inside)
        return;
    block->reach = LM_REACH_POSSIBLE;
    block->indirect = true;
    block->leader = work.seed;
    push(block);
}

/* Whoever is met is no leader, unless it was one before. */
static void follow(lm_marked *block) {
    const uint32_t number = number_of(block);
    if (block->reach != LM_REACH_LOST || number == work.seed)
        return;
    if (block->indirect || number < work.seed) {
        work.met = work.met || block->leader != work.seed;
        return;
    }
    block->indirect = true;
    block->leader = work.seed;
    push(block);
}

/* Each joins the first that gets to it. */
static void join(lm_marked *block) {
    if (block->reach != LM_REACH_LOST || block->grouped)
        return;
    block->indirect = true;
    block->grouped = true;
    block->leader = work.seed;
    push(block);
}

static void look(const uintptr_t *words, size_t count, uintptr_t from, void *context) {
    (void)from;
    (void)context;
    for (size_t i = 0; i < count; i++) {
        lm_marked *block = lm_mark_table_find(words[i]);
        if (!block)
            continue;
        if (work.phase <= HABITS)
            reach(block, words[i]);
        else if (work.phase == POSSIBLE)
            maybe_reach(block);
        else if (work.phase == LEADERS)
            follow(block);
        else
            join(block);
    }
}

static void drain(void) {
    while (work.count > 0) {
        const lm_marked *block = &lm_marks.blocks[work.at[--work.count]];
        lm_roots_memory(block->start, lm_marked_size(block), look, NULL);
    }
}

/* What is reached so leads to more of its kind, which is taken at once, and may show further habits. */
static void reach_by_habit(void) {
    work.phase = HABITS;
    lm_mark_habit_start();
    for (bool more = true; more;) {
        more = false;
        lm_mark_habit_count(lm_marks.blocks, lm_marks.count);
        for (size_t i = 0; i < lm_marks.count; i++) {
            lm_marked *block = &lm_marks.blocks[i];
            if (!lm_mark_habit(block))
                continue;
            take(block);
            more = true;
        }
        drain();
    }
}

static void lead(lm_marked *block) {
    work.seed = block->leader = number_of(block);
    push(block);
    drain();
}

static void mark_possible(void) {
    work.phase = POSSIBLE;
    for (size_t i = 0; i < lm_marks.count; i++) {
        lm_marked *block = &lm_marks.blocks[i];
        if (block->reach == LM_REACH_LOST && block->inside) {
            block->reach = LM_REACH_POSSIBLE;
            lead(block);
        }
    }
}

/* All in turn that nobody before led to. Of those that lead to each other and that no one else leads to, one is
 * among them. */
static void find_leaders(void) {
    work.phase = LEADERS;
    work.met = false;
    for (size_t i = 0; i < lm_marks.count; i++) {
        lm_marked *block = &lm_marks.blocks[i];
        if (block->reach == LM_REACH_LOST && !block->indirect)
            lead(block);
    }
}

/* When one of them leads to another, perhaps through what was that one's already: these anew, the last first, for
 * whoever leads to another one came after it. */
static void join_groups(void) {
    work.phase = LOST;
    for (size_t i = lm_marks.count; i-- > 0;) {
        lm_marked *block = &lm_marks.blocks[i];
        if (block->reach != LM_REACH_LOST || block->indirect)
            continue;
        block->grouped = true;
        lead(block);
    }
}

bool lm_mark(uint64_t since) {
    work.count = 0;
    if (!lm_mark_table_fill(since))
        return false;
    const size_t size = (lm_marks.count + 1) * sizeof(uint32_t);
    if (!lm_grow_to(&work.memory, size, size))
        return false;
    work.at = (void *)work.memory.at;
    work.phase = REACHED;
    lm_roots_each(look, NULL);
    drain();
    reach_by_habit();
    mark_possible();
    find_leaders();
    if (work.met)
        join_groups();
    return true;
}

void lm_mark_end(void) {
    lm_grow_end(&work.memory);
    lm_mark_table_end();
}

const lm_marked *lm_mark_blocks(size_t *count) {
    *count = lm_marks.count;
    return lm_marks.blocks;
}

const lm_marked *lm_mark_find(uintptr_t at) {
    return lm_mark_table_find(at);
}
