#include "heap/find.h"

#include "heap/arena.h"
#include "heap/large.h"
#include "heap/protect.h"
#include "heap/sampled.h"

bool lm_slot_live(lm_slab *slab, size_t slot) {
    const lm_pair *pair = &slab->pairs[slot / 64];
    uint64_t free_bits =
        atomic_load_explicit(&pair->avail, memory_order_relaxed) |
        atomic_load_explicit(&pair->pending, memory_order_relaxed) |
        atomic_load_explicit(&lm_slab_remotes(slab)[slot / 64].bits, memory_order_relaxed);
    return (free_bits >> (slot % 64) & 1) == 0;
}

static void find_in_slab(lm_found *found, lm_slab *slab, uint64_t offset) {
    found->slab = slab;
    uint64_t inside = offset - lm_slab_start(slab);
    found->slot = inside / lm_slab_size(slab);
    if (found->slot >= slab->slots)
        return;
    found->block = lm_slab_address(slab) + found->slot * lm_slab_size(slab);
    found->size = lm_slab_room(slab);
    found->live = lm_slot_live(slab, found->slot);
}

static void find_in_span(lm_found *found, lm_span *span, uint64_t offset) {
    found->span = span;
    if (offset - span->start >= span->bytes)
        return;
    found->block = (char *)lm_once.lookups[span->arena].base + span->start;
    found->size = span->bytes;
    found->live = atomic_load_explicit(&span->live, memory_order_relaxed) == 1;
}

/* In a page of its own there is no other block: all of it leads to this one. */
static void find_sampled(lm_found *found, uintptr_t address) {
    lm_sample *sample = lm_sampled_at(address);
    found->sample = sample;
    if (!sample || atomic_load_explicit(&sample->state, memory_order_acquire) == LM_SAMPLE_EMPTY)
        return;
    found->block = (char *)sample->block;
    found->size = (size_t)sample->size;
    found->live = lm_sampled_is_live(sample);
}

bool lm_find_exact(const void *p, lm_found *found) {
    lm_arena *arena = lm_arena_of((uintptr_t)p);
    if (!arena)
        return false;
    uint64_t offset = (uintptr_t)p - arena->lookup->base;
    lm_slab *record = lm_record_at(arena->lookup, offset);
    size_t slot;
    *found = (lm_found){.inside = true};
    if (lm_slot_at(record, offset, &slot)) {
        *found = (lm_found){.inside = true,
                            .slab = record,
                            .slot = slot,
                            .block = (char *)(uintptr_t)p,
                            .size = lm_slab_room(record),
                            .live = lm_slot_live(record, slot)};
        return found->live;
    }
    if (record->kind == LM_KIND_SPAN)
        find_in_span(found, (lm_span *)(void *)record, offset);
    else if (record->kind == LM_KIND_SLAB) /* slots that the fast path may not see */
        find_in_slab(found, record, offset);
    else if (record->kind == LM_KIND_SAMPLED)
        find_sampled(found, (uintptr_t)p);
    return found->live && found->block == p;
}

lm_found lm_find_locked(const void *p) {
    lm_found found = {0};
    lm_arena *arena = lm_arena_of((uintptr_t)p);
    if (!arena)
        return found;
    found.inside = true;
    uint64_t offset = (uintptr_t)p - arena->lookup->base;
    lm_slab *record = lm_record_at(arena->lookup, offset);
    if (record->kind == LM_KIND_SLAB)
        find_in_slab(&found, record, offset);
    else if (record->kind == LM_KIND_SPAN)
        find_in_span(&found, (lm_span *)(void *)record, offset);
    else if (record->kind == LM_KIND_SAMPLED)
        find_sampled(&found, (uintptr_t)p);
    else
        found.used_before = offset < arena->committed;
    return found;
}

lm_found lm_find(const void *p) {
    lm_lock_take(&lm_arena_lock);
    lm_found found = lm_find_locked(p);
    lm_lock_give(&lm_arena_lock);
    return found;
}

size_t lm_block_size(const lm_found *found) {
    if (found->sample)
        return found->size;
    if (found->span)
        return lm_large_asked(found->span).size;
    if (!found->live)
        return found->slab->class == LM_CLASS_ZERO ? 0 : lm_most_in(found->size);
    return lm_protect_asked(found->slab->class, found->block).size;
}
