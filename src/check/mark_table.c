#include "check/mark_table.h"

#include "check/blocks.h"
#include "check/grow.h"

#include <string.h>

enum {
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS,
};

#define START_MASK (((uint64_t)1 << 48) - 1)

#define BLOCKS_MAX ((size_t)1 << 31)

lm_mark_table lm_marks;
static lm_grow block_memory, chunk_memory;

size_t lm_marked_long(const lm_marked *block) {
    lm_block whole;
    return lm_blocks_find(block->start, &whole) && whole.start == block->start ? whole.size
                                                                               : LM_MARKED_LONG;
}

/* ---- Taking the blocks ------------------------------------------------------------------------- */

static bool count_block(const lm_block *block, void *context) {
    (void)block;
    return ++*(size_t *)context < BLOCKS_MAX;
}

typedef struct taking {
    size_t room;
    uint64_t since;
} taking;

static bool take_block(const lm_block *block, void *context) {
    const taking *t = context;
    if (lm_marks.count == t->room)
        return false;
    lm_marked *m = &lm_marks.blocks[lm_marks.count++];
    *m = (lm_marked){.start = block->start & START_MASK,
                     .short_size = block->size < LM_MARKED_LONG ? block->size & LM_MARKED_LONG
                                                                : LM_MARKED_LONG,
                     .stack = block->allocated & LM_MARKED_STACKS};
    m->old = block->allocated_time < t->since;
    m->array = block->allocated_call && strcmp(block->allocated_call, "operator new[]") == 0;
    return true;
}

/* ---- Sorting them ------------------------------------------------------------------------------ */

static void sort_by_digit(const lm_marked *from, lm_marked *to, unsigned shift) {
    static uint32_t begin[DIGITS];
    memset(begin, 0, sizeof begin);
    for (size_t i = 0; i < lm_marks.count; i++)
        begin[from[i].start >> shift & (DIGITS - 1)]++;
    uint32_t sum = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        const uint32_t here = begin[i];
        begin[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < lm_marks.count; i++)
        to[begin[from[i].start >> shift & (DIGITS - 1)]++] = from[i];
}

static void reverse(lm_marked *from, lm_marked *to) {
    while (from < to) {
        const lm_marked last = *--to;
        *to = *from;
        *from++ = last;
    }
}

/* How many of the first `count` blocks, which are sorted, lie before the address. */
static size_t count_before(size_t count, uintptr_t at) {
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (lm_marks.blocks[middle].start < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t end_of_run(size_t from) {
    size_t to = from + 1;
    while (to < lm_marks.count && lm_marks.blocks[to - 1].start < lm_marks.blocks[to].start)
        to++;
    return to;
}

/* Blocks come in few runs, one for each range of addresses that Loam has, each of them sorted: then runs are put
 * where they belong, which needs no other memory. False: it isn't so. */
static bool sort_runs(void) {
    enum { RUNS_MOST = 64 };
    lm_marked *all = lm_marks.blocks;
    size_t sorted = end_of_run(0);
    for (unsigned runs = 0; sorted < lm_marks.count; runs++) {
        const size_t end = end_of_run(sorted);
        const size_t at = count_before(sorted, all[sorted].start);
        if (runs == RUNS_MOST || (at < sorted && all[at].start < all[end - 1].start))
            return false;
        reverse(all + at, all + sorted);
        reverse(all + sorted, all + end);
        reverse(all + at, all + end);
        sorted = end;
    }
    return true;
}

/* By digits, the lowest first; digits in which no two addresses differ are passed over. */
static bool sort_blocks(void) {
    lm_grow other = {0};
    uintptr_t differ = 0;
    if (sort_runs())
        return true;
    for (size_t i = 1; i < lm_marks.count; i++)
        differ |= lm_marks.blocks[i].start ^ lm_marks.blocks[0].start;
    const size_t size = lm_marks.count * sizeof(lm_marked);
    if (!lm_grow_to(&other, size, size))
        return false;
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!(differ >> shift & (DIGITS - 1)))
            continue;
        sort_by_digit((void *)block_memory.at, (void *)other.at, shift);
        const lm_grow swapped = block_memory;
        block_memory = other;
        other = swapped;
    }
    lm_marks.blocks = (void *)block_memory.at;
    lm_grow_end(&other);
    return true;
}

