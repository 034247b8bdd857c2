#include "heap/chunk.h"

/* Runs of `count` set bits: bit i of the result says that bits i to i + count - 1 are set. */
static lm_units runs(lm_units bits, unsigned count) {
    unsigned done = 1;
    while (done < count && bits) {
        unsigned step = count - done < done ? count - done : done;
        bits &= bits >> step;
        done += step;
    }
    return bits;
}

/* Floor of the binary logarithm of the longest run; `bits` is not 0. */
static unsigned longest_run_log(lm_units bits) {
    unsigned log = 0;
    for (unsigned length = 1; length < LM_CHUNK_UNITS; length *= 2, log++) {
        bits &= bits >> length;
        if (!bits)
            break;
    }
    return log;
}

static unsigned bucket_of(const lm_chunk *chunk) {
    if (!chunk->free)
        return LM_NO_BUCKET;
    unsigned row = (lm_units_count(chunk->free) - 1) / 16;
    return row * 8 + longest_run_log(chunk->free);
}

static void unlist(lm_chunks *chunks, lm_chunk *chunk) {
    if (chunk->bucket == LM_NO_BUCKET)
        return;
    if (chunk->prev)
        chunks->table[chunk->prev - 1].next = chunk->next;
    else
        chunks->buckets[chunk->bucket] = chunk->next;
    if (chunk->next)
        chunks->table[chunk->next - 1].prev = chunk->prev;
    if (!chunks->buckets[chunk->bucket])
        chunks->filled &= ~lm_bit(chunk->bucket);
    chunk->bucket = LM_NO_BUCKET;
}

static void list(lm_chunks *chunks, uint32_t index, unsigned bucket) {
    lm_chunk *chunk = &chunks->table[index];
    chunk->bucket = (uint8_t)bucket;
    if (bucket == LM_NO_BUCKET)
        return;
    chunk->prev = 0;
    chunk->next = chunks->buckets[bucket];
    if (chunk->next)
        chunks->table[chunk->next - 1].prev = index + 1;
    chunks->buckets[bucket] = index + 1;
    chunks->filled |= lm_bit(bucket);
}

static void unlist_dirty(lm_chunks *chunks, lm_chunk *chunk) {
    if (chunk->dirty_prev)
        chunks->table[chunk->dirty_prev - 1].dirty_next = chunk->dirty_next;
    else
        chunks->dirty_first = chunk->dirty_next;
    if (chunk->dirty_next)
        chunks->table[chunk->dirty_next - 1].dirty_prev = chunk->dirty_prev;
    else
        chunks->dirty_last = chunk->dirty_prev;
    chunk->listed_dirty = false;
}

static void list_dirty(lm_chunks *chunks, uint32_t index) {
    lm_chunk *chunk = &chunks->table[index];
    chunk->dirty_next = 0;
    chunk->dirty_prev = chunks->dirty_last;
    if (chunk->dirty_prev)
        chunks->table[chunk->dirty_prev - 1].dirty_next = index + 1;
    else
        chunks->dirty_first = index + 1;
    chunks->dirty_last = index + 1;
    chunk->listed_dirty = true;
}

/* The one place that changes a chunk: bits, counts and lists stay together. */
static void change(lm_chunks *chunks, uint32_t index, lm_units free, lm_units dirty) {
    lm_chunk *chunk = &chunks->table[index];
    chunks->free_units += lm_units_count(free);
    chunks->free_units -= lm_units_count(chunk->free);
    chunks->dirty_units += lm_units_count(dirty);
    chunks->dirty_units -= lm_units_count(chunk->dirty);
    chunk->free = free;
    chunk->dirty = dirty;
    unsigned bucket = bucket_of(chunk);
    if (bucket != chunk->bucket) {
        unlist(chunks, chunk);
        list(chunks, index, bucket);
    }
    if (!dirty && chunk->listed_dirty)
        unlist_dirty(chunks, chunk);
    if (dirty && !chunk->listed_dirty)
        list_dirty(chunks, index);
    if (free == ~(lm_units)0)
        chunks->whole[index / 64] |= lm_bit(index % 64);
    else
        chunks->whole[index / 64] &= ~lm_bit(index % 64);
}

