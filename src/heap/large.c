#include "heap/large.h"

#include "heap/arena.h"
#include "heap/dense.h"
#include "heap/find.h"
#include "heap/guard.h"
#include "heap/hide.h"
#include "heap/keep.h"
#include "heap/limits.h"
#include "os/os.h"

#include <string.h>

lm_lock lm_large_lock = LM_LOCK(LM_RANK_LARGE);
_Atomic uint64_t lm_large_count;

/* Spans that rest, oldest first. Under lm_large_lock. */
static lm_span *resting[LM_RESTING_MAX];
static unsigned resting_count;

/* `bytes` is at most a few times LM_LARGE_MAX: the count fits. */
static uint32_t units_for(size_t bytes) {
    return (uint32_t)((bytes + LM_UNIT - 1) >> LM_UNIT_SHIFT);
}

/* ---- Guards --------------------------------------------------------------------------------- */

/* Makes a guard of one page. Returns its size; 0 where none can be had, and the page stays unused.
 */
static size_t guard(char *at) {
    return lm_guard_install(at, lm_os.page) ? lm_os.page : 0;
}

static void unguard(char *at, size_t size) {
    if (size)
        lm_guard_remove(at, size);
}

/* ---- What stands behind a block -------------------------------------------------------------- */

enum { MARK = 0xa5, MARKED = 32 /* bytes */ };

size_t lm_large_size(const lm_span *span) {
    /* Nobody may touch a live block that is hidden: it was asked for with no bytes. */
    return lm_once.tail || span->hidden ? atomic_load_explicit(&span->asked, memory_order_relaxed)
                                        : span->bytes;
}

lm_asked lm_large_asked(const lm_span *span) {
    return (lm_asked){lm_large_size(span), span->alignment ? (size_t)1 << span->alignment : 0,
                      (lm_family)span->family};
}

bool lm_large_check(const lm_span *span, lm_finding *finding, const char *when) {
    const char *block = lm_span_address(span);
    size_t asked = lm_large_size(span);
    size_t marked = lm_once.tail && !span->hidden ? lm_min(span->bytes - asked, MARKED) : 0;
    *finding = (lm_finding){.kind = LM_HEAP_OVERFLOW,
                            .call = when,
                            .block = block,
                            .block_size = lm_large_asked(span).size};
    for (size_t i = 0; i < marked; i++) {
        if ((unsigned char)block[asked + i] == MARK)
            continue;
        if (!finding->damaged)
            finding->first = (ptrdiff_t)(asked + i);
        finding->last = (ptrdiff_t)(asked + i);
        finding->damaged = true;
    }
    return !finding->damaged;
}

lm_asked lm_large_judge(const lm_span *span, const lm_way *way, size_t size, size_t alignment) {
    lm_finding finding;
    lm_asked asked = lm_large_asked(span);
    bool whole = lm_large_check(span, &finding, way->call);
    finding.pointer = finding.block;
    if (!whole)
        lm_finding_report(&finding);
    finding.damaged = false;
    if (!lm_once.tail)
        return asked;
    lm_protect_compare(&finding, way, size, alignment, &asked);
    if (finding.kind != LM_KINDS_COUNT)
        lm_finding_report(&finding);
    return asked;
}

/* ---- Resting spans -------------------------------------------------------------------------- */

size_t lm_large_resting(void) {
    return atomic_load_explicit(&lm_keep_resting, memory_order_relaxed);
}

/* Counts a span that comes to rest, or doesn't rest any more. Under lm_large_lock. */
static void count_resting(const lm_span *span, bool begins) {
    _Atomic size_t *counter = span->cold ? &lm_keep_resting_cold : &lm_keep_resting;
    size_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, begins ? now + span->bytes : now - span->bytes,
                          memory_order_relaxed);
}

static void unrest(unsigned i) {
    count_resting(resting[i], false);
    resting_count--;
    memmove(&resting[i], &resting[i + 1], (resting_count - i) * sizeof resting[0]);
}

