#include "heap/slab.h"

#include "base/random.h"
#include "heap/arena.h"
#include "heap/dense.h"
#include "heap/find.h"
#include "heap/guard.h"
#include "heap/keep.h"
#include "heap/note.h"
#include "heap/protect.h"
#include "heap/thread.h"
#include "heap/visit.h"
#include "heap/waiting.h"
#include "os/os.h"

#include <string.h>

static void fill_record(lm_slab *slab, lm_heap *heap, unsigned class, bool guarded,
                        const lm_grant *grant) {
    const lm_class *c = &lm_classes[class];
    uint64_t start = (uint64_t)grant->run.first << LM_UNIT_SHIFT;
    slab->start_low = (uint32_t)start;
    slab->start_high = (uint16_t)(start >> 32);
    slab->room = (uint16_t)(c->room / LM_GRAIN);
    slab->guarded = guarded;
    atomic_store_explicit(&slab->owner, heap, memory_order_relaxed);
    slab->reciprocal = class == LM_CLASS_ZERO ? 0 : c->reciprocal;
    slab->slots = (uint16_t)lm_slab_slots(c, guarded);
    slab->class = (uint8_t) class;
    slab->kind = LM_KIND_SLAB;
    slab->arena = (unsigned)(grant->arena - lm_arenas) % LM_ARENAS_MAX;
    lm_remote *remotes = lm_slab_remotes(slab);
    for (unsigned w = 0; w < c->words; w++) {
        atomic_store_explicit(&slab->pairs[w].pending, ~(uint64_t)0, memory_order_relaxed);
        remotes[w].slab = slab;
        remotes[w].word = w;
    }
}

unsigned lm_slab_slots(const lm_class *class, bool guarded) {
    size_t bytes = ((size_t) class->units << LM_UNIT_SHIFT) - (guarded ? lm_os.page : 0);
    return guarded ? (unsigned)(bytes / class->size) : class->slots;
}

/* Some slabs get a guard in place of their last page: by chance, so that nobody knows where. Not those that have
 * one behind each slot. */
static bool wants_guard(lm_heap *heap, unsigned class) {
    const lm_class *c = &lm_classes[class];
    uint64_t rate = lm_once.protection.guard_rate;
    return rate && c->size <= lm_once.protection.guard_max && c->room == c->size &&
           class != LM_CLASS_ZERO && lm_guard_is_cheap() && lm_os.page <= LM_UNIT / 4 &&
           lm_random_next(&heap->random) % rate == 0;
}

static bool has_slot_guards(const lm_slab *slab) {
    return lm_slab_room(slab) < lm_slab_size(slab);
}

/* The bit shares its byte with others, which whoever walks over all records reads. */
static void set_hidden(lm_slab *slab, bool hidden) {
    lm_lock_take(&lm_arena_lock);
    slab->hidden = hidden;
    lm_lock_give(&lm_arena_lock);
}

static char *last_page(const lm_slab *slab) {
    return lm_slab_address(slab) + lm_slab_bytes(slab) - lm_os.page;
}

static void install_guards(lm_slab *slab) {
    char *at = lm_slab_address(slab);
    size_t room = lm_slab_room(slab), size = lm_slab_size(slab);
    if (slab->class == LM_CLASS_ZERO) {
        set_hidden(slab, lm_guard_install(at, lm_slab_bytes(slab)));
        return;
    }
    if (slab->guarded)
        lm_guard_install(last_page(slab), lm_os.page);
    for (size_t i = 0; i < slab->slots && has_slot_guards(slab); i++)
        lm_guard_install(at + i * size + room, size - room);
}

bool lm_slab_clear(lm_slab *slab, unsigned from, unsigned to) {
    size_t room = lm_slab_room(slab), size = lm_slab_size(slab);
    if (!lm_protect_clears(room) || slab->class == LM_CLASS_ZERO)
        return false;
    for (size_t i = from; i < to; i++)
        memset(lm_slab_address(slab) + i * size, 0, room);
    return true;
}

static void remove_guards(lm_slab *slab) {
    if (slab->hidden)
        lm_guard_remove(lm_slab_address(slab), lm_slab_bytes(slab));
    else if (has_slot_guards(slab))
        lm_guard_remove_all(lm_slab_address(slab), lm_slab_bytes(slab));
    else if (slab->guarded)
        lm_guard_remove(last_page(slab), lm_os.page);
}

/* Makes a huge page come, while nothing stands in its way. */
static void touch(char *at) {
    *(volatile char *)at = 0;
}

