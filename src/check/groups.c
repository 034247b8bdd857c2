#include "check/groups.h"

#include "base/bits.h"
#include "check/grow.h"

/* A place of the hash table; 0: free, else the group's number and one. */
typedef uint32_t place;

static struct {
    lm_grow groups, table, leaders;
    size_t count, places;
} all;

static lm_group *groups(void) {
    return (void *)all.groups.at;
}

static bool leads(const lm_marked *block) {
    return block->reach != LM_REACH_REACHED && !block->indirect && !block->old;
}

static place *place_of(const lm_marked *block) {
    place *table = (void *)all.table.at;
    uint64_t hash = ((uint64_t)block->stack * 2 + (block->reach == LM_REACH_LOST)) *
                    UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = hash >> 32;; i++) {
        place *p = &table[i & (all.places - 1)];
        if (*p == 0)
            return p;
        const lm_group *g = &groups()[*p - 1];
        if (g->stack == block->stack && g->reach == block->reach)
            return p;
    }
}

static void add_direct(uint32_t number, const lm_marked *block) {
    place *p = place_of(block);
    if (*p == 0) {
        *p = (place)++all.count;
        groups()[*p - 1] = (lm_group){.stack = block->stack, .reach = block->reach};
    }
    lm_group *g = &groups()[*p - 1];
    g->blocks++;
    const size_t size = lm_marked_size(block);
    g->bytes += size;
    if (g->example == 0 || size > g->example_size) {
        g->example = block->start;
        g->example_size = size;
    }
    ((place *)(void *)all.leaders.at)[number] = *p;
}

static void add_indirect(const lm_marked *block) {
    const place p = ((place *)(void *)all.leaders.at)[block->leader];
    if (p == 0) /* its leader is old */
        return;
    groups()[p - 1].indirect_blocks++;
    groups()[p - 1].indirect_bytes += lm_marked_size(block);
}

static size_t weight(const lm_group *g) {
    return g->bytes + g->indirect_bytes;
}

static bool before(const lm_group *a, const lm_group *b) {
    if (a->reach != b->reach)
        return a->reach == LM_REACH_LOST;
    return weight(a) > weight(b);
}

/* Shell's sort. */
static void sort(void) {
    lm_group *g = groups();
    for (size_t gap = all.count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (size_t i = gap; i < all.count; i++) {
            const lm_group moving = g[i];
            size_t j = i;
            for (; j >= gap && before(&moving, &g[j - gap]); j -= gap)
                g[j] = g[j - gap];
            g[j] = moving;
        }
}

static bool make_room(size_t direct, size_t blocks) {
    all.places = (size_t)1 << lm_log2_ceil(direct * 2);
    const size_t table = all.places * sizeof(place), leaders = blocks * sizeof(place);
    return lm_grow_to(&all.groups, direct * sizeof(lm_group), direct * sizeof(lm_group)) &&
           lm_grow_to(&all.table, table, table) && lm_grow_to(&all.leaders, leaders, leaders);
}

bool lm_groups_make(void) {
    size_t blocks, direct = 0;
    const lm_marked *marked = lm_mark_blocks(&blocks);
    all.count = 0;
    for (size_t i = 0; i < blocks; i++)
        direct += leads(&marked[i]);
    if (direct == 0)
        return true;
    if (!make_room(direct, blocks))
        return false;
    for (size_t i = 0; i < blocks; i++)
        if (leads(&marked[i]))
            add_direct((uint32_t)i, &marked[i]);
    for (size_t i = 0; i < blocks; i++)
        if (marked[i].reach != LM_REACH_REACHED && marked[i].indirect)
            add_indirect(&marked[i]);
    sort();
    return true;
}

const lm_group *lm_groups(size_t *count) {
    *count = all.count;
    return groups();
}

void lm_groups_end(void) {
    lm_grow_end(&all.groups);
    lm_grow_end(&all.table);
    lm_grow_end(&all.leaders);
    all.count = 0;
}