static void release(lm_span *span);

/* A resting span that fits without wasting more than an eighth; of the latest, since its memory is
 * the warmest. An address that was freed just now isn't given out again at once, though. */
static lm_span *wake(size_t bytes, size_t alignment) {
    lm_span *found = NULL;
    lm_lock_take(&lm_large_lock);
    unsigned too_young = lm_once.protection.hide_large ? 1 : 0;
    for (unsigned i = resting_count; i > too_young && !found; i--) {
        lm_span *span = resting[i - 1 - too_young];
        if (span->bytes >= bytes && span->bytes - bytes <= bytes / 8 &&
            ((uintptr_t)lm_span_address(span) & (alignment - 1)) == 0) {
            found = span;
            unrest(i - 1 - too_young);
        }
    }
    lm_lock_give(&lm_large_lock);
    if (!found || lm_hide_end(found))
        return found;
    release(found);
    return NULL;
}

/* The system gets the memory of a resting span now, the address rests on. */
static void cool(lm_span *span) {
    span->cold = lm_os_purge(lm_span_address(span), span->bytes);
}

/* Puts a freed span to rest; the oldest make room for it. */
static void rest(lm_span *span, size_t most_bytes) {
    lm_span *out[LM_RESTING_MAX];
    unsigned n = 0;
    if (lm_once.protection.hide_large && !span->hidden)
        lm_hide_span(span);
    lm_lock_take(&lm_large_lock);
    while (resting_count > 0 &&
           (resting_count == LM_RESTING_MAX ||
            lm_large_resting() + (span->cold ? 0 : span->bytes) > most_bytes)) {
        out[n++] = resting[0];
        unrest(0);
    }
    resting[resting_count++] = span;
    count_resting(span, true);
    lm_lock_give(&lm_large_lock);
    while (n > 0)
        release(out[--n]);
}

void lm_large_flush(void) {
    lm_span *out[LM_RESTING_MAX];
    lm_lock_take(&lm_large_lock);
    unsigned n = resting_count;
    memcpy(out, resting, n * sizeof out[0]);
    resting_count = 0;
    atomic_store_explicit(&lm_keep_resting, 0, memory_order_relaxed);
    atomic_store_explicit(&lm_keep_resting_cold, 0, memory_order_relaxed);
    lm_lock_give(&lm_large_lock);
    while (n > 0)
        release(out[--n]);
}

/* ---- Making and releasing ------------------------------------------------------------------- */

/* Units that a block of `bytes` needs at most: the alignment may cost as much in front. */
static uint32_t units_with_room(size_t bytes, size_t alignment) {
    size_t front = lm_max(alignment, lm_os.page);
    return units_for(front + bytes + lm_os.page + (front > LM_UNIT ? front : 0));
}

/* Gives back what the alignment left over in front and behind. Locked. */
static lm_run trim_run(lm_arena *arena, lm_run run, size_t start, size_t bytes) {
    uint32_t first = (uint32_t)((start - lm_os.page) >> LM_UNIT_SHIFT);
    uint32_t end = units_for(start + bytes + lm_os.page);
    lm_arena_give(arena, run.first, first - run.first, run.dirty != 0);
    lm_arena_give(arena, end, run.first + run.count - end, run.dirty != 0);
    return (lm_run){first, end - first, run.dirty};
}

