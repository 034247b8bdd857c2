#include "heap/slow.h"

#include "base/finding.h"
#include "heap/arena.h"
#include "heap/bin.h"
#include "heap/fast.h"
#include "heap/init.h"
#include "heap/large.h"
#include "heap/note.h"
#include "heap/orphans.h"
#include "heap/remote.h"
#include "heap/sampled.h"
#include "heap/slab.h"
#include "heap/visit.h"
#include "os/os.h"

#include <errno.h>
#include <string.h>

static void *or_enomem(void *p) {
    if (LM_UNLIKELY(!p))
        errno = ENOMEM;
    return p;
}

/* ---- malloc --------------------------------------------------------------------------------- */

/* A slot of the class, from this heap. NULL: there is no memory, or the allocation is a sample. */
static void *take(lm_heap *heap, unsigned class) {
    lm_bin *bin = &heap->bins[class];
    lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    uint64_t word = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    if (!word) {
        if (bin->until_sample == 1 || !lm_bin_refill(heap, class))
            return NULL;
        pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
        word = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    }
    if (class >= LM_SMALL_CLASSES)
        return lm_bin_take_medium(heap, class);
    atomic_store_explicit(&pair->avail, word & (word - 1), memory_order_relaxed);
    return bin->base + (size_t)lm_lowest_bit(word) * bin->size;
}

/* The same for a thread that may have no heap; *fresh says whether the slot was never used. */
static void *take_anywhere(unsigned class, bool *fresh) {
    lm_heap *heap = lm_self;
    if (LM_UNLIKELY(heap == &lm_heap_none))
        heap = lm_thread_heap();
    bool is_late = heap == NULL;
    if (is_late && !lm_init())
        return NULL;
    if (is_late) {
        heap = lm_late_take();
        heap->bins[class].until_sample = LM_NEVER_SAMPLED; /* its lock is held */
    }
    void *p = take(heap, class);
    *fresh = heap->bins[class].fresh;
    if (is_late)
        lm_late_give();
    lm_note_say();
    return p;
}

/* Lets go of what the thread and the heap keep for later: what others freed of the thread's, empty slabs,
 * resting blocks. */
static LM_COLD void let_go_of_spare(void) {
    if (lm_self != &lm_heap_none) {
        lm_remote_drain(lm_self);
        lm_bins_tidy(lm_self);
    }
    lm_orphans_let_go();
    lm_note_say();
    lm_large_flush();
}

/* There was no slot: because the allocation is a sample, which a block between guards of its own then
 * serves if it can; or memory is short, and what is kept for later may be enough. */
static LM_COLD char *take_rarely(unsigned class, size_t size, uint64_t kind, bool *fresh,
                                 bool *sampled) {
    uint64_t chance;
    if (lm_self != &lm_heap_none && lm_bin_sample_due(lm_self, class, &chance)) {
        char *p = lm_sampled_new(size, kind, chance);
        *sampled = p != NULL;
        *fresh = true;
        if (!p)
            p = take_anywhere(class, fresh);
        if (p)
            return p;
    }
    if (!lm_init())
        return NULL;
    let_go_of_spare();
    return take_anywhere(class, fresh);
}

/* A block of the class: in a slot, or a sampled one. *fresh: its slot was never used since the system
 * gave it. */
static void *take_small(unsigned class, size_t size, uint64_t kind, bool *fresh) {
    bool sampled = false;
    char *p = take_anywhere(class, fresh);
    if (LM_UNLIKELY(!p))
        p = take_rarely(class, size, kind, fresh, &sampled);
    if (!p || sampled || class == LM_CLASS_ZERO || lm_once.protect == LM_PROTECT_NOT)
        return or_enomem(p);
    return lm_protect_out(p, lm_classes[class].room, size, kind, *fresh);
}

