/* realloc. */
#include "base/finding.h"
#include "heap/fast.h"
#include "heap/large.h"
#include "heap/sampled.h"
#include "heap/slow.h"
#include "heap/visit.h"

#include <string.h>

static const lm_way by_realloc = {"realloc", LM_FAMILY_C, true};

/* A slot serves a smaller size as long as at least half of it is used; the smallest slots always.
 */
static bool slot_serves(size_t room, size_t size) {
    enum { NEVER_SHRUNK = 64 };
    size_t slot_size = lm_most_in(room);
    return size <= slot_size && (size >= slot_size / 2 || slot_size <= NEVER_SHRUNK);
}

/* Frees the block that a larger one took the place of: nobody else could free it meanwhile, unless it has no
 * tail by which it was claimed. */
static void free_moved(char *p) {
    lm_found found;
    lm_visit visit = lm_visit_place(p);
    bool freed = lm_find_exact(p, &found) && found.slab &&
                 lm_release_slot(found.slab, found.slot, p, &visit);
    lm_visit_end(&visit);
    if (!freed)
        lm_report_pointer(by_realloc.call, p);
}

static void *move_claimed(const lm_found *found, const lm_asked *asked, size_t size) {
    char *p = found->block;
    void *q = lm_malloc(size, LM_FAMILY_C);
    if (!q) {
        lm_protect_unclaim(found->slab, p, asked);
        return NULL;
    }
    memcpy(q, p, lm_min(asked->size, size));
    free_moved(p);
    return q;
}

/* The block is claimed first, so that a free by another thread meanwhile finds it freed, or waits; and so
 * that its slab stays without a visit. */
static void *resize_in_slab(const lm_found *found, size_t size, lm_visit *visit) {
    lm_asked asked = {0};
    lm_slab *slab = found->slab;
    char *p = found->block;
    size_t room = lm_slab_room(slab);
    bool claimed = lm_protect_judge(slab, p, &by_realloc, LM_ANY_SIZE, LM_ANY_ALIGNMENT, &asked) &&
                   lm_protect_claim(slab, p);
    lm_visit_end(visit);
    if (!claimed) {
        lm_report_pointer(by_realloc.call, p);
        return NULL;
    }
    if (!slot_serves(room, size) || (size == 0 && lm_once.protection.zero_traps))
        return move_claimed(found, &asked, size);
    lm_protect_resize(slab, p, size);
    return p;
}

/* A block of no bytes. */
static void *resize_nothing(char *p, size_t size) {
    void *q = size == 0 ? p : lm_malloc(size, LM_FAMILY_C);
    if (q && q != p)
        lm_free(p, &by_realloc, LM_ANY_SIZE);
    return q;
}

static void *resize_sampled(lm_sample *sample, char *p, size_t size) {
    if (!lm_sampled_claim(sample)) {
        lm_report_pointer(by_realloc.call, p);
        return NULL;
    }
    size_t had = lm_sampled_judge(sample, &by_realloc, LM_ANY_SIZE, LM_ANY_ALIGNMENT);
    void *q = size == had ? p : lm_malloc(size, LM_FAMILY_C);
    if (q == p || !q) {
        lm_sampled_unclaim(sample);
        return q;
    }
    memcpy(q, p, lm_min(had, size));
    lm_sampled_free_claimed(sample);
    return q;
}

static void *resize_large(void *p, size_t size) {
    lm_span *span = lm_large_claim(p);
    if (!span) {
        lm_report_pointer(by_realloc.call, p);
        return NULL;
    }
    lm_asked asked = lm_large_judge(span, &by_realloc, LM_ANY_SIZE, LM_ANY_ALIGNMENT);
    if (!lm_has_slot(size))
        return lm_or_enomem(lm_large_resize(span, size));
    void *q = lm_malloc(size, LM_FAMILY_C);
    if (!q) {
        lm_large_unclaim(span);
        return NULL;
    }
    memcpy(q, p, lm_min(asked.size, size));
    lm_large_free_claimed(span);
    return q;
}

/* ---- The short way ----------------------------------------------------------------------------- */

/* A block of the calling thread's own slab, with nothing wrong about it. */
typedef struct own_block {
    lm_slab *slab;
    size_t slot, had; /* had: bytes that were asked for, or the slot's where that isn't known */
    uint64_t canary;
} own_block;

/* Claims it, so that no other thread can free it meanwhile. */
static bool claim_own(own_block *own, char *p) {
    size_t room = lm_slab_room(own->slab), most = room - LM_TAIL;
    own->had = room;
    if (lm_once.protect == LM_PROTECT_NOT)
        return true;
    own->canary = lm_canary_of(p, room);
    uint64_t slack = lm_note_unaligned(own->canary, p) - lm_kind_of(by_realloc.family, 0);
    own->had = most - slack;
    return slack <= most &&
           (room <= LM_SMALL_MAX ? lm_usual_slack_intact(p, room, slack)
                                 : lm_slack_begins_intact(p, room, slack)) &&
           lm_canary_claim(p, room, own->canary);
}

/* Its content lies in a larger or smaller one by now. Without a tail another thread may have freed it meanwhile, and
 * the thread itself have taken that over, and released the slab, when it made the other block. */
static void free_own(const own_block *own, char *p) {
    if (!lm_once.tail) {
        free_moved(p);
        return;
    }
    lm_protect_clear(own->slab, p);
    lm_free_own(own->slab, lm_pair_of(own->slab, own->slot), own->slot);
}

/* False: it must be the long way. */
static bool resize_own(char *p, size_t size, void **result) {
    own_block own;
    if (size == 0 || lm_once.protect == LM_PROTECT_GENERAL)
        return false;
    own.slab = lm_own_slot(p, &own.slot);
    if (!own.slab || !claim_own(&own, p))
        return false;
    size_t room = lm_slab_room(own.slab);
    if (slot_serves(room, size)) {
        lm_protect_resize(own.slab, p, size);
        *result = p;
        return true;
    }
    *result = lm_malloc(size, LM_FAMILY_C);
    if (*result) {
        memcpy(*result, p, lm_min(own.had, size));
        free_own(&own, p);
    } else if (lm_once.tail) {
        atomic_store_explicit(lm_canary_at(p, room), own.canary, memory_order_release);
    }
    return true;
}

void *lm_realloc(void *p, size_t size) {
    lm_found found;
    void *result;
    if (LM_LIKELY(resize_own(p, size, &result)))
        return result;
    lm_visit visit = lm_visit_place(p);
    bool live = lm_find_exact(p, &found);
    bool nothing = live && found.slab && found.slab->class == LM_CLASS_ZERO;
    if (live && found.slab && !nothing)
        return resize_in_slab(&found, size, &visit);
    lm_visit_end(&visit);
    if (!live) {
        lm_report_pointer(by_realloc.call, p);
        return NULL;
    }
    if (nothing)
        return resize_nothing(p, size);
    return found.sample ? resize_sampled(found.sample, p, size) : resize_large(p, size);
}