/* The span's record, in the map, without guards yet. */
static lm_span *new_span(size_t bytes, size_t alignment, bool *clean) {
    uint32_t units = units_with_room(bytes, alignment);
    lm_lock_take(&lm_arena_lock);
    lm_grant grant = lm_arena_take(units, lm_slab_record_size(1), false);
    lm_span *span = grant.record;
    if (span) {
        uintptr_t base = grant.arena->lookup->base;
        uintptr_t first = base + ((size_t)grant.run.first << LM_UNIT_SHIFT);
        span->start = lm_align_up(first + lm_os.page, lm_max(alignment, lm_os.page)) - base;
        lm_run run = trim_run(grant.arena, grant.run, span->start, bytes);
        span->first = run.first;
        span->units = run.count;
        span->kind = LM_KIND_SPAN;
        span->arena = (uint8_t)(grant.arena - lm_arenas);
        span->bytes = bytes;
        span->fresh = grant.run.dirty <= grant.run.count / 2;
        lm_arena_map(grant.arena, run.first, run.count, span);
    }
    bool exchange = lm_keep_wants_exchange();
    lm_lock_give(&lm_arena_lock);
    if (exchange)
        lm_keep_trim_excess();
    *clean = grant.run.dirty == 0;
    return span;
}

/* Whether so many units are more than is kept of free memory anyway: then the system gets them at
 * once, by one call for all. */
static bool too_many_to_keep(uint32_t units) {
    lm_lock_take(&lm_arena_lock);
    bool too_many = (size_t)units << LM_UNIT_SHIFT > lm_keep_bytes();
    lm_lock_give(&lm_arena_lock);
    return too_many && lm_os.page <= LM_UNIT;
}

/* Without the advice that the arena has, the fresh mapping would not join its neighbours. */
static bool renew(char *at, size_t size) {
    bool done = lm_os_renew(at, size);
    if (done && lm_once.arena.huge_pages)
        lm_os_huge_pages(at, size, lm_once.arena.huge_pages);
    return done;
}

/* Gives the units of a span back but for the first `keep`; with none kept, its record too. */
static void give_units(lm_span *span, uint32_t keep) {
    lm_arena *arena = &lm_arenas[span->arena];
    uint32_t first = span->first + keep, units = span->units - keep;
    /* Of a cold one too: what lies in its units beside the block is as it was. */
    bool purged =
        ((span->cold && !keep) || too_many_to_keep(units)) && lm_dense_purge(arena, first, units);
    lm_lock_take(&lm_arena_lock);
    lm_arena_map(arena, first, units, NULL);
    lm_arena_give(arena, first, units, !purged);
    if (purged)
        lm_keep_note_purged(units);
    if (keep)
        span->units = keep;
    else
        lm_arena_give_record(arena, span, lm_slab_record_size(1));
    bool excess = lm_keep_wants_trim();
    lm_lock_give(&lm_arena_lock);
    if (excess)
        lm_keep_trim_excess();
}

static void release(lm_span *span) {
    char *block = lm_span_address(span);
    lm_hide_end_with_guard(span);
    if (!lm_hide_end(
            span)) { /* what can't be touched can't be used again: only its address is lost */
        lm_os_purge(block, span->bytes);
        span->cold = 1;
        return;
    }
    unguard(block - span->guard_front, span->guard_front);
    unguard(block + span->bytes, span->guard_back);
    /* Pages that were moved here lie in a mapping of their own; a fresh one joins with its
     * neighbours. */
    if (span->moved && renew(block, span->bytes))
        lm_guard_give();
    give_units(span, 0);
}

/* Sets what was asked for, and marks the bytes behind it: up to the end of the page. */
static void set_asked(lm_span *span, size_t size) {
    atomic_store_explicit(&span->asked, size, memory_order_relaxed);
    if (lm_once.tail)
        memset(lm_span_address(span) + size, MARK, lm_min(span->bytes - size, MARKED));
}

/* A run for a block that may get huge pages, or for one to which the pages of another are moved. */
static lm_span *new_run(size_t bytes, size_t alignment, bool may_be_dense, bool *clean) {
    lm_span *span = new_span(bytes, alignment, clean);
    if (span && may_be_dense && lm_dense_expected(bytes))
        lm_dense_advise(&lm_arenas[span->arena], lm_span_address(span), bytes, *clean);
    return span;
}

