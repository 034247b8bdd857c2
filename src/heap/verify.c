#include "heap/verify.h"

#include "heap/arena.h"
#include "heap/bin.h"
#include "heap/dense.h"
#include "heap/find.h"
#include "heap/keep.h"
#include "heap/large.h"
#include "heap/order.h"
#include "heap/orphans.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "heap/walk.h"
#include "os/os.h"

static uint64_t load(const _Atomic uint64_t *word) {
    return atomic_load_explicit(word, memory_order_relaxed);
}

/* ---- Units and records ---------------------------------------------------------------------- */

static int verify_map(const lm_arena *arena) {
    uint64_t units = arena->committed >> LM_UNIT_SHIFT;
    for (uint64_t u = 0; u < units; u++) {
        const lm_chunk *chunk = &arena->chunks.table[u / LM_CHUNK_UNITS];
        bool is_free = (chunk->free >> (u % LM_CHUNK_UNITS) & 1) != 0;
        if (is_free != (atomic_load_explicit(&arena->lookup->map[u], memory_order_relaxed) == 0))
            return LM_VERIFY_MAP;
    }
    return 0;
}

/* All units of the run lead to the record, and the units beside it don't. */
static int verify_run(const lm_arena *arena, const void *record, uint64_t first, uint64_t units) {
    for (uint64_t u = first; u < first + units; u++)
        if ((const void *)lm_record_at(arena->lookup, u << LM_UNIT_SHIFT) != record)
            return LM_VERIFY_RECORD;
    if (first > 0 &&
        (const void *)lm_record_at(arena->lookup, (first - 1) << LM_UNIT_SHIFT) == record)
        return LM_VERIFY_RECORD;
    return 0;
}

/* ---- Slabs
 * ------------------------------------------------------------------------------------------------
 */

/* A thread that was lost in a fork may have been in the middle of a harvest, or about to release the
 * slab. */
static int verify_bits(lm_slab *slab, bool lost) {
    lm_remote *remotes = lm_slab_remotes(slab);
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        uint64_t avail = load(&slab->pairs[w].avail), pending = load(&slab->pairs[w].pending);
        uint64_t remote = load(&remotes[w].bits);
        bool twice = (avail & pending) | (avail & remote) | (pending & remote);
        if ((twice && !lost) || ((avail | remote) & ~lm_slab_valid(slab, w)) ||
            (pending | lm_slab_valid(slab, w)) + 1 != 0)
            return LM_VERIFY_BITS;
        if (remotes[w].slab != slab || remotes[w].word != w)
            return LM_VERIFY_RECORD;
    }
    return 0;
}

static bool in_queue(const lm_bin *bin, const lm_slab *slab) {
    const lm_slab *at = bin->head;
    while (at && at != slab)
        at = at->next;
    return at == slab;
}

/* What a CURRENT slab has not opened was never handed out. */
static bool opened_only(const lm_slab *slab, const lm_bin *bin) {
    unsigned unopened = slab->slots - bin->opened;
    return lm_slab_pending(slab) - lm_slab_pending_before(slab, bin->opened) == unopened;
}

static int verify_place(lm_slab *slab) {
    const lm_heap *owner = atomic_load_explicit(&slab->owner, memory_order_relaxed);
    const lm_bin *bin = &owner->bins[slab->class];
    unsigned pending = lm_slab_pending(slab), avail = lm_slab_available(slab);
    unsigned live = slab->slots - pending - avail;
    unsigned rest = bin->slab == slab ? lm_count_bits(lm_order_rest(slab, bin->pair)) : 0;
    bool medium = slab->class >= LM_SMALL_CLASSES;
    switch (lm_slab_place(slab)) {
    case LM_PLACE_CURRENT:
        if (bin->slab != slab || !opened_only(slab, bin))
            return LM_VERIFY_PLACE;
        if (medium)
            return slab->countdown == live ? 0 : LM_VERIFY_COUNTDOWN;
        return (slab->countdown > 0 || live + avail == 0) &&
                       slab->countdown <= slab->slots - pending + rest
                   ? 0
                   : LM_VERIFY_COUNTDOWN;
    case LM_PLACE_QUEUED:
        if (!in_queue(bin, slab))
            return LM_VERIFY_PLACE;
        return slab->countdown == live ? 0 : LM_VERIFY_COUNTDOWN;
    case LM_PLACE_FULL:
    case LM_PLACE_WAITING:
    case LM_PLACE_PURGED:
        if (avail != 0 || bin->slab == slab || in_queue(bin, slab))
            return LM_VERIFY_PLACE;
        return slab->countdown + pending == lm_slab_threshold(slab) ? 0 : LM_VERIFY_COUNTDOWN;
    default:
        return LM_VERIFY_PLACE;
    }
}