void lm_chunks_add(lm_chunks *chunks, uint32_t n) {
    for (; n > 0; n--) {
        uint32_t index = chunks->count++;
        chunks->table[index].bucket = LM_NO_BUCKET;
        change(chunks, index, ~(lm_units)0, 0);
    }
}

/* The part of a run that lies in the chunk at *unit: steps *unit and *count on. */
static lm_units next_part(uint32_t *unit, uint32_t *count, uint32_t *index) {
    uint32_t first = *unit % LM_CHUNK_UNITS;
    uint32_t room = LM_CHUNK_UNITS - first;
    uint32_t part = *count < room ? *count : room;
    *index = *unit / LM_CHUNK_UNITS;
    *unit += part;
    *count -= part;
    return lm_units_run(first, part);
}

bool lm_chunks_take_at(lm_chunks *chunks, uint32_t first, uint32_t count, uint32_t *dirty) {
    uint32_t index;
    *dirty = 0;
    if (count > chunks->count * (uint64_t)LM_CHUNK_UNITS - first)
        return false;
    for (uint32_t unit = first, left = count; left > 0;) {
        lm_units part = next_part(&unit, &left, &index);
        if ((chunks->table[index].free & part) != part)
            return false;
        *dirty += lm_units_count(chunks->table[index].dirty & part);
    }
    for (uint32_t unit = first, left = count; left > 0;) {
        lm_units part = next_part(&unit, &left, &index);
        lm_chunk *chunk = &chunks->table[index];
        change(chunks, index, chunk->free & ~part, chunk->dirty & ~part);
    }
    return true;
}

void lm_chunks_give(lm_chunks *chunks, uint32_t first, uint32_t count, bool dirty) {
    while (count > 0) {
        uint32_t index;
        lm_units part = next_part(&first, &count, &index);
        lm_chunk *chunk = &chunks->table[index];
        change(chunks, index, chunk->free | part, dirty ? chunk->dirty | part : chunk->dirty);
    }
}

static lm_run take_from(lm_chunks *chunks, uint32_t index, uint32_t count) {
    lm_chunk *chunk = &chunks->table[index];
    lm_units places = runs(chunk->dirty, count); /* memory that is there already, before new */
    if (!places)
        places = runs(chunk->free, count);
    lm_run run = {index * LM_CHUNK_UNITS + lm_units_lowest(places), count, 0};
    lm_chunks_take_at(chunks, run.first, count, &run.dirty);
    return run;
}

/* Units of a chunk that hold memory, when the chunk is wholly free. */
static unsigned warmth(const lm_chunks *chunks, uint32_t index) {
    return lm_units_count(chunks->table[index].dirty);
}

/* The first of `n` chunks in a row that are wholly free: those with most memory still in them, so that little
 * of it must be faulted in again. chunks->count when there is no such row. */
static uint32_t find_whole(const lm_chunks *chunks, uint32_t n) {
    uint32_t best = chunks->count;
    uint64_t row = 0, warm = 0, best_warm = 0; /* of the last n chunks, as far as they are free */
    for (uint32_t i = 0; i < chunks->count; i++) {
        uint64_t word = chunks->whole[i / 64];
        if (i % 64 == 0 && word == 0) {
            row = warm = 0;
            i += 63;
            continue;
        }
        if (!(word >> (i % 64) & 1)) {
            row = warm = 0;
            continue;
        }
        warm += warmth(chunks, i);
        if (++row > n)
            warm -= warmth(chunks, i - n);
        if (row >= n && (best == chunks->count || warm > best_warm)) {
            best = i + 1 - n;
            best_warm = warm;
        }
    }
    return best;
}