/* ---- The index --------------------------------------------------------------------------------- */

static size_t count_chunks(void) {
    size_t count = 0;
    uintptr_t last = UINTPTR_MAX;
    for (size_t i = 0; i < lm_marks.count; i++) {
        const uintptr_t number = lm_marks.blocks[i].start >> LM_MARK_CHUNK_SHIFT;
        count += number != last;
        last = number;
    }
    return count;
}

static void index_blocks(void) {
    lm_mark_chunk *chunk = lm_marks.chunks - 1;
    size_t page = LM_MARK_CHUNK_PAGES + 1; /* the next entry to be filled */
    for (size_t i = 0; i < lm_marks.count; i++) {
        const uintptr_t start = lm_marks.blocks[i].start;
        const uintptr_t number = start >> LM_MARK_CHUNK_SHIFT;
        if (i == 0 || chunk->number != number) {
            for (; page <= LM_MARK_CHUNK_PAGES; page++)
                chunk->pages[page] = (uint32_t)i;
            chunk++;
            chunk->number = number;
            page = 0;
        }
        for (; page <= (start >> LM_MARK_PAGE_SHIFT & (LM_MARK_CHUNK_PAGES - 1)); page++)
            chunk->pages[page] = (uint32_t)i;
    }
    for (; page <= LM_MARK_CHUNK_PAGES; page++)
        chunk->pages[page] = (uint32_t)lm_marks.count;
}

bool lm_mark_table_fill(uint64_t since) {
    taking t = {.since = since};
    lm_marks = (lm_mark_table){0};
    lm_blocks_each(count_block, &t.room);
    if (t.room == 0)
        return true;
    const size_t size = t.room * sizeof(lm_marked);
    if (t.room >= BLOCKS_MAX || !lm_grow_to(&block_memory, size, size))
        return false;
    lm_marks.blocks = (void *)block_memory.at;
    lm_blocks_each(take_block, &t);
    if (lm_marks.count == 0)
        return true;
    if (!sort_blocks())
        return false;
    lm_marks.chunk_count = count_chunks();
    const size_t chunk_size = lm_marks.chunk_count * sizeof(lm_mark_chunk);
    if (!lm_grow_to(&chunk_memory, chunk_size, chunk_size))
        return false;
    lm_marks.chunks = (void *)chunk_memory.at;
    index_blocks();
    const lm_marked *last = &lm_marks.blocks[lm_marks.count - 1];
    lm_marks.least = lm_marks.blocks[0].start;
    lm_marks.span = last->start + lm_marked_size(last) - lm_marks.least + 1;
    return true;
}

void lm_mark_table_end(void) {
    lm_grow_end(&block_memory);
    lm_grow_end(&chunk_memory);
    lm_marks = (lm_mark_table){0};
}

/* ---- Finding ----------------------------------------------------------------------------------- */

/* The last chunk that doesn't lie behind the address; the first chunk doesn't. */
static const lm_mark_chunk *chunk_before(uintptr_t number) {
    static size_t last; /* most words lead where the one before led */
    if (last < lm_marks.chunk_count && lm_marks.chunks[last].number == number)
        return &lm_marks.chunks[last];
    size_t low = 0, high = lm_marks.chunk_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (lm_marks.chunks[middle].number <= number)
            low = middle;
        else
            high = middle;
    }
    last = low;
    return &lm_marks.chunks[low];
}

lm_marked *lm_mark_table_search(uintptr_t at) {
    const lm_mark_chunk *chunk = chunk_before(at >> LM_MARK_CHUNK_SHIFT);
    size_t low,
        high; /* blocks before `low` begin at or before the address, those from `high` on don't */
    if (chunk->number == at >> LM_MARK_CHUNK_SHIFT) {
        const size_t page = at >> LM_MARK_PAGE_SHIFT & (LM_MARK_CHUNK_PAGES - 1);
        low = chunk->pages[page];
        high = chunk->pages[page + 1];
    } else {
        low = high = chunk->pages[LM_MARK_CHUNK_PAGES];
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (lm_marks.blocks[middle].start <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    lm_marked *block = &lm_marks.blocks[low - 1];
    const uintptr_t inside = at - block->start;
    return inside < lm_marked_size(block) || inside == 0 ? block : NULL;
}
