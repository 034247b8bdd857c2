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
    unsigned lists = chunk->advice == LM_ADVICE_HUGE ? LM_BUCKETS : 0;
    return lists + row * 8 + longest_run_log(chunk->free);
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
        chunks->filled[chunk->bucket / LM_BUCKETS] &= ~lm_bit(chunk->bucket % LM_BUCKETS);
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
    chunks->filled[bucket / LM_BUCKETS] |= lm_bit(bucket % LM_BUCKETS);
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
        chunk->used = true;
        change(chunks, index, chunk->free | part, dirty ? chunk->dirty | part : chunk->dirty);
        if (dirty) { /* what is in use lately is needed again the soonest */
            unlist_dirty(chunks, chunk);
            list_dirty(chunks, index);
        }
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

/* A place found for a run of more than a chunk, and how well it would do. */
typedef struct lm_place {
    uint32_t first;  /* unit */
    uint32_t length; /* of all free units around it: the rest stays free */
    uint32_t warm;   /* units of the run that hold memory */
} lm_place;

static uint32_t count_warm(const lm_chunks *chunks, uint32_t first, uint32_t count) {
    uint32_t warm = 0, index;
    while (count > 0) {
        lm_units part = next_part(&first, &count, &index);
        warm += lm_units_count(chunks->table[index].dirty & part);
    }
    return warm;
}

/* The end of the row of whole chunks that begins at `i`. */
static uint32_t end_of_row(const lm_chunks *chunks, uint32_t i) {
    while (i < chunks->count && (chunks->whole[i / 64] >> (i % 64) & 1))
        i++;
    return i;
}

/* The next whole chunk from `i` on; chunks->count when there is none. */
static uint32_t next_whole(const lm_chunks *chunks, uint32_t i) {
    while (i < chunks->count) {
        uint64_t word = chunks->whole[i / 64] >> (i % 64);
        if (word)
            return i + lm_lowest_bit(word);
        i = (i / 64 + 1) * 64;
    }
    return chunks->count;
}

/* Free units at the start of a chunk, and at its end, which isn't wholly free. */
static uint32_t free_at_start(const lm_chunks *chunks, uint32_t index) {
    return index < chunks->count ? lm_units_lowest(~chunks->table[index].free) : 0;
}

static uint32_t free_at_end(const lm_chunks *chunks, uint32_t index) {
    return LM_CHUNK_UNITS - 1 - lm_units_highest(~chunks->table[index].free);
}

/* Where to take `count` units, more than a chunk has: in a row of whole chunks and the free units next to it. Where
 * most of them still hold memory, so that little must be faulted in again; else where fewest are free, so that long
 * runs stay. Count 0 when there is no place. */
static lm_run find_long(const lm_chunks *chunks, uint32_t count) {
    lm_place best = {0, 0, 0};
    for (uint32_t i = next_whole(chunks, 0); i < chunks->count;) {
        uint32_t end = end_of_row(chunks, i);
        uint32_t from = i * LM_CHUNK_UNITS - (i > 0 ? free_at_end(chunks, i - 1) : 0);
        uint32_t to = end * LM_CHUNK_UNITS + free_at_start(chunks, end);
        uint32_t length = to - from;
        for (int at_end = 0; length >= count && at_end < 2; at_end++) {
            uint32_t first = at_end ? to - count : from;
            uint32_t warm = count_warm(chunks, first, count);
            if (best.length == 0 || warm > best.warm || (warm == best.warm && length < best.length))
                best = (lm_place){first, length, warm};
        }
        i = next_whole(chunks, end);
    }
    return (lm_run){best.first, best.length ? count : 0, 0};
}

/* Lists whose chunks have long enough runs, in every row. */
static uint64_t fitting(const lm_chunks *chunks, unsigned lists, uint32_t count) {
    uint64_t columns = (0xffu << lm_log2_ceil(count) & 0xff) * 0x0101010101010101u;
    return chunks->filled[lists] & columns;
}

/* A chunk, with huge pages or without, that has so many units in a row whose memory was used already; of
 * the densest few. chunks->count when there is none. */
static uint32_t find_used(const lm_chunks *chunks, unsigned huge, uint32_t count) {
    unsigned looks = 16;
    for (uint64_t lists = fitting(chunks, huge, count); lists; lists &= lists - 1) {
        uint32_t at = chunks->buckets[huge * LM_BUCKETS + lm_lowest_bit(lists)];
        for (; at; at = chunks->table[at - 1].next) {
            if (runs(chunks->table[at - 1].dirty, count))
                return at - 1;
            if (--looks == 0)
                return chunks->count;
        }
    }
    return chunks->count;
}

/* A chunk for a run that is longer than a slab's: one that has so many units in a row whose memory was used already,
 * else the densest. The lists are by powers of two, so chunks are looked at one by one, few of them. chunks->count
 * when none of them will do. */
