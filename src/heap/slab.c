#include "heap/slab.h"

#include "heap/arena.h"
#include "heap/twice.h"
#include "heap/waiting.h"

static void fill_record(lm_slab *slab, lm_heap *heap, unsigned class, const lm_grant *grant) {
    const lm_class *c = &lm_classes[class];
    slab->start = (uint64_t)grant->run.first << LM_UNIT_SHIFT;
    atomic_store_explicit(&slab->owner, heap, memory_order_relaxed);
    slab->reciprocal = c->reciprocal;
    slab->slots = c->slots;
    slab->class = (uint8_t) class;
    slab->kind = LM_KIND_SLAB;
    slab->arena = (uint8_t)(grant->arena - lm_arenas);
    lm_remote *remotes = lm_slab_remotes(slab);
    for (unsigned w = 0; w < c->words; w++) {
        atomic_store_explicit(&slab->pairs[w].avail, lm_slab_valid(slab, w), memory_order_relaxed);
        remotes[w].slab = slab;
        remotes[w].word = w;
    }
}

lm_slab *lm_slab_new(lm_heap *heap, unsigned class, bool *fresh) {
    const lm_class *c = &lm_classes[class];
    lm_lock_take(&lm_arena_lock);
    lm_grant grant = lm_arena_take(c->units, lm_slab_record_size(c->words));
    if (grant.record) {
        fill_record(grant.record, heap, class, &grant);
        lm_arena_map(grant.arena, grant.run.first, c->units, grant.record);
    }
    lm_lock_give(&lm_arena_lock);
    *fresh = grant.run.dirty == 0;
    return grant.record;
}

void lm_slab_release(lm_slab *slab) {
    const lm_class *c = &lm_classes[slab->class];
    lm_arena *arena = &lm_arenas[slab->arena];
    uint32_t first = (uint32_t)(slab->start >> LM_UNIT_SHIFT);
    lm_lock_take(&lm_arena_lock);
    unsigned place = lm_slab_place(slab);
    lm_waiting_end(slab);
    lm_arena_map(arena, first, c->units, NULL);
    lm_arena_give_record(arena, slab, lm_slab_record_size(c->words));
    lm_arena_give(arena, first, c->units, place != LM_PLACE_PURGED);
    bool excess = lm_arena_excess(0);
    lm_lock_give(&lm_arena_lock);
    if (excess)
        lm_arena_trim_excess();
}

void lm_slab_harvest(lm_slab *slab) {
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        lm_pair *pair = &slab->pairs[w];
        uint64_t avail = atomic_load_explicit(&pair->avail, memory_order_relaxed);
        uint64_t pending =
            lm_twice_sort_out(slab, w, atomic_load_explicit(&pair->pending, memory_order_relaxed));
        atomic_store_explicit(&pair->avail, avail | pending, memory_order_relaxed);
        atomic_store_explicit(&pair->pending, 0, memory_order_relaxed);
    }
}

unsigned lm_slab_available(const lm_slab *slab) {
    unsigned count = 0;
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        count += lm_count_bits(atomic_load_explicit(&slab->pairs[w].avail, memory_order_relaxed));
    return count;
}

unsigned lm_slab_pending(const lm_slab *slab) {
    unsigned count = 0;
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        count += lm_count_bits(atomic_load_explicit(&slab->pairs[w].pending, memory_order_relaxed));
    return count;
}

unsigned lm_slab_free_slots(const lm_slab *slab) {
    return lm_slab_pending(slab) + lm_slab_available(slab);
}

bool lm_slab_empty(lm_slab *slab) {
    uint64_t others = 0;
    if (lm_slab_free_slots(slab) < slab->slots)
        return false;
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        lm_pair *pair = &slab->pairs[w];
        uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
        atomic_store_explicit(&pair->pending, lm_twice_sort_out(slab, w, pending),
                              memory_order_relaxed);
        others |= atomic_load_explicit(&lm_slab_remotes(slab)[w].bits, memory_order_relaxed);
    }
    /* A word with bits is in an inbox: the slab stays until the owner has taken it out. */
    return others == 0 && lm_slab_free_slots(slab) == slab->slots;
}

/* Bits of a word's free slots, whoever freed them. */
static uint64_t free_bits(lm_slab *slab, unsigned w) {
    return atomic_load_explicit(&slab->pairs[w].avail, memory_order_relaxed) |
           atomic_load_explicit(&slab->pairs[w].pending, memory_order_relaxed) |
           atomic_load_explicit(&lm_slab_remotes(slab)[w].bits, memory_order_acquire);
}

bool lm_slab_all_free(lm_slab *slab) {
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        if (free_bits(slab, w) != lm_slab_valid(slab, w))
            return false;
    return true;
}

unsigned lm_slab_live(lm_slab *slab) {
    unsigned live = slab->slots;
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        live -= lm_count_bits(free_bits(slab, w));
    return live;
}
