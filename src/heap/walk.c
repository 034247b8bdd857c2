#include "heap/walk.h"

#include "heap/arena.h"
#include "heap/find.h"
#include "heap/large.h"
#include "heap/protect.h"
#include "heap/sampled.h"

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
            if (record->kind == LM_KIND_VOID || record->kind == LM_KIND_GUARD) {
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
    size_t stride; /* bytes from one slot to the next */
    size_t most;   /* bytes that a block could have */
    uint64_t live[LM_WORDS_MAX];
    uint16_t unused[LM_WORDS_MAX * 64]; /* bytes of most that were not asked for; for live slots */
    unsigned words;
} block_batch;

static void copy_record(block_batch *batch, lm_slab *record) {
    if (record->kind == LM_KIND_SPAN) {
        const lm_span *span = (lm_span *)(void *)record;
        batch->first = lm_span_address(span);
        batch->stride = 0;
        batch->most = lm_large_size(span);
        batch->unused[0] = 0;
        batch->words = 1;
        batch->live[0] = atomic_load_explicit(&span->live, memory_order_acquire);
        return;
    }
    batch->first = lm_slab_address(record);
    batch->stride = lm_slab_size(record);
    batch->most = lm_slab_room(record);
    batch->words = lm_slab_words(record);
    lm_remote *remotes = lm_slab_remotes(record);
    for (unsigned w = 0; w < batch->words; w++) {
        batch->live[w] = lm_slab_valid(record, w) &
                         ~(atomic_load_explicit(&record->pairs[w].avail, memory_order_acquire) |
                           atomic_load_explicit(&record->pairs[w].pending, memory_order_acquire) |
                           atomic_load_explicit(&remotes[w].bits, memory_order_relaxed));
        for (uint64_t live = batch->live[w]; live; live &= live - 1) {
            size_t slot = (size_t)w * 64 + lm_lowest_bit(live);
            const char *p = batch->first + slot * batch->stride;
            batch->unused[slot] = (uint16_t)(batch->most - lm_protect_asked(record->class, p).size);
        }
    }
}

static bool visit_sampled(bool (*visitor)(void *, size_t, void *), void *context) {
    const lm_samples *table = lm_sampled_table();
    for (uint32_t i = 0; table && i < table->count; i++) {
        const lm_sample *sample = &table->samples[i];
        if (lm_sampled_is_live(sample) &&
            !visitor((void *)sample->block, (size_t)sample->size, context))
            return false;
    }
    return true;
}

bool lm_walk_blocks(bool (*visitor)(void *block, size_t size, void *context), void *context) {
    lm_walk walk = {0};
    block_batch batch;
    for (;;) {
        lm_lock_take(&lm_arena_lock);
        lm_slab *record = lm_walk_next(&walk);
        bool sampled = record && record->kind == LM_KIND_SAMPLED;
        batch.words = 0;
        if (record && !sampled)
            copy_record(&batch, record);
        lm_lock_give(&lm_arena_lock);
        if (!record)
            return true;
        if (sampled && !visit_sampled(visitor, context))
            return false;
        for (unsigned w = 0; w < batch.words; w++) {
            for (uint64_t live = batch.live[w]; live; live &= live - 1) {
                size_t slot = (size_t)w * 64 + lm_lowest_bit(live);
                if (!visitor(batch.first + slot * batch.stride, batch.most - batch.unused[slot],
                             context))
                    return false;
            }
        }
    }
}