static int verify_slab(lm_slab *slab) {
    const lm_class *class = &lm_classes[slab->class];
    const lm_heap *owner = atomic_load_explicit(&slab->owner, memory_order_relaxed);
    const lm_arena *arena = &lm_arenas[slab->arena];
    if (slab->class >= LM_CLASSES || slab->slots != lm_slab_slots(class, slab->guarded) ||
        slab->reciprocal != (slab->class == LM_CLASS_ZERO ? 0 : class->reciprocal) ||
        lm_slab_start(slab) % LM_UNIT != 0 || lm_slab_room(slab) != class->room)
        return LM_VERIFY_RECORD;
    bool lost = atomic_load(&owner->state) == LM_HEAP_STALE;
    int broken = verify_run(arena, slab, lm_slab_start(slab) >> LM_UNIT_SHIFT, class->units);
    if (!broken)
        broken = verify_bits(slab, lost);
    /* What a thread lost in a fork was doing to its own slabs isn't known. */
    if (!broken && !lost)
        broken = verify_place(slab);
    return broken;
}

/* ---- Spans
 * ---------------------------------------------------------------------------------------------------
 */

static int verify_span(const lm_span *span) {
    const lm_arena *arena = &lm_arenas[span->arena];
    uint64_t begin = (uint64_t)span->first << LM_UNIT_SHIFT;
    uint64_t end = begin + ((uint64_t)span->units << LM_UNIT_SHIFT);
    if (span->start < begin + span->guard_front || span->reciprocal != 0 ||
        span->start + span->bytes + span->guard_back > end || span->bytes % lm_os.page != 0 ||
        span->start % lm_os.page != 0)
        return LM_VERIFY_SPAN;
    if (atomic_load(&span->live) && span->hidden && atomic_load(&span->asked) > 0)
        return LM_VERIFY_SPAN;
    return verify_run(arena, span, span->first, span->units);
}

/* A thread lost in a fork may have been about to give a record back, or to push a word. */
static bool any_lost(void) {
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        if (atomic_load(&heap->state) == LM_HEAP_STALE)
            return true;
    return false;
}

static int verify_records(void) {
    lm_walk walk = {0};
    size_t used[LM_ARENAS_MAX] = {0}, dense = 0;
    int broken = 0;
    for (lm_slab *record; !broken && (record = lm_walk_next(&walk)) != NULL;) {
        if (record->kind == LM_KIND_SLAB) {
            broken = verify_slab(record);
            used[record->arena] += lm_slab_record_size(lm_slab_words(record));
            dense += lm_dense_class(record->class) ? lm_slab_units(record) : 0;
        } else if (record->kind == LM_KIND_SPAN || record->kind == LM_KIND_SAMPLED) {
            broken = verify_span((lm_span *)(void *)record);
            used[record->arena] += lm_slab_record_size(1);
        } else {
            broken = LM_VERIFY_RECORD;
        }
    }
    if (!broken && !any_lost() && dense != lm_dense_units)
        broken = LM_VERIFY_RECORDS;
    for (uint32_t i = 0; !broken && !any_lost() && i < lm_arena_count; i++) {
        lm_arena *arena = &lm_arenas[i];
        size_t bytes = used[i] + 2 * lm_slab_record_size(1); /* those of void and guards */
        for (size_t s = 0; s < LM_RECORD_SIZES; s++)
            for (uint32_t at = arena->record_free[s]; at && bytes <= arena->records_used;
                 at = *(uint32_t *)(void *)(arena->records.at + (size_t)at * LM_RECORD_GRAIN))
                bytes += s * LM_RECORD_GRAIN;
        if (bytes != arena->records_used)
            broken = LM_VERIFY_RECORDS;
    }
    return broken;
}

/* ---- Bins and inboxes ----------------------------------------------------------------------- */

