/* Which units of an arena are free: bookkeeping only, no memory is touched.
 *
 * A chunk is 128 units: 2 MiB, the size of a huge page. For each there is
 *
 *   free   128 bits   the unit is in no slab or span
 *   dirty  128 bits   ... and still holds memory: a subset of free
 *
 * Chunks with a free unit are in one of 64 lists, by how many units are free (row: 0 the fewest)
 * and by the longest run of free units (column: its power of two, rounded down):
 *
 *             longest run:  1    2    4    8   16   32   64  128
 *   free:   1 ..  16      b 0  b 1  ...                      b 7
 *          17 ..  32      b 8
 *          ...
 *         113 .. 128      b56                                b63
 *
 * A word has a bit for each list that isn't empty. The densest chunk with a long enough run is then
 * the lowest bit of that word under a mask; so units are handed out from the densest 2 MiB first,
 * and whole huge pages come free and stay free. Chunks with a dirty unit are in a second list, the one
 * that none was given back to for the longest time first.
 *
 * Chunks for which the system was asked for huge pages have such lists of their own: all of their memory
 * is there as soon as any of it was touched, so what goes there should be written as a whole. */
#ifndef LM_HEAP_CHUNK_H
#define LM_HEAP_CHUNK_H

#include "base/bits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LM_CHUNK_UNITS = 128 };

__extension__ typedef unsigned __int128 lm_units;

/* A bit for each unit of a run of `count` from 1 to 128 units that begins at `first`. */
LM_INLINE lm_units lm_units_run(unsigned first, unsigned count) {
    lm_units ones = count >= 128 ? ~(lm_units)0 : ((lm_units)1 << count) - 1;
    return ones << first;
}

LM_INLINE unsigned lm_units_count(lm_units units) {
    return lm_count_bits((uint64_t)units) + lm_count_bits((uint64_t)(units >> 64));
}

/* Index of the lowest bit; `units` is not 0. */
LM_INLINE unsigned lm_units_lowest(lm_units units) {
    uint64_t low = (uint64_t)units;
    return low ? lm_lowest_bit(low) : 64 + lm_lowest_bit((uint64_t)(units >> 64));
}

/* Index of the highest bit; `units` is not 0. */
LM_INLINE unsigned lm_units_highest(lm_units units) {
    uint64_t high = (uint64_t)(units >> 64);
    return high ? 64 + lm_highest_bit(high) : lm_highest_bit((uint64_t)units);
}

typedef struct lm_chunk {
    lm_units free;
    lm_units dirty;
    uint32_t next, prev;             /* chunk + 1 in the list of its bucket, 0 for none */
    uint32_t dirty_next, dirty_prev; /* the same in the list of chunks with dirty units */
    uint8_t bucket;                  /* list that it is in, LM_NO_BUCKET when no unit is free */
    bool listed_dirty;
    bool used;      /* some unit was given back once: the system may have small pages there */
    uint8_t advice; /* LM_ADVICE_... */
} lm_chunk;

/* What the system was told of huge pages for a chunk. Chunks side by side of which it was told the same are
 * one mapping of their own. */
enum { LM_ADVICE_NONE = 0, LM_ADVICE_HUGE, LM_ADVICE_SMALL };

enum { LM_BUCKETS = 64, LM_LISTS = 2 * LM_BUCKETS, LM_NO_BUCKET = 255 };

typedef struct lm_chunks {
    lm_chunk *table;            /* the caller's memory, zero for chunks not yet added */
    uint32_t count;             /* chunks added */
    uint32_t buckets[LM_LISTS]; /* first chunk + 1 of each list; the second half: huge pages */
    uint64_t filled[2];         /* bit b: buckets[b], or buckets[LM_BUCKETS + b], isn't empty */
    uint32_t dirty_first, dirty_last;
    uint64_t *whole;    /* bit c: chunk c is wholly free; the caller's memory */
    size_t free_units;  /* of all chunks */
    size_t dirty_units; /* of all chunks */
    size_t advised;     /* count: mappings that advice makes */
} lm_chunks;

/* A run of units; `count` 0 means that there was none. */
typedef struct lm_run {
    uint32_t first;
    uint32_t count;
    uint32_t dirty; /* so many of its units held memory; with none it reads as zeros */
} lm_run;

/* Adds `n` chunks, all units free and clean. The table and the whole-bitmap have room for them. */
void lm_chunks_add(lm_chunks *chunks, uint32_t n);

/* Takes a run of `count` free units, from 1 on. Runs of more than a chunk's units hold a whole chunk. `dense`: all of it is going to be written, so it best goes where there are huge pages; what
 * isn't dense goes there only in place of memory that was used before. */
lm_run lm_chunks_take(lm_chunks *chunks, uint32_t count, bool dense);

/* Takes exactly the given units if all of them are free; *dirty: how many held memory. */
bool lm_chunks_take_at(lm_chunks *chunks, uint32_t first, uint32_t count, uint32_t *dirty);

/* Gives units back; `dirty` says that they hold memory. */
void lm_chunks_give(lm_chunks *chunks, uint32_t first, uint32_t count, bool dirty);

/* Takes a run of dirty free units, of the chunk that got none for the longest time, to be given back
 * as clean ones. Only runs that begin and end at multiples of `step` units count (a power of two up
 * to 128); those of chunks with huge pages only with `huge`. */
lm_run lm_chunks_take_dirty(lm_chunks *chunks, uint32_t step, bool huge);

/* Notes what the system was told of `n` chunks. */
void lm_chunks_advise(lm_chunks *chunks, uint32_t first, uint32_t n, unsigned advice);

/* Whether the system was told something of one of `n` chunks. */
bool lm_chunks_advised(const lm_chunks *chunks, uint32_t first, uint32_t n);

/* For verify: whether the lists, counts and bitmaps agree. */
bool lm_chunks_agree(const lm_chunks *chunks);

#endif