static lm_span *new_block(size_t size, size_t alignment, lm_family family, bool zero,
                          bool may_be_dense) {
    if (size > LM_LARGE_MAX || alignment > LM_LARGE_MAX)
        return NULL;
    size_t bytes = lm_align_up(lm_max(size, 1), lm_os.page);
    bool clean = false;
    lm_span *span = wake(bytes, alignment);
    if (span) {
        clean = span->cold;
        span->fresh = span->cold;
        span->cold = 0;
    } else {
        span = new_run(bytes, alignment, may_be_dense, &clean);
        if (!span)
            return NULL;
        char *block = lm_span_address(span);
        span->guard_front = guard(block - lm_os.page);
        span->guard_back = guard(block + bytes);
    }
    if (zero && !clean)
        memset(lm_span_address(span), 0, size);
    span->family = (uint8_t)family;
    span->alignment = alignment > LM_GRAIN ? (uint8_t)lm_log2_ceil(alignment) : 0;
    set_asked(span, size);
    if (size == 0 && lm_once.protection.zero_traps)
        lm_hide_all(span);
    atomic_store_explicit(&span->live, 1, memory_order_release);
    atomic_fetch_add_explicit(&lm_large_count, 1, memory_order_relaxed);
    return span;
}

void *lm_large_new(size_t size, size_t alignment, lm_family family, bool zero) {
    lm_span *span = new_block(size, alignment, family, zero, true);
    return span ? lm_span_address(span) : NULL;
}

/* The span of a live block, which is from now on nobody's but the caller's; NULL when it isn't live. Looked
 * up under the lock: of two threads that free it at once, the second may not even touch the record. */
lm_span *lm_large_claim(const void *block) {
    lm_lock_take(&lm_arena_lock);
    lm_found found = lm_find_locked(block);
    bool live = found.span && found.block == block && found.live;
    if (live)
        atomic_store_explicit(&found.span->live, 0, memory_order_relaxed);
    lm_lock_give(&lm_arena_lock);
    return live ? found.span : NULL;
}

/* A span that is nobody's any more. Where its address must rest, and its memory is more than is kept,
 * it rests without it. */
static void put_away(lm_span *span) {
    if (!span->moved && !span->cold)
        lm_dense_learn(&lm_arenas[span->arena], lm_span_address(span), span->bytes);
    lm_lock_take(&lm_arena_lock);
    size_t room = lm_keep_rest_room(span->bytes), most = lm_keep_rest_most();
    lm_lock_give(&lm_arena_lock);
    bool fits = span->cold || span->bytes <= lm_max(most / 2, room);
    if (!fits && !lm_once.protection.hide_large) {
        release(span);
        return;
    }
    if (!span->cold && (!fits || lm_once.protection.purge_slabs))
        cool(span);
    rest(span, most);
}

void lm_large_unclaim(lm_span *span) {
    atomic_store_explicit(&span->live, 1, memory_order_release);
}

void lm_large_free_claimed(lm_span *span) {
    put_away(span);
}

bool lm_large_free(void *block, const lm_way *way, size_t size, size_t alignment) {
    lm_span *span = lm_large_claim(block);
    if (!span)
        return false;
    lm_large_judge(span, way, size, alignment);
    put_away(span);
    return true;
}

/* ---- Resizing ------------------------------------------------------------------------------- */

/* What a growing block gets beyond what it asked for, so that it need not grow at every step.
 * Untouched pages cost no memory. */
static size_t with_slack(size_t size) {
    return lm_align_up(size + size / 8, lm_os.page);
}

/* Sets the block's size within its run, and the guard behind it. */
static void set_bytes(lm_span *span, size_t bytes) {
    char *block = lm_span_address(span);
    unguard(block + span->bytes, span->guard_back);
    if (span->moved && bytes < span->bytes)
        renew(block + bytes, span->bytes - bytes);
    size_t back = guard(block + bytes);
    lm_lock_take(&lm_arena_lock);
    span->bytes = bytes;
    span->guard_back = back;
    lm_lock_give(&lm_arena_lock);
}