static void *take_large(size_t size, size_t alignment, lm_family family, bool zero) {
    void *p = lm_init() ? lm_large_new(size, alignment, family, zero) : NULL;
    if (LM_UNLIKELY(!p) && lm_init()) {
        let_go_of_spare();
        p = lm_large_new(size, alignment, family, zero);
    }
    return or_enomem(p);
}

/* Whether a block of so many bytes has a slot. What the settings say of it is known only when the heap has
 * started. */
static bool has_slot(size_t size) {
    return size <= LM_MEDIUM_MAX && lm_init();
}

static unsigned class_for(size_t size) {
    if (size == 0)
        return lm_once.protection.zero_traps ? LM_CLASS_ZERO : 0;
    return lm_class_of(size + lm_once.tail);
}

LM_NOINLINE void *lm_malloc_slow(size_t size, lm_family family) {
    bool fresh;
    if (LM_LIKELY(has_slot(size)))
        return take_small(class_for(size), size, lm_kind_of(family, 0), &fresh);
    return take_large(size, 1, family, false);
}

void *lm_calloc(size_t size) {
    bool fresh;
    if (!has_slot(size))
        return take_large(size, 1, LM_FAMILY_C, true);
    unsigned class = class_for(size);
    void *p = take_small(class, size, lm_kind_of(LM_FAMILY_C, 0), &fresh);
    if (p && !fresh && !lm_protect_clears(lm_classes[class].room))
        memset(p, 0, size);
    return p;
}

/* ---- free ----------------------------------------------------------------------------------- */

/* Names the misuse of a pointer that is no live block's first byte. */
static LM_COLD void report(const char *call, const void *p) {
    lm_sample_story story;
    lm_found found = lm_find(p);
    lm_finding finding = {
        .kind = LM_INVALID_FREE, .call = call, .pointer = p, .block = found.block};
    finding.block_size = found.block ? lm_block_size(&found) : 0;
    finding.size_at_most = found.block && !found.live && found.slab && lm_once.tail;
    if (found.sample && found.block)
        lm_sample_tell(found.sample, &finding, &story);
    if (found.slab)
        finding.class_size = lm_slab_room(found.slab);
    if (!found.inside)
        finding.kind = LM_FOREIGN_FREE;
    else if ((const void *)found.block == p) /* live again by now, perhaps: it was not before */
        finding.kind = LM_DOUBLE_FREE;
    else if (found.used_before && (uintptr_t)p % LM_GRAIN == 0)
        finding.kind = LM_DOUBLE_FREE; /* the units came free since: only a freed block led here */
    lm_finding_report(&finding);
}

/* A visit to wherever the pointer leads. */
static lm_visit visit_place_of(const void *p) {
    lm_visit visit = {NULL};
    const lm_arena *arena = lm_arena_of((uintptr_t)p);
    if (arena)
        lm_visit_begin(&visit, arena->lookup, (uintptr_t)p - arena->lookup->base);
    return visit;
}

/* Frees a slot whose block is the caller's alone by now, and ends the visit. False: it was free already. */
static bool release_slot(lm_slab *slab, size_t slot, char *p, lm_visit *visit) {
    bool own = atomic_load_explicit(&slab->owner, memory_order_relaxed) == lm_self;
    lm_pair *pair = lm_pair_of(slab, slot);
    lm_protect_clear(slab, p);
    if (!own)
        return lm_remote_free(slab, slot, visit);
    if (lm_known_free(pair, slot))
        return false;
    lm_free_own(slab, pair, slot);
    return true;
}

/* A live slot: what stands around it is looked at before it is freed. False: it is free already. */
static bool free_slot(const lm_found *found, const lm_way *way, size_t size, size_t alignment,
                      lm_visit *visit) {
    lm_asked asked;
    lm_slab *slab = found->slab;
    bool own = atomic_load_explicit(&slab->owner, memory_order_relaxed) == lm_self;
    if (slab->class != LM_CLASS_ZERO &&
        !lm_protect_judge(slab, found->block, way, size, alignment, &asked))
        return false;
    if (!own && !lm_protect_claim(slab, found->block))
        return false;
    return release_slot(slab, found->slot, found->block, visit);
}