static uint32_t find_for_block(const lm_chunks *chunks, uint32_t count) {
    unsigned looks = 32;
    uint32_t fits = chunks->count;
    uint64_t columns = (0xffu << lm_highest_bit(count) & 0xff) * 0x0101010101010101u;
    for (uint64_t lists = chunks->filled[0] & columns; lists; lists &= lists - 1) {
        uint32_t at = chunks->buckets[lm_lowest_bit(lists)];
        for (; at; at = chunks->table[at - 1].next) {
            const lm_chunk *chunk = &chunks->table[at - 1];
            if (runs(chunk->dirty, count))
                return at - 1;
            if (fits == chunks->count && runs(chunk->free, count))
                fits = at - 1;
            if (--looks == 0)
                return fits;
        }
    }
    return fits;
}

enum { LONGER_THAN_SLABS = 11 /* units */ };

lm_run lm_chunks_take(lm_chunks *chunks, uint32_t count, bool dense) {
    lm_run none = {0, 0, 0};
    if (count > LM_CHUNK_UNITS) {
        lm_run run = find_long(chunks, count);
        if (run.count == 0)
            return none;
        lm_chunks_take_at(chunks, run.first, count, &run.dirty);
        return run;
    }
    uint64_t huge = dense ? fitting(chunks, 1, count) : 0, small = fitting(chunks, 0, count);
    uint32_t used = dense ? chunks->count : find_used(chunks, 1, count);
    if (used == chunks->count && !huge)
        used = find_used(chunks, 0, count);
    if (used < chunks->count)
        return take_from(chunks, used, count);
    uint32_t block =
        !dense && count >= LONGER_THAN_SLABS ? find_for_block(chunks, count) : chunks->count;
    if (block < chunks->count)
        return take_from(chunks, block, count);
    if (huge)
        return take_from(chunks, chunks->buckets[LM_BUCKETS + lm_lowest_bit(huge)] - 1, count);
    if (small)
        return take_from(chunks, chunks->buckets[lm_lowest_bit(small)] - 1, count);
    return none;
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

lm_run lm_chunks_take_dirty(lm_chunks *chunks, uint32_t step, bool huge) {
    lm_run run = {0, 0, 0};
    for (uint32_t at = chunks->dirty_first; at; at = chunks->table[at - 1].dirty_next) {
        lm_chunk *chunk = &chunks->table[at - 1];
        if (chunk->advice == LM_ADVICE_HUGE && !huge)
            continue;
        if (chunk->advice == LM_ADVICE_HUGE) /* there is memory under the clean ones as well */
            change(chunks, at - 1, chunk->free, chunk->free);
        lm_units dirty = whole_steps(chunk->dirty, step);
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

/* ---- Advice --------------------------------------------------------------------------------- */

static unsigned advice_at(const lm_chunks *chunks, uint32_t index) {
    return index < chunks->count ? chunks->table[index].advice : LM_ADVICE_NONE;
}

/* How many mappings begin with a chunk and with the one behind it. */
static size_t begins(const lm_chunks *chunks, uint32_t index) {
    unsigned own = advice_at(chunks, index);
    unsigned before = index > 0 ? advice_at(chunks, index - 1) : LM_ADVICE_NONE;
    unsigned behind = advice_at(chunks, index + 1);
    size_t here = own != LM_ADVICE_NONE && own != before;
    size_t next = behind != LM_ADVICE_NONE && behind != own;
    return here + next;
}

void lm_chunks_advise(lm_chunks *chunks, uint32_t first, uint32_t n, unsigned advice) {
    for (uint32_t i = first; i < first + n; i++) {
        chunks->advised -= begins(chunks, i);
        chunks->table[i].advice = (uint8_t)advice;
        chunks->advised += begins(chunks, i);
        change(chunks, i, chunks->table[i].free, chunks->table[i].dirty); /* to the right list */
    }
}

bool lm_chunks_advised(const lm_chunks *chunks, uint32_t first, uint32_t n) {
    for (uint32_t i = first; i < first + n; i++)
        if (advice_at(chunks, i) != LM_ADVICE_NONE)
            return true;
    return false;
}

/* ---- Verify --------------------------------------------------------------------------------- */

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
    size_t free_units = 0, dirty_units = 0, advised = 0;
    uint32_t listed = 0, with_free = 0;
    for (uint32_t i = 0; i < chunks->count; i++) {
        if (!chunk_agrees(chunks, i))
            return false;
        advised += advice_at(chunks, i) != LM_ADVICE_NONE &&
                   (i == 0 || advice_at(chunks, i) != advice_at(chunks, i - 1));
        free_units += lm_units_count(chunks->table[i].free);
        dirty_units += lm_units_count(chunks->table[i].dirty);
        with_free += chunks->table[i].free != 0;
    }
    for (unsigned b = 0; b < LM_LISTS; b++) {
        uint32_t members = count_bucket(chunks, b);
        if ((members > 0) != ((chunks->filled[b / LM_BUCKETS] >> b % LM_BUCKETS & 1) != 0))
            return false;
        listed += members;
    }
    return listed == with_free && free_units == chunks->free_units &&
           dirty_units == chunks->dirty_units && advised == chunks->advised;
}
