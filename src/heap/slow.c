#include "heap/slow.h"

#include "base/finding.h"
#include "heap/arena.h"
#include "heap/bin.h"
#include "heap/fast.h"
#include "heap/init.h"
#include "heap/large.h"
#include "heap/orphans.h"
#include "heap/remote.h"
#include "heap/slab.h"
#include "heap/twice.h"
#include "os/os.h"

#include <errno.h>
#include <string.h>

static void *or_enomem(void *p) {
    if (LM_UNLIKELY(!p))
        errno = ENOMEM;
    return p;
}

/* ---- malloc --------------------------------------------------------------------------------- */

/* A slot of the class, from this heap. */
static void *take(lm_heap *heap, unsigned class) {
    lm_bin *bin = &heap->bins[class];
    lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    uint64_t word = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    if (!word) {
        if (!lm_bin_refill(heap, class))
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
    if (is_late)
        heap = lm_late_take();
    void *p = take(heap, class);
    *fresh = heap->bins[class].fresh;
    if (is_late)
        lm_late_give();
    lm_twice_say();
    return p;
}

/* Lets go of what the thread and the heap keep for later: what others freed of the thread's, empty slabs,
 * resting blocks. */
static LM_COLD void let_go_of_spare(void) {
    if (lm_self != &lm_heap_none) {
        lm_remote_drain(lm_self);
        lm_bins_tidy(lm_self);
    }
    lm_twice_say();
    lm_large_flush();
}

/* When memory is short, what is kept for later may be enough. */
static void *take_small(unsigned class, bool *fresh) {
    void *p = take_anywhere(class, fresh);
    if (LM_UNLIKELY(!p) && lm_init()) {
        let_go_of_spare();
        p = take_anywhere(class, fresh);
    }
    return or_enomem(p);
}

static void *take_large(size_t size, size_t alignment, bool zero) {
    void *p = lm_init() ? lm_large_new(size, alignment, zero) : NULL;
    if (LM_UNLIKELY(!p) && lm_init()) {
        let_go_of_spare();
        p = lm_large_new(size, alignment, zero);
    }
    return or_enomem(p);
}

LM_NOINLINE void *lm_malloc_slow(size_t size) {
    bool fresh;
    if (LM_LIKELY(size <= LM_SLOT_MAX))
        return take_small(lm_class_of(size), &fresh);
    return take_large(size, 1, false);
}

void *lm_calloc(size_t size) {
    bool fresh;
    if (size > LM_SLOT_MAX)
        return take_large(size, 1, true);
    void *p = take_small(lm_class_of(size), &fresh);
    if (p && !fresh)
        memset(p, 0, size);
    return p;
}

/* ---- free ----------------------------------------------------------------------------------- */

/* Names the misuse of a pointer that is no live block's first byte. */
static LM_COLD void report(const char *call, const void *p) {
    lm_found found = lm_find(p);
    lm_finding finding = {LM_INVALID_FREE, call, p, found.block, found.size, 0};
    if (found.slab)
        finding.class_size = lm_slab_size(found.slab);
    if (!found.inside)
        finding.kind = LM_FOREIGN_FREE;
    else if ((const void *)found.block == p) /* live again by now, perhaps: it was not before */
        finding.kind = LM_DOUBLE_FREE;
    else if (found.used_before && (uintptr_t)p % LM_GRAIN == 0)
        finding.kind = LM_DOUBLE_FREE; /* the units came free since: only a freed block led here */
    lm_finding_report(&finding);
}

LM_NOINLINE void lm_free_slow(void *p) {
    lm_found found;
    if (!p)
        return;
    if (!lm_find_exact(p, &found)) {
        report("free", p);
    } else if (found.span) {
        if (!lm_large_free(p))
            report("free", p);
    } else if (atomic_load_explicit(&found.slab->owner, memory_order_relaxed) != lm_self) {
        lm_free_remote(p, found.slab, found.slot);
    } else if (!lm_free_own(found.slab, found.slot)) { /* a slab of another arena than the first */
        report("free", p);
    }
}

LM_NOINLINE void lm_free_remote(void *p, lm_slab *slab, size_t slot) {
    if (LM_UNLIKELY(!lm_remote_free(slab, slot)))
        report("free", p);
}

LM_NOINLINE void lm_free_counted(lm_slab *slab) {
    lm_bin_freed(lm_self, slab);
    lm_twice_say();
}

/* ---- realloc -------------------------------------------------------------------------------- */

/* A slot serves a smaller size as long as at least half of it is used; the smallest slots always.
 */
static bool slot_serves(size_t slot_size, size_t size) {
    enum { NEVER_SHRUNK = 64 };
    return size <= slot_size && (size >= slot_size / 2 || slot_size <= NEVER_SHRUNK);
}

static void *move(void *p, size_t old_size, size_t size) {
    void *q = lm_malloc(size);
    if (!q)
        return NULL;
    memcpy(q, p, lm_min(old_size, size));
    lm_free(p);
    return q;
}

void *lm_realloc(void *p, size_t size) {
    lm_found found;
    if (!lm_find_exact(p, &found)) {
        report("realloc", p);
        return NULL;
    }
    if (found.span && size > LM_SLOT_MAX)
        return or_enomem(lm_large_resize(found.span, size));
    if (found.slab && slot_serves(found.size, size))
        return p;
    return move(p, found.size, size);
}

/* ---- Aligned blocks ------------------------------------------------------------------------- */

/* The smallest class from the size's own on whose slots are all aligned: slabs begin at units. */
static unsigned aligned_class(size_t alignment, size_t size) {
    unsigned class = lm_class_of(size);
    while (class < LM_CLASSES && lm_classes[class].size % alignment != 0)
        class ++;
    return class;
}

void *lm_aligned(size_t alignment, size_t size) {
    bool fresh;
    if (alignment <= LM_GRAIN)
        return lm_malloc(size);
    if (alignment <= LM_UNIT && size <= LM_SLOT_MAX) {
        unsigned class = aligned_class(alignment, size);
        if (class < LM_CLASSES)
            return take_small(class, &fresh);
    }
    return take_large(lm_max(size, 1), alignment, false);
}

/* ---- Questions and requests about the whole ------------------------------------------------- */

size_t lm_usable(const void *p, const char *call) {
    lm_found found;
    if (lm_find_exact(p, &found))
        return found.size;
    report(call, p);
    return 0;
}

size_t lm_good(size_t size) {
    if (size <= LM_SLOT_MAX)
        return lm_classes[lm_class_of(size)].size;
    if (size > LM_LARGE_MAX)
        return 0;
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
