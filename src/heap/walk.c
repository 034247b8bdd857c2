#include "heap/walk.h"

#include "heap/arena.h"
#include "heap/find.h"

#include <string.h>

lm_slab *lm_walk_next(lm_walk *walk) {
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    for (; walk->arena < n; walk->arena++, walk->unit = 0) {
        lm_arena *arena = &lm_arenas[walk->arena];
        uint64_t end = arena->committed >> LM_UNIT_SHIFT;
        while (walk->unit < end) {
            const lm_chunk *chunk = &arena->chunks.table[walk->unit / LM_CHUNK_UNITS];
            if (walk->unit % LM_CHUNK_UNITS == 0 && chunk->free == ~(lm_units)0) {
                walk->unit += LM_CHUNK_UNITS;
                continue;
            }
            lm_slab *record = lm_record_at(arena->lookup, (uint64_t)walk->unit << LM_UNIT_SHIFT);
            if (record->kind == LM_KIND_VOID) {
                walk->unit++;
                continue;
            }
            walk->unit += record->kind == LM_KIND_SLAB ? lm_classes[record->class].units
                                                       : ((lm_span *)(void *)record)->units;
            return record;
        }
    }
    return NULL;
}

/* The live blocks of one record, copied out so that no lock is needed while they are visited. */
typedef struct block_batch {
    char *first;
    size_t size;
    uint64_t live[LM_WORDS_MAX];
    unsigned words;
} block_batch;

static void copy_record(block_batch *batch, lm_slab *record) {
    memset(batch, 0, sizeof *batch);
    if (record->kind == LM_KIND_SPAN) {
        const lm_span *span = (lm_span *)(void *)record;
        batch->first = (char *)lm_lookups[span->arena].base + span->start;
        batch->size = span->bytes;
        batch->words = 1;
        batch->live[0] = atomic_load_explicit(&span->live, memory_order_acquire);
        return;
    }
    batch->first = lm_slab_address(record);
    batch->size = lm_slab_size(record);
    batch->words = lm_slab_words(record);
    lm_remote *remotes = lm_slab_remotes(record);
    for (unsigned w = 0; w < batch->words; w++)
        batch->live[w] = lm_slab_valid(record, w) &
                         ~(atomic_load_explicit(&record->pairs[w].avail, memory_order_relaxed) |
                           atomic_load_explicit(&record->pairs[w].pending, memory_order_relaxed) |
                           atomic_load_explicit(&remotes[w].bits, memory_order_relaxed));
}

bool lm_walk_blocks(bool (*visitor)(void *block, size_t size, void *context), void *context) {
    lm_walk walk = {0};
    block_batch batch;
    for (;;) {
        lm_lock_take(&lm_arena_lock);
        lm_slab *record = lm_walk_next(&walk);
        if (record)
            copy_record(&batch, record);
        lm_lock_give(&lm_arena_lock);
        if (!record)
            return true;
        for (unsigned w = 0; w < batch.words; w++)
            for (uint64_t live = batch.live[w]; live; live &= live - 1)
                if (!visitor(batch.first + ((size_t)w * 64 + lm_lowest_bit(live)) * batch.size,
                             batch.size, context))
                    return false;
    }
}