lm_run lm_chunks_take(lm_chunks *chunks, uint32_t count) {
    lm_run none = {0, 0, 0};
    if (count > LM_CHUNK_UNITS) {
        uint32_t index = find_whole(chunks, (count + LM_CHUNK_UNITS - 1) / LM_CHUNK_UNITS);
        if (index == chunks->count)
            return none;
        lm_run run = {index * LM_CHUNK_UNITS, count, 0};
        lm_chunks_take_at(chunks, run.first, count, &run.dirty);
        return run;
    }
    /* Columns whose runs are long enough, in every row. */
    uint64_t columns = (0xffu << lm_log2_ceil(count) & 0xff) * 0x0101010101010101u;
    uint64_t fitting = chunks->filled & columns;
    if (!fitting)
        return none;
    return take_from(chunks, chunks->buckets[lm_lowest_bit(fitting)] - 1, count);
}

/* The bits that lie in whole steps of `step` bits. */
static lm_units whole_steps(lm_units bits, uint32_t step) {
    for (uint32_t length = 1; length < step; length *= 2)
        bits &= bits >> length;
    lm_units starts = 0;
    for (uint32_t i = 0; i < LM_CHUNK_UNITS; i += step)
        starts |= (lm_units)1 << i;
    bits &= starts;
    for (uint32_t length = 1; length < step; length *= 2)
        bits |= bits << length;
    return bits;
}

lm_run lm_chunks_take_dirty(lm_chunks *chunks, uint32_t step) {
    lm_run run = {0, 0, 0};
    for (uint32_t at = chunks->dirty_first; at; at = chunks->table[at - 1].dirty_next) {
        lm_units dirty = whole_steps(chunks->table[at - 1].dirty, step);
        if (!dirty)
            continue;
        unsigned first = lm_units_lowest(dirty);
        lm_units rest = ~(dirty >> first);
        run.count = rest ? lm_units_lowest(rest) : LM_CHUNK_UNITS;
        if (run.count > LM_CHUNK_UNITS - first)
            run.count = LM_CHUNK_UNITS - first;
        run.first = (at - 1) * LM_CHUNK_UNITS + first;
        lm_chunks_take_at(chunks, run.first, run.count, &run.dirty);
        break;
    }
    return run;
}

static bool chunk_agrees(const lm_chunks *chunks, uint32_t index) {
    const lm_chunk *chunk = &chunks->table[index];
    bool whole = (chunks->whole[index / 64] >> (index % 64)) & 1;
    return (chunk->dirty & ~chunk->free) == 0 && chunk->bucket == bucket_of(chunk) &&
           chunk->listed_dirty == (chunk->dirty != 0) && whole == (chunk->free == ~(lm_units)0);
}

/* Members of bucket b, or the whole table's size + 1 when a link is wrong. */
static uint32_t count_bucket(const lm_chunks *chunks, unsigned b) {
    uint32_t members = 0, before = 0;
    for (uint32_t at = chunks->buckets[b]; at; at = chunks->table[at - 1].next) {
        if (members > chunks->count || chunks->table[at - 1].bucket != b ||
            chunks->table[at - 1].prev != before)
            return chunks->count + 1;
        before = at;
        members++;
    }
    return members;
}

bool lm_chunks_agree(const lm_chunks *chunks) {
    size_t free_units = 0, dirty_units = 0;
    uint32_t listed = 0, with_free = 0;
    for (uint32_t i = 0; i < chunks->count; i++) {
        if (!chunk_agrees(chunks, i))
            return false;
        free_units += lm_units_count(chunks->table[i].free);
        dirty_units += lm_units_count(chunks->table[i].dirty);
        with_free += chunks->table[i].free != 0;
    }
    for (unsigned b = 0; b < LM_BUCKETS; b++) {
        uint32_t members = count_bucket(chunks, b);
        if ((members > 0) != ((chunks->filled >> b & 1) != 0))
            return false;
        listed += members;
    }
    return listed == with_free && free_units == chunks->free_units &&
           dirty_units == chunks->dirty_units;
}
