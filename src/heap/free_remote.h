/* free of a block in a slab of another thread's, in the fewest steps. What a visit is says visit.h; the bits and the
 * inbox, remote.h. */
#ifndef LM_HEAP_FREE_REMOTE_H
#define LM_HEAP_FREE_REMOTE_H

#include "heap/protect.h"
#include "heap/remote.h"
#include "heap/visit.h"

/* All that the way below can't do, which may have said what it visits already. */
void lm_free_remote_seldom(void *p, const lm_way *way, size_t size);

/* What it comes to, out of line, so that it needs no stack: something is wrong with the block that was claimed; its
 * word has its first bit; it is free already, or the last one of its word. */
void lm_free_remote_give_up(uint64_t canary, size_t room, void *p, const lm_way *way, size_t size);
void lm_free_remote_first(lm_slab *slab, lm_remote *remote);
void lm_free_remote_rarely(lm_slab *slab, size_t slot, const void *p, const char *call);

/* The claim comes before anything is changed, and what leads to the slab is looked at again behind it: when two threads
 * have come to free the block at once, the slab may have been released before the visit began. A free slot has no
 * canary, so the claim fails then. */
LM_INLINE void lm_free_remote_in(void *p, const lm_way *way, size_t size) {
    const lm_lookup *lookup = &lm_once.lookups[0];
    uint64_t offset = (uintptr_t)p - lookup->base;
    lm_slab *slab = lm_record_at(lookup, offset);
    _Atomic(const lm_slab *) *sign = lm_visit_sign;
    if (LM_UNLIKELY(!sign) || LM_UNLIKELY(lm_once.protect != LM_PROTECT_INLINE)) {
        lm_free_remote_seldom(p, way, size);
        return;
    }
    atomic_store_explicit(sign, slab, memory_order_release);
    bool expected = lm_visit_expects(lookup, offset, slab);
    size_t room = lm_slab_room(slab), slot; /* the record may have become another one's before */
    if (LM_UNLIKELY(!expected) || LM_UNLIKELY(room - 1 >= LM_SMALL_MAX) ||
        LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) || LM_UNLIKELY(slot >= slab->slots)) {
        lm_free_remote_seldom(p, way, size);
        return;
    }
    size_t most = room - LM_TAIL;
    uint64_t canary = lm_canary_of(p, room);
    uint64_t slack = lm_note_in(canary, p) - lm_kind_of(way->family, 0);
    if (LM_UNLIKELY(size == LM_ANY_SIZE ? slack > most : slack != most - size) ||
        LM_UNLIKELY(!lm_canary_claim(p, room, canary))) {
        lm_free_remote_seldom(p, way, size);
        return;
    }
    if (LM_UNLIKELY(!lm_visit_confirm(lookup, offset, slab)) ||
        LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) || LM_UNLIKELY(lm_slab_room(slab) != room) ||
        LM_UNLIKELY(!lm_slot_in(p, room, slack))) {
        lm_free_remote_give_up(canary, room, p, way, size);
        return;
    }
    lm_remote *remote = lm_remote_of(slab, slot);
    lm_remote_step step = lm_remote_set(remote, slab, slot);
    if (LM_LIKELY(step == LM_REMOTE_DONE))
        atomic_store_explicit(sign, NULL, memory_order_release);
    else if (step == LM_REMOTE_FIRST)
        lm_free_remote_first(slab, remote);
    else
        lm_free_remote_rarely(slab, slot, p, way->call);
}

#endif
