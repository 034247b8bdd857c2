#include "heap/slow.h"

#include "base/finding.h"
#include "heap/arena.h"
#include "heap/bin.h"
#include "heap/fast.h"
#include "heap/init.h"
#include "heap/keep.h"
#include "heap/large.h"
#include "heap/note.h"
#include "heap/orphans.h"
#include "heap/remote.h"
#include "heap/sampled.h"
#include "heap/slab.h"
#include "heap/visit.h"
#include "os/os.h"

#include <string.h>

/* ---- malloc --------------------------------------------------------------------------------- */

/* A slot of the bin's word, which isn't empty. */
static char *take_from(lm_heap *heap, lm_bin *bin, unsigned class) {
    lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    uint64_t word = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    atomic_store_explicit(&pair->avail, word & (word - 1), memory_order_relaxed);
    if (class >= LM_SMALL_CLASSES)
        lm_bin_taken_medium(heap, bin);
    return bin->base + (size_t)lm_lowest_bit(word) * bin->size;
}

/* A slot of the class, from this heap. NULL: there is no memory, or the allocation is a sample. */
static void *take(lm_heap *heap, unsigned class) {
    lm_bin *bin = &heap->bins[class];
    if (!lm_bin_has_slot(bin) && (bin->until_sample == 1 || !lm_bin_refill(heap, class)))
        return NULL;
    return take_from(heap, bin, class);
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
        return lm_or_enomem(p);
    return lm_protect_out(p, lm_classes[class].room, size, kind, *fresh);
}

static void *take_large(size_t size, size_t alignment, lm_family family, bool zero) {
    void *p = lm_init() ? lm_large_new(size, alignment, family, zero) : NULL;
    if (LM_UNLIKELY(!p) && lm_init()) {
        let_go_of_spare();
        p = lm_large_new(size, alignment, family, zero);
    }
    return lm_or_enomem(p);
}

bool lm_has_slot(size_t size) {
    return size <= LM_MEDIUM_MAX && lm_init();
}

static unsigned class_for(size_t size) {
    if (size == 0)
        return lm_once.protection.zero_traps ? LM_CLASS_ZERO : 0;
    return lm_class_of(size + lm_once.tail);
}

/* The same as take_small, the short way: for a class whose bin has a slot at hand, where protection has no general
 * form. NULL: it must be the long way. */
static void *take_quickly(unsigned class, size_t size, uint64_t kind, bool *fresh) {
    lm_heap *heap = lm_self;
    lm_bin *bin = &heap->bins[class];
    if (!lm_bin_has_slot(bin) || class == LM_CLASS_ZERO || lm_once.protect == LM_PROTECT_GENERAL)
        return NULL;
    char *p = take_from(heap, bin, class);
    *fresh = bin->fresh;
    if (lm_once.protect == LM_PROTECT_NOT)
        return p;
    if (class < LM_SMALL_CLASSES)
        return lm_protect_out_fast(p, bin, size, kind);
    lm_tail_put_over(p, bin->size, size, kind);
    return p;
}

static void *take_slot(unsigned class, size_t size, uint64_t kind, bool *fresh) {
    void *p = take_quickly(class, size, kind, fresh);
    return LM_LIKELY(p != NULL) ? p : take_small(class, size, kind, fresh);
}

LM_NOINLINE void *lm_malloc_slow(size_t size, lm_family family) {
    bool fresh;
    if (size <= LM_SMALL_MAX && lm_bin_go_on(lm_self, lm_small_bin(lm_self, size)))
        return lm_malloc(size, family);
    if (LM_LIKELY(lm_has_slot(size)))
        return take_slot(class_for(size), size, lm_kind_of(family, 0), &fresh);
    return take_large(size, 1, family, false);
}

void *lm_calloc(size_t size) {
    bool fresh;
    if (!lm_has_slot(size))
        return take_large(size, 1, LM_FAMILY_C, true);
    unsigned class = class_for(size);
    void *p = take_slot(class, size, lm_kind_of(LM_FAMILY_C, 0), &fresh);
    if (p && !fresh && !lm_protect_clears(lm_classes[class].room))
        memset(p, 0, size);
    return p;
}

/* ---- free ----------------------------------------------------------------------------------- */