static size_t room_in_run(const lm_span *span) {
    size_t end = ((size_t)span->first + span->units) << LM_UNIT_SHIFT;
    return end - span->start - lm_os.page;
}

/* Extends the run so that `bytes` fit in it. */
static bool extend_run(lm_span *span, size_t bytes) {
    lm_arena *arena = &lm_arenas[span->arena];
    uint32_t end = span->first + span->units;
    uint32_t more = units_for(span->start + bytes + lm_os.page) - end;
    lm_lock_take(&lm_arena_lock);
    bool done = lm_arena_take_behind(arena, end, more);
    if (done) {
        lm_arena_map(arena, end, more, span);
        span->units += more;
    }
    lm_lock_give(&lm_arena_lock);
    return done;
}

static bool grow_in_place(lm_span *span, size_t size) {
    size_t least = lm_align_up(size, lm_os.page), wished = with_slack(size);
    if (wished > room_in_run(span) && !extend_run(span, wished) && least > room_in_run(span) &&
        !extend_run(span, least))
        return false;
    set_bytes(span, lm_min(wished, room_in_run(span)));
    return true;
}

/* Gives the run's end back. */
static void shrink_in_place(lm_span *span, size_t size) {
    set_bytes(span, lm_align_up(size, lm_os.page));
    uint32_t keep = units_for(span->start + span->bytes + lm_os.page) - span->first;
    if (keep < span->units)
        give_units(span, keep);
}

/* Brings the content of one span to another: by its pages where that is cheaper, and then returns true, and what the
 * first held is gone. The target's own pages go then, so it isn't cheaper where it has memory. Only what lies in one
 * mapping can be moved. What has grown behind it is copied, until it is an eighth of all; then all is copied, so that
 * a block that grows in small steps is copied seldom. */
static bool move_content(lm_span *to, const lm_span *from) {
    size_t bytes = lm_min(from->bytes, to->bytes);
    size_t pages = from->moved ? lm_min(from->moved_bytes, bytes) : bytes;
    char *target = lm_span_address(to);
    const char *source = lm_span_address(from);
    if (pages >= LM_REMAP_LEAST && bytes - pages <= bytes / 8 && to->fresh && !to->moved &&
        lm_guard_afford()) {
        if (lm_os_move(target, (char *)(uintptr_t)source, pages)) {
            to->moved = 1;
            to->moved_bytes = pages;
            memcpy(target + pages, source + pages, bytes - pages);
            return from->bytes == pages ||
                   lm_os_purge((char *)(uintptr_t)source + pages, from->bytes - pages);
        }
        lm_guard_give();
    }
    memcpy(target, source, bytes);
    return false;
}

void lm_large_move_content(const void *to, const void *from) {
    lm_found target = lm_find(to), source = lm_find(from);
    move_content(target.span, source.span);
}

static void *move(lm_span *span, size_t size) {
    lm_span *target = new_block(with_slack(size), 1, LM_FAMILY_C, false, false);
    if (!target)
        target = new_block(size, 1, LM_FAMILY_C, false, false);
    if (!target)
        return NULL;
    span->cold = move_content(target, span);
    set_asked(target, size);
    put_away(span);
    return lm_span_address(target);
}

/* NULL: the span is as it was. */
static void *resize(lm_span *span, size_t size) {
    if (size > LM_LARGE_MAX || !lm_hide_end(span))
        return NULL;
    if (size > span->bytes && !grow_in_place(span, size))
        return move(span, size);
    if (span->bytes > size && span->bytes - size > span->bytes / 4)
        shrink_in_place(span, size);
    set_asked(span, size);
    span->alignment = 0;
    return lm_span_address(span);
}

void *lm_large_resize(lm_span *span, size_t size) {
    void *old = lm_span_address(span); /* a span that was moved away from is gone */
    void *result = resize(span, size);
    if (!result || result == old)
        lm_large_unclaim(span);
    return result;
}