lm_slab *lm_slab_new(lm_heap *heap, unsigned class, bool *clean) {
    const lm_class *c = &lm_classes[class];
    bool guarded = wants_guard(heap, class);
    lm_lock_take(&lm_arena_lock);
    lm_grant grant = lm_arena_take(c->units, lm_slab_record_size(c->words), lm_dense_class(class));
    if (grant.record) {
        lm_dense_units += lm_dense_class(class) ? c->units : 0;
        fill_record(grant.record, heap, class, guarded, &grant);
        lm_arena_map(grant.arena, grant.run.first, c->units, grant.record);
    }
    bool exchange = lm_keep_wants_exchange();
    lm_lock_give(&lm_arena_lock);
    if (exchange)
        lm_keep_trim_excess();
    *clean = grant.run.dirty == 0;
    if (!grant.record)
        return NULL;
    if (grant.first)
        touch(lm_slab_address(grant.record));
    install_guards(grant.record);
    return grant.record;
}

/* Nobody finds the slab any more, and whoever had found it has gone: see visit.h. Its units lead to the guard
 * record meanwhile. Returns whether the system has their memory. */
static bool withdraw(lm_slab *slab) {
    lm_arena *arena = &lm_arenas[slab->arena];
    lm_lock_take(&lm_arena_lock);
    bool purged = lm_slab_place(slab) == LM_PLACE_PURGED;
    lm_waiting_end(slab);
    lm_arena_map(arena, lm_slab_first_unit(slab), lm_slab_units(slab),
                 lm_arena_guard_record(arena));
    lm_lock_give(&lm_arena_lock);
    lm_visit_wait(slab);
    return purged;
}

void lm_slab_release(lm_slab *slab) {
    const lm_class *c = &lm_classes[slab->class];
    lm_arena *arena = &lm_arenas[slab->arena];
    uint32_t first = lm_slab_first_unit(slab), units = lm_slab_units(slab);
    bool used_up = lm_slab_place(slab) != LM_PLACE_CURRENT;
    bool purged = withdraw(slab);
    remove_guards(slab);
    if (lm_once.protection.purge_slabs && lm_os.page <= LM_UNIT)
        purged |= lm_dense_purge(arena, first, units);
    lm_lock_take(&lm_arena_lock);
    lm_dense_units -= lm_dense_class(slab->class) ? units : 0;
    lm_arena_map(arena, first, units, NULL);
    lm_arena_give_record(arena, slab, lm_slab_record_size(c->words));
    lm_arena_give(arena, first, units, !purged);
    lm_keep_note_released(units, used_up);
    bool excess = lm_keep_wants_trim();
    lm_lock_give(&lm_arena_lock);
    if (excess)
        lm_keep_trim_excess();
}

/* ---- Harvest -------------------------------------------------------------------------------- */

/* One of the slots that are about to be handed out again: whoever wrote past the end of the block
 * before it, or before the start of the block behind it, shows there. */
static void check_neighbours(lm_slab *slab, size_t slot) {
    lm_finding finding;
    for (size_t s = slot ? slot - 1 : slot + 1; s <= slot + 1 && s < slab->slots; s += 2)
        if (lm_slot_live(slab, s) && !lm_protect_check_shared(slab, s, &finding, ""))
            lm_note_damage(lm_slab_address(slab) + s * lm_slab_size(slab));
}

static void check_some(lm_slab *slab, unsigned word, uint64_t bits, uint64_t random) {
    enum { ONE_WORD_IN = 4 };
    int whose = lm_once.protection.neighbours;
    if (!bits || whose == LM_NEIGHBOURS_NONE || slab->class == LM_CLASS_ZERO)
        return;
    if (whose == LM_NEIGHBOURS_ALL) {
        for (uint64_t left = bits; left; left &= left - 1)
            check_neighbours(slab, (size_t)word * 64 + lm_lowest_bit(left));
    } else if (random % ONE_WORD_IN == 0) {
        uint64_t rest = bits >> (random >> 8) % 64 << (random >> 8) % 64;
        check_neighbours(slab, (size_t)word * 64 + lm_lowest_bit(rest ? rest : bits));
    }
}

/* Which of a word's pending slots become available now. With slots at random places one by one it is about half of
 * them, as long as that leaves enough; the others follow at the next harvest. */
static uint64_t choose(const lm_slab *slab, uint64_t pending, uint64_t random) {
    enum { FEW = 12 };
    if (!lm_once.protection.scatter || slab->slots < FEW)
        return pending;
    uint64_t chosen = pending & random;
    return lm_count_bits(chosen) >= FEW ? chosen : pending;
}

/* The bits of word w that stand for slots `from` to `to`. */
static uint64_t part_of_word(unsigned w, unsigned from, unsigned to) {
    unsigned first = w * 64;
    return lm_low_bits(to - lm_min(to, first)) & ~lm_low_bits(from - lm_min(from, first));
}