LM_COLD void lm_report_pointer(const char *call, const void *p) {
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

bool lm_release_slot(lm_slab *slab, size_t slot, char *p, lm_visit *visit) {
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
    return lm_release_slot(slab, found->slot, found->block, visit);
}

LM_NOINLINE void lm_free_slow(void *p, const lm_way *way, size_t size, size_t alignment) {
    lm_found found;
    if (!p)
        return;
    lm_visit visit = lm_visit_place(p);
    bool freed = lm_find_exact(p, &found);
    if (freed && found.slab)
        freed = free_slot(&found, way, size, alignment, &visit);
    lm_visit_end(&visit);
    if (freed && !found.slab)
        freed = found.sample ? lm_sampled_free(found.sample, way, size, alignment)
                             : lm_large_free(p, way, size, alignment);
    if (!freed)
        lm_report_pointer(way->call, p);
}

/* What the inlined forms don't: aligned blocks, where the call doesn't mind, and blocks in rooms above LM_SMALL_MAX. */
static bool protect_in_quickly(char *p, size_t room, const lm_way *way, size_t size) {
    if (lm_once.protect != LM_PROTECT_INLINE || !way->any_alignment)
        return false;
    size_t most = room - LM_TAIL;
    uint64_t slack = lm_note_unaligned(lm_canary_of(p, room), p) - lm_kind_of(way->family, 0);
    if (slack > most || (size != LM_ANY_SIZE && slack != most - size))
        return false;
    if (room > LM_SMALL_MAX)
        return lm_slack_begins_intact(p, room, slack);
    return lm_slot_in(p, room, slack) || lm_slot_in_any(p, room, slack);
}

LM_NOINLINE void lm_free_other(void *p, const lm_way *way, size_t size) {
    uint64_t offset = (uintptr_t)p - lm_once.lookups[0].base;
    lm_slab *slab = lm_record_at(&lm_once.lookups[0], offset);
    size_t slot;
    if (lm_slot_at(slab, offset, &slot) && (protect_in_quickly(p, lm_slab_room(slab), way, size) ||
                                            lm_protect_in(slab, p, way->family, size)))
        lm_free_own(slab, lm_pair_of(slab, slot), slot);
    else
        lm_free_slow(p, way, size, LM_ANY_ALIGNMENT);
}

LM_NOINLINE void lm_free_counted(lm_slab *slab) {
    lm_bin_freed(lm_self, slab);
    lm_note_say();
}

/* ---- Aligned blocks ------------------------------------------------------------------------- */

/* The smallest class from the size's own on whose slots are all aligned: slabs begin at units. */
static unsigned aligned_class(size_t alignment, size_t size) {
    unsigned class = lm_class_of(lm_max(size, 1) + lm_once.tail);
    while (class < LM_CLASS_ZERO && (lm_classes[class].size & (alignment - 1)) != 0)
        class ++;
    return class;
}

void *lm_aligned(size_t alignment, size_t size, lm_family family) {
    bool fresh;
    if (alignment <= LM_GRAIN)
        return lm_malloc(size, family);
    if (alignment <= LM_UNIT && lm_has_slot(size) && (size > 0 || !lm_once.protection.zero_traps)) {
        unsigned class = aligned_class(alignment, size);
        if (class < LM_CLASS_ZERO)
            return take_slot(class, size, lm_kind_of(family, alignment), &fresh);
    }
    return take_large(size, alignment, family, false);
}

/* ---- Questions and requests about the whole ------------------------------------------------- */

/* What a block in the thread's own slab was asked for. False: that must be found out the long way. */
static bool own_size(const char *p, size_t *size) {
    size_t slot;
    const lm_slab *slab = lm_own_slot(p, &slot);
    if (!slab || lm_once.protect == LM_PROTECT_GENERAL)
        return false;
    size_t room = lm_slab_room(slab);
    uint64_t note = lm_once.tail ? lm_note_of(p, room) : 0, slack = note & 0xffff;
    *size = room - lm_once.tail - slack;
    return note >> LM_NOTE_BITS == 0 && slack <= room - lm_once.tail;
}

size_t lm_usable(const void *p, const char *call) {
    lm_found found;
    size_t own;
    if (LM_LIKELY(own_size(p, &own)))
        return own;
    lm_visit visit = lm_visit_place(p);
    bool live = lm_find_exact(p, &found);
    size_t size = live ? lm_block_size(&found) : 0;
    lm_visit_end(&visit);
    if (!live)
        lm_report_pointer(call, p);
    return size;
}

size_t lm_good(size_t size) {
    if (size > LM_LARGE_MAX)
        return 0;
    if (lm_has_slot(size))
        return class_for(size) == LM_CLASS_ZERO ? 0 : lm_most_in(lm_classes[class_for(size)].room);
    return lm_align_up(size, lm_os.page ? lm_os.page : LM_UNIT);
}

bool lm_trim(size_t keep) {
    if (!lm_init())
        return false;
    uint64_t before = atomic_load_explicit(&lm_os_count.purges, memory_order_relaxed);
    let_go_of_spare();
    lm_keep_trim(keep);
    return atomic_load_explicit(&lm_os_count.purges, memory_order_relaxed) != before;
}