/* A slot's form says what the settings and the class say. */
static bool form_is_right(const lm_bin *bin) {
    bool is_inline = bin->form == LM_FORM_CHECKED || bin->form == LM_FORM_FRESH;
    if (!bin->slab)
        return true;
    return is_inline ==
               (lm_once.protect == LM_PROTECT_INLINE && bin->slab->class < LM_SMALL_CLASSES) &&
           (!is_inline || bin->fresh == (bin->form == LM_FORM_FRESH));
}

/* Bytes of the bin's current slab, when it is empty and counts as idle. */
static size_t idle_in(const lm_bin *bin) {
    const lm_slab *slab = bin->slab;
    bool idle = slab && slab->class >= LM_SMALL_CLASSES && slab->countdown == 0;
    return idle ? lm_slab_bytes(slab) : 0;
}

static int verify_bins(lm_heap *heap) {
    size_t spare = 0, idle = 0;
    for (unsigned class = 0; class < LM_CLASSES; class ++) {
        const lm_bin *bin = &heap->bins[class];
        const lm_slab *before = NULL;
        for (const lm_slab *slab = bin->head; slab; before = slab, slab = slab->next) {
            if (slab->prev != before || atomic_load(&slab->owner) != heap || slab->class != class ||
                lm_slab_place(slab) != LM_PLACE_QUEUED ||
                lm_slab_available(slab) + lm_slab_pending(slab) == 0)
                return LM_VERIFY_QUEUE;
            spare += slab->countdown == 0 ? lm_slab_bytes(slab) : 0;
        }
        if (bin->tail != before)
            return LM_VERIFY_QUEUE;
        if (!bin->slab && atomic_load(&bin->pair) != &lm_bin_no_slots)
            return LM_VERIFY_QUEUE;
        if (!form_is_right(bin))
            return LM_VERIFY_QUEUE;
        idle += idle_in(bin);
    }
    bool is_free = atomic_load(&heap->state) == LM_HEAP_FREE;
    if (heap->left != (is_free ? lm_bins_empty(heap) : 0))
        return LM_VERIFY_QUEUE;
    return spare == heap->spare && idle == heap->idle ? 0 : LM_VERIFY_QUEUE;
}

/* Words in an inbox; each must have bits. */
static size_t count_inbox(lm_heap *heap, int *broken) {
    size_t n = 0;
    for (const lm_remote *remote = atomic_load(&heap->inbox); remote; remote = remote->next) {
        if (load(&remote->bits) == 0)
            *broken = LM_VERIFY_INBOX;
        n++;
    }
    return n;
}

static size_t count_words_with_bits(void) {
    lm_walk walk = {0};
    size_t n = 0;
    for (lm_slab *record; (record = lm_walk_next(&walk)) != NULL;) {
        if (record->kind != LM_KIND_SLAB)
            continue;
        for (unsigned w = 0; w < lm_slab_words(record); w++)
            n += load(&lm_slab_remotes(record)[w].bits) != 0;
    }
    return n;
}

static int verify_heaps(void) {
    int broken = 0;
    lm_heap *late = lm_late_heap();
    size_t words = late ? count_inbox(late, &broken) : 0;
    if (late && !broken)
        broken = verify_bins(late);
    for (lm_heap *heap = atomic_load(&lm_heaps); heap && !broken; heap = heap->next) {
        words += count_inbox(heap, &broken);
        if (!broken && atomic_load(&heap->state) != LM_HEAP_STALE)
            broken = verify_bins(heap);
    }
    if (!broken && !any_lost() && words != count_words_with_bits())
        broken = LM_VERIFY_INBOX;
    return broken;
}

int lm_verify(void) {
    int broken = 0;
    lm_lock_take(&lm_threads_lock);
    lm_lock_take(&lm_purge_lock);
    lm_lock_take(&lm_arena_lock);
    for (uint32_t i = 0; i < lm_arena_count && !broken; i++) {
        if (!lm_chunks_agree(&lm_arenas[i].chunks))
            broken = LM_VERIFY_CHUNKS;
        else
            broken = verify_map(&lm_arenas[i]);
    }
    if (!broken)
        broken = verify_records();
    if (!broken)
        broken = verify_heaps();
    lm_lock_give(&lm_arena_lock);
    lm_lock_give(&lm_purge_lock);
    lm_lock_give(&lm_threads_lock);
    return broken;
}