unsigned lm_slab_harvest_part(lm_slab *slab, lm_heap *heap, unsigned from, unsigned to) {
    unsigned given = 0;
    for (unsigned w = from / 64; w * 64 < to; w++) {
        lm_pair *pair = &slab->pairs[w];
        uint64_t part = part_of_word(w, from, to);
        uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
        if (!(pending & part))
            continue;
        uint64_t avail = atomic_load_explicit(&pair->avail, memory_order_relaxed);
        pending = lm_note_sort_out(slab, w, pending);
        uint64_t random = lm_random_next(&heap->random);
        uint64_t chosen = choose(slab, pending & part, random);
        given += lm_count_bits(chosen);
        if (heap == lm_self) /* else somebody may be about to write a block's tail */
            check_some(slab, w, chosen, random);
        /* Whoever visits all blocks, and finds one there, finds the slab's memory as it was prepared. */
        atomic_store_explicit(&pair->avail, avail | chosen, memory_order_release);
        atomic_store_explicit(&pair->pending, pending & ~chosen, memory_order_release);
    }
    return given;
}

void lm_slab_harvest(lm_slab *slab, lm_heap *heap) {
    lm_slab_harvest_part(slab, heap, 0, slab->slots);
}

unsigned lm_slab_available(const lm_slab *slab) {
    unsigned count = 0;
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        count += lm_count_bits(atomic_load_explicit(&slab->pairs[w].avail, memory_order_relaxed));
    return count;
}

unsigned lm_slab_pending_before(const lm_slab *slab, unsigned to) {
    unsigned count = 0;
    for (unsigned w = 0; w * 64 < to; w++) {
        uint64_t bits = atomic_load_explicit(&slab->pairs[w].pending, memory_order_relaxed) &
                        part_of_word(w, 0, to);
        if (bits)
            count += lm_count_bits(bits);
    }
    return count;
}

unsigned lm_slab_pending(const lm_slab *slab) {
    return lm_slab_pending_before(slab, slab->slots);
}

bool lm_slab_any_pending_before(const lm_slab *slab, unsigned to) {
    for (unsigned w = 0; w * 64 < to; w++)
        if (atomic_load_explicit(&slab->pairs[w].pending, memory_order_relaxed) &
            part_of_word(w, 0, to))
            return true;
    return false;
}

/* The bits of a word that stand for slots which the owner doesn't know to be free. */
static uint64_t taken_bits(const lm_slab *slab, unsigned w) {
    const lm_pair *pair = &slab->pairs[w];
    return ~(atomic_load_explicit(&pair->avail, memory_order_relaxed) |
             atomic_load_explicit(&pair->pending, memory_order_relaxed));
}

unsigned lm_slab_free_slots(const lm_slab *slab) {
    unsigned taken = 0;
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        uint64_t bits = taken_bits(slab, w);
        if (bits)
            taken += lm_count_bits(bits);
    }
    return slab->slots - taken;
}

bool lm_slab_known_free(const lm_slab *slab) {
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        if (taken_bits(slab, w))
            return false;
    return true;
}

bool lm_slab_empty(lm_slab *slab) {
    uint64_t others = 0;
    unsigned words = lm_slab_words(slab);
    if (!lm_slab_known_free(slab))
        return false;
    for (unsigned w = 0; w < words; w++) {
        lm_pair *pair = &slab->pairs[w];
        uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
        atomic_store_explicit(&pair->pending, lm_note_sort_out(slab, w, pending),
                              memory_order_relaxed);
        others |= atomic_load_explicit(&lm_slab_remotes(slab)[w].bits, memory_order_relaxed);
    }
    /* A word with bits is in an inbox: the slab stays until the owner has taken it out. */
    return others == 0 && lm_slab_known_free(slab);
}

/* A word is closed when all its slots are free by others' hands, too: then each of them is free already. */
bool lm_slab_close(lm_slab *slab) {
    lm_remote *remotes = lm_slab_remotes(slab);
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        uint64_t expected = 0;
        if (atomic_compare_exchange_strong(&remotes[w].bits, &expected, lm_slab_valid(slab, w)))
            continue;
        while (w > 0)
            atomic_store_explicit(&remotes[--w].bits, 0, memory_order_relaxed);
        return false;
    }
    return true;
}

/* Bits of a word's free slots, whoever freed them. */
static uint64_t free_bits(lm_slab *slab, unsigned w) {
    return atomic_load_explicit(&slab->pairs[w].avail, memory_order_relaxed) |
           lm_slab_pending_bits(slab, w) |
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
