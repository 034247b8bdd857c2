#include "heap/free_remote.h"

#include "heap/slow.h"

/* Whatever the protection, the class and the thread. */
static LM_NOINLINE void free_generally(void *p, const lm_way *way, size_t size) {
    lm_visit visit;
    size_t slot;
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    lm_slab *slab = lm_visit_begin(&visit, &lm_once.lookups[0], offset);
    if (LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) || LM_UNLIKELY(!lm_slot_live(slab, slot)) ||
        LM_UNLIKELY(!lm_protect_in(slab, p, way->family, size))) {
        lm_visit_end(&visit);
        lm_free_slow(p, way, size, LM_ANY_ALIGNMENT);
    } else if (LM_UNLIKELY(!lm_remote_free(slab, slot, &visit))) {
        lm_report_pointer(way->call, p);
    }
}

/* Something is wrong with a claimed block: it lives on, and what it is can be found out. */
static void give_up(const lm_claim *claim, void *p, const lm_way *way, size_t size,
                    lm_visit *visit) {
    lm_protect_give_up(claim, p);
    lm_visit_end(visit);
    free_generally(p, way, size);
}

LM_NOINLINE void lm_free_remote_seldom(void *p, const lm_way *way, size_t size) {
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    lm_slab *slab = lm_record_at(&lm_once.lookups[0], offset);
    lm_claim claim;
    lm_visit visit;
    size_t slot;
    lm_visit_say(&visit, slab);
    bool expected = lm_visit_expects(&lm_once.lookups[0], offset, slab);
    claim.room = lm_slab_room(slab); /* the record may have become another one's before */
    if (LM_UNLIKELY(lm_once.protect != LM_PROTECT_INLINE) || LM_UNLIKELY(!expected) ||
        LM_UNLIKELY(claim.room == 0) || LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) ||
        LM_UNLIKELY(slot >= slab->slots) ||
        LM_UNLIKELY(!lm_protect_claim_fast(&claim, p, way->family, size))) {
        lm_visit_end(&visit);
        free_generally(p, way, size);
    } else if (LM_UNLIKELY(!lm_visit_confirm(&lm_once.lookups[0], offset, slab)) ||
               LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) ||
               LM_UNLIKELY(lm_slab_room(slab) != claim.room) ||
               LM_UNLIKELY(!lm_protect_in_claimed(&claim, p))) {
        give_up(&claim, p, way, size, &visit);
    } else if (LM_UNLIKELY(!lm_remote_free(slab, slot, &visit))) {
        lm_report_pointer(way->call, p);
    }
}

LM_NOINLINE void lm_free_remote_give_up(uint64_t canary, size_t room, void *p, const lm_way *way,
                                        size_t size) {
    lm_claim claim = {.canary = canary, .room = room};
    lm_visit visit = {lm_visit_sign};
    give_up(&claim, p, way, size, &visit);
}

LM_NOINLINE void lm_free_remote_first(lm_slab *slab, lm_remote *remote) {
    lm_visit visit = {lm_visit_sign};
    lm_remote_push(atomic_load_explicit(&slab->owner, memory_order_acquire), remote);
    lm_visit_end(&visit);
}

LM_NOINLINE void lm_free_remote_rarely(lm_slab *slab, size_t slot, const void *p,
                                       const char *call) {
    lm_visit visit = {lm_visit_sign};
    if (!lm_remote_free_rarely(slab, slot, &visit))
        lm_report_pointer(call, p);
}