LM_NOINLINE void lm_free_slow(void *p, const lm_way *way, size_t size, size_t alignment) {
    lm_found found;
    if (!p)
        return;
    lm_visit visit = visit_place_of(p);
    bool freed = lm_find_exact(p, &found);
    if (freed && found.slab)
        freed = free_slot(&found, way, size, alignment, &visit);
    lm_visit_end(&visit);
    if (freed && !found.slab)
        freed = found.sample ? lm_sampled_free(found.sample, way, size, alignment)
                             : lm_large_free(p, way, size, alignment);
    if (!freed)
        report(way->call, p);
}

/* Whatever the protection, the class and the thread. */
static LM_NOINLINE void free_remote_general(void *p, const lm_way *way, size_t size) {
    lm_visit visit;
    size_t slot;
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    lm_slab *slab = lm_visit_begin(&visit, &lm_once.lookups[0], offset);
    if (LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) || LM_UNLIKELY(!lm_slot_live(slab, slot)) ||
        LM_UNLIKELY(!lm_protect_in(slab, p, way->family, size))) {
        lm_visit_end(&visit);
        lm_free_slow(p, way, size, LM_ANY_ALIGNMENT);
    } else if (LM_UNLIKELY(!lm_remote_free(slab, slot, &visit))) {
        report(way->call, p);
    }
}

/* Something is wrong with a claimed block: it lives on, and what it is can be found out. */
static LM_NOINLINE void give_up(const lm_claim *claim, void *p, const lm_way *way, size_t size,
                                lm_visit *visit) {
    lm_protect_give_up(claim, p);
    lm_visit_end(visit);
    free_remote_general(p, way, size);
}

/* The claim comes first, and what leads to the slab is looked at again behind it: when two threads have come to
 * free the block at once, the slab may have been released before the visit began. A free slot has no canary, so the
 * claim fails then. */
LM_NOINLINE void lm_free_remote(void *p, const lm_way *way, size_t size) {
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    lm_slab *slab = lm_record_at(&lm_once.lookups[0], offset);
    lm_claim claim = {.room = lm_slab_room(slab)};
    lm_visit visit;
    size_t slot;
    if (LM_UNLIKELY(lm_once.protect != LM_PROTECT_INLINE) || LM_UNLIKELY(claim.room == 0)) {
        free_remote_general(p, way, size);
        return;
    }
    lm_visit_say(&visit, slab);
    if (LM_UNLIKELY(!lm_protect_claim_fast(&claim, p, way->family, size))) {
        lm_visit_end(&visit);
        free_remote_general(p, way, size);
    } else if (LM_UNLIKELY(!lm_visit_confirm(&lm_once.lookups[0], offset, slab)) ||
               LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)) ||
               LM_UNLIKELY(lm_slab_room(slab) != claim.room) ||
               LM_UNLIKELY(!lm_protect_in_claimed(&claim, p))) {
        give_up(&claim, p, way, size, &visit);
    } else if (LM_UNLIKELY(!lm_remote_free(slab, slot, &visit))) {
        report(way->call, p);
    }
}

static LM_NOINLINE void free_general(void *p, const lm_way *way, size_t size, lm_slab *slab,
                                     size_t slot) {
    if (lm_protect_in(slab, p, way->family, size))
        lm_free_own(slab, lm_pair_of(slab, slot), slot);
    else
        lm_free_slow(p, way, size, LM_ANY_ALIGNMENT);
}

LM_NOINLINE void lm_free_other(void *p, const lm_way *way, size_t size, lm_slab *slab,
                               size_t slot) {
    size_t room = lm_slab_room(slab);
    if (LM_LIKELY(lm_once.protect == LM_PROTECT_INLINE) && LM_LIKELY(room <= LM_SMALL_MAX) &&
        LM_LIKELY(lm_protect_in_fast(p, room, way->family, size, true)))
        lm_free_own(slab, lm_pair_of(slab, slot), slot);
    else
        free_general(p, way, size, slab, slot);
}

LM_NOINLINE void lm_free_counted(lm_slab *slab) {
    lm_bin_freed(lm_self, slab);
    lm_note_say();
}

/* ---- realloc -------------------------------------------------------------------------------- */

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
    lm_visit visit = visit_place_of(p);
    bool freed =
        lm_find_exact(p, &found) && found.slab && release_slot(found.slab, found.slot, p, &visit);
    lm_visit_end(&visit);
    if (!freed)
        report(by_realloc.call, p);
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
        report(by_realloc.call, p);
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
        report(by_realloc.call, p);
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
        report(by_realloc.call, p);
        return NULL;
    }
    lm_asked asked = lm_large_judge(span, &by_realloc, LM_ANY_SIZE, LM_ANY_ALIGNMENT);
    if (!has_slot(size))
        return or_enomem(lm_large_resize(span, size));
    void *q = lm_malloc(size, LM_FAMILY_C);
    if (!q) {
        lm_large_unclaim(span);
        return NULL;
    }
    memcpy(q, p, lm_min(asked.size, size));
    lm_large_free_claimed(span);
    return q;
}

void *lm_realloc(void *p, size_t size) {
    lm_found found;
    lm_visit visit = visit_place_of(p);
    bool live = lm_find_exact(p, &found);
    bool nothing = live && found.slab && found.slab->class == LM_CLASS_ZERO;
    if (live && found.slab && !nothing)
        return resize_in_slab(&found, size, &visit);
    lm_visit_end(&visit);
    if (!live) {
        report(by_realloc.call, p);
        return NULL;
    }
    if (nothing)
        return resize_nothing(p, size);
    return found.sample ? resize_sampled(found.sample, p, size) : resize_large(p, size);
}

/* ---- Aligned blocks ------------------------------------------------------------------------- */

/* The smallest class from the size's own on whose slots are all aligned: slabs begin at units. */
static unsigned aligned_class(size_t alignment, size_t size) {
    unsigned class = lm_class_of(lm_max(size, 1) + lm_once.tail);
    while (class < LM_CLASS_ZERO && lm_classes[class].size % alignment != 0)
        class ++;
    return class;
}

void *lm_aligned(size_t alignment, size_t size, lm_family family) {
    bool fresh;
    if (alignment <= LM_GRAIN)
        return lm_malloc(size, family);
    if (alignment <= LM_UNIT && has_slot(size) && (size > 0 || !lm_once.protection.zero_traps)) {
        unsigned class = aligned_class(alignment, size);
        if (class < LM_CLASS_ZERO)
            return take_small(class, size, lm_kind_of(family, alignment), &fresh);
    }
    return take_large(size, alignment, family, false);
}

/* ---- Questions and requests about the whole ------------------------------------------------- */

size_t lm_usable(const void *p, const char *call) {
    lm_found found;
    lm_visit visit = visit_place_of(p);
    bool live = lm_find_exact(p, &found);
    size_t size = live ? lm_block_size(&found) : 0;
    lm_visit_end(&visit);
    if (!live)
        report(call, p);
    return size;
}

size_t lm_good(size_t size) {
    if (size > LM_LARGE_MAX)
        return 0;
    if (has_slot(size))
        return class_for(size) == LM_CLASS_ZERO ? 0 : lm_most_in(lm_classes[class_for(size)].room);
    return lm_align_up(size, lm_os.page ? lm_os.page : LM_UNIT);
}

bool lm_trim(size_t keep) {
    if (!lm_init())
        return false;
    uint64_t before = atomic_load_explicit(&lm_os_count.purges, memory_order_relaxed);
    let_go_of_spare();
    lm_arena_trim(keep);
    return atomic_load_explicit(&lm_os_count.purges, memory_order_relaxed) != before;
}
