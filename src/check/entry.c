#include "check/entry.h"

#include "check/blocks.h"
#include "check/damage.h"
#include "check/dangling.h"
#include "check/failed.h"
#include "check/guarded.h"
#include "check/here.h"
#include "check/judge.h"
#include "check/leaks.h"
#include "check/quarantine.h"
#include "check/shadow.h"
#include "check/start.h"
#include "check/tell.h"
#include "heap/fast.h"
#include "heap/init.h"
#include "heap/large.h"

#include <errno.h>

/* What a block in a slot costs beyond its bytes. */
enum { ZONES = 2 * LM_ZONE_LEAST };

/* ---- Failures --------------------------------------------------------------------------------- */

static LM_COLD void *fail(size_t size, lm_call call) {
    if (size > PTRDIFF_MAX)
        lm_judge_size(call, 0, size);
    lm_failed_note(call, size, ENOMEM);
    errno = ENOMEM;
    return NULL;
}

LM_COLD void lm_check_overflow(size_t count, size_t size, lm_call call) {
    lm_judge_size(call, count, size);
    lm_failed_note(call, SIZE_MAX, ENOMEM);
}

/* ---- Making ----------------------------------------------------------------------------------- */

static void give_raw(void *raw) {
    lm_free(raw, &lm_ways[LM_CALL_FREE], LM_ANY_SIZE);
}

/* Makes a block in a slot that the heap gave; its bytes are as they are. NULL: there is no memory for the
 * record. */
LM_INLINE char *make(char *raw, size_t front, size_t size, lm_call call, unsigned alignment,
                     uint32_t stack, lm_place *place) {
    if (LM_UNLIKELY(!lm_table_fast((uintptr_t)raw, place)) && !lm_table_new(raw, place)) {
        give_raw(raw);
        return fail(size, call);
    }
    lm_watcher *watcher = lm_watcher_here();
    lm_record *record = place->record;
    atomic_store_explicit(&record->state, LM_STATE_BUSY, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    lm_record_make(record, call, alignment, stack, size);
    record->allocated_at = lm_moment_here(watcher);
    lm_damage_prepare(place);
    lm_watcher_allocated(watcher, size);
    return raw + front;
}

LM_INLINE void *finish(const lm_place *place, char *p) {
    atomic_store_explicit(&place->record->state, LM_STATE_LIVE, memory_order_release);
    return p;
}

/* Fills new memory from `done` bytes on. */
LM_INLINE void fill_fresh(const lm_place *place, char *p, size_t done) {
    size_t size =
        place->records->stride ? place->record->size : lm_min(place->record->size, LM_FRESH_MOST);
    if (size > done)
        lm_zone_fill_any((unsigned char *)p + done, size - done, LM_FILL_FRESH);
}

LM_INLINE char *new_block(size_t size, lm_call call, uint32_t stack, lm_place *place) {
    if (LM_UNLIKELY(size > (size_t)PTRDIFF_MAX - ZONES) || LM_UNLIKELY(!lm_check_start()))
        return fail(size, call);
    char *raw = lm_malloc(size + ZONES, LM_FAMILY_C);
    return LM_LIKELY(raw != NULL) ? make(raw, LM_ZONE_LEAST, size, call, 0, stack, place)
                                  : fail(size, call);
}

void *lm_check_malloc(size_t size, lm_call call) {
    lm_leaks_poll();
    lm_place place;
    const uint32_t stack = lm_check_start() ? lm_here() : 0;
    char *p = lm_guarded_new(size, 0, call, false, stack);
    if (LM_UNLIKELY(p != NULL))
        return p;
    p = new_block(size, call, stack, &place);
    if (LM_UNLIKELY(!p))
        return NULL;
    fill_fresh(&place, p, 0);
    return finish(&place, p);
}

void *lm_check_calloc(size_t size) {
    lm_place place;
    if (LM_UNLIKELY(size > (size_t)PTRDIFF_MAX - ZONES) || !lm_check_start())
        return fail(size, LM_CALL_CALLOC);
    const uint32_t stack = lm_here();
    void *guarded = lm_guarded_new(size, 0, LM_CALL_CALLOC, true, stack);
    if (LM_UNLIKELY(guarded != NULL))
        return guarded;
    char *raw = lm_calloc(size + ZONES);
    if (!raw)
        return fail(size, LM_CALL_CALLOC);
    char *p = make(raw, LM_ZONE_LEAST, size, LM_CALL_CALLOC, 0, stack, &place);
    return p ? finish(&place, p) : NULL;
}

void *lm_check_aligned(size_t alignment, size_t size, lm_call call) {
    lm_place place;
    size_t bytes;
    if (alignment <= LM_GRAIN)
        return lm_check_malloc(size, call);
    if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX ||
        __builtin_add_overflow(size, alignment + LM_ZONE_LEAST, &bytes) || bytes > PTRDIFF_MAX ||
        !lm_check_start())
        return fail(size, call);
    const uint32_t stack = lm_here();
    void *guarded = lm_guarded_new(size, alignment, call, false, stack);
    if (LM_UNLIKELY(guarded != NULL))
        return guarded;
    char *raw = lm_malloc_slow(bytes, LM_FAMILY_C);
    if (!raw)
        return fail(size, call);
    size_t front = lm_align_up((uintptr_t)raw + LM_ZONE_LEAST, alignment) - (uintptr_t)raw;
    char *p = make(raw, front, size, call, lm_log2_ceil(alignment), stack, &place);
    if (!p)
        return NULL;
    fill_fresh(&place, p, 0);
    return finish(&place, p);
}

/* ---- Freeing ---------------------------------------------------------------------------------- */

/* The place of a live block that begins at `p`. */
LM_INLINE bool find_live(uintptr_t p, lm_place *place) {
    if (LM_LIKELY(lm_table_fast(p - LM_ZONE_LEAST, place)) &&
        LM_LIKELY(place->record->alignment == 0))
        return lm_record_state(place->record) == LM_STATE_LIVE;
    return lm_table_find(p, place) && lm_place_start(place) == p &&
           lm_record_state(place->record) == LM_STATE_LIVE;
}

/* Whether the call fits how the block was made: most often. */
LM_INLINE bool is_plain(const lm_record *record, size_t size, size_t alignment, lm_call call) {
    return lm_ways[record->allocated_call].family == lm_ways[call].family &&
           (size == LM_ANY_SIZE || size == record->size) && alignment == LM_ANY_ALIGNMENT &&
           (!record->alignment || lm_ways[call].any_alignment);
}

/* What is looked at beside a block was often not used for long: it comes while the stack is found. */
LM_INLINE void fetch_beside(const lm_place *place) {
    __builtin_prefetch((const char *)place->raw - LM_ZONE_LEAST);
    __builtin_prefetch((const char *)place->raw + place->room);
    __builtin_prefetch(place->record - 1);
    __builtin_prefetch(place->record + 1);
}

/* A claimed block goes. */
static void release(const lm_place *place, size_t size, size_t alignment, lm_call call) {
    lm_watcher *watcher = lm_watcher_here();
    lm_record *record = place->record;
    fetch_beside(place);
    uint32_t stack = lm_here();
    if (LM_UNLIKELY(!is_plain(record, size, alignment, call)))
        lm_judge_form(place, size, alignment, call, stack);
    lm_damage_look(place, lm_ways[call].call);
    lm_damage_look_beside(place, lm_ways[call].call);
    record->freed_at = lm_moment_here(watcher);
    lm_record_set_freed(record, stack);
    record->freed_call = (uint8_t)call;
    lm_watcher_freed(watcher, record->size);
    lm_quarantine_put(watcher, place);
}

/* The frame ends where the library's own do, but for the entry's. */
static LM_COLD void note_dangling(void *p, uintptr_t frame) {
    const lm_block block = {.start = (uintptr_t)p};
    lm_dangling_at_free(&block, frame);
}

void lm_check_free(void *p, size_t size, size_t alignment, lm_call call) {
    lm_place place;
    if (!p)
        return;
    if (LM_UNLIKELY(lm_options_now.dangling) && lm_ways[call].family == LM_FAMILY_C)
        lm_dangling_before_free(p);
    if (LM_UNLIKELY(lm_exact_owns(p)))
        lm_guarded_free(p, size, alignment, call);
    else if (LM_LIKELY(lm_check_start()) && LM_LIKELY(find_live((uintptr_t)p, &place)) &&
             LM_LIKELY(lm_record_claim(place.record, LM_STATE_LIVE, LM_STATE_BUSY)))
        release(&place, size, alignment, call);
    else
        lm_judge_pointer(lm_ways[call].call, p);
    if (LM_UNLIKELY(lm_options_now.dangling))
        note_dangling(p, (uintptr_t)__builtin_frame_address(0));
}

/* ---- Resizing --------------------------------------------------------------------------------- */

/* Large blocks move by their pages, zones and all: what is damaged is told first, and the zones are made anew. */
static LM_COLD void move_pages(const lm_place *to, const lm_place *from) {
    lm_damage_look(from, lm_ways[LM_CALL_REALLOC].call);
    lm_large_move_content((void *)to->raw, (void *)from->raw);
    lm_damage_prepare(to);
    lm_damage_prepare(from);
}

static bool moves_by_pages(const lm_place *to, const lm_place *from) {
    return !to->records->stride && !from->records->stride &&
           lm_min(to->record->size, from->record->size) >= LM_REMAP_LEAST &&
           lm_record_front(to->record, to->raw) == lm_record_front(from->record, from->raw);
}

/* The old block is claimed first, so that a free by another thread meanwhile is a double free. */
static void *resize(const lm_place *old, void *p, size_t size, lm_call call) {
    lm_place place;
    size_t had = old->record->size;
    char *q = new_block(size, call, lm_here(), &place);
    if (!q) {
        atomic_store_explicit(&old->record->state, LM_STATE_LIVE, memory_order_release);
        return NULL;
    }
    if (LM_UNLIKELY(moves_by_pages(&place, old)))
        move_pages(&place, old);
    else
        memcpy(q, p, lm_min(had, size));
    fill_fresh(&place, q, had);
    finish(&place, q);
    lm_tell_note_move((uintptr_t)p, (uintptr_t)q);
    release(old, LM_ANY_SIZE, LM_ANY_ALIGNMENT, call);
    return q;
}

/* Of a block against guards: whether the new one gets a place of its own, its stack decides. */
static void *resize_guarded(void *p, size_t size, lm_call call) {
    lm_block old;
    if (!lm_exact_live((uintptr_t)p, &old) || size == 0) {
        lm_guarded_free(p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, call);
        return NULL;
    }
    char *q = lm_check_malloc(size, call);
    if (!q)
        return NULL;
    if (!lm_shadow_move(q, p, lm_min(old.size, size)))
        memcpy(q, p, lm_min(old.size, size));
    lm_tell_note_move((uintptr_t)p, (uintptr_t)q);
    lm_guarded_free(p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, call);
    return q;
}

void *lm_check_realloc(void *p, size_t size, lm_call call) {
    lm_place old;
    if (LM_UNLIKELY(lm_exact_owns(p)))
        return resize_guarded(p, size, call);
    if (!lm_check_start() || !find_live((uintptr_t)p, &old) ||
        !lm_record_claim(old.record, LM_STATE_LIVE, LM_STATE_BUSY)) {
        lm_judge_pointer(lm_ways[call].call, p);
        return NULL;
    }
    if (size == 0) { /* as the C library has it */
        release(&old, LM_ANY_SIZE, LM_ANY_ALIGNMENT, call);
        return NULL;
    }
    return resize(&old, p, size, call);
}

/* ---- Questions -------------------------------------------------------------------------------- */

size_t lm_check_usable(const void *p, const char *call) {
    lm_place place;
    lm_block block;
    if (lm_exact_live((uintptr_t)p, &block))
        return block.size;
    if (lm_check_start() && find_live((uintptr_t)p, &place))
        return place.record->size;
    lm_judge_pointer(call, p);
    return 0;
}

void *lm_check_block_of(const void *p, size_t *size) {
    lm_block block;
    if (!lm_blocks_find((uintptr_t)p, &block) || !block.live ||
        (uintptr_t)p - block.start >= block.size)
        return NULL;
    if (size)
        *size = block.size;
    return (void *)block.start;
}

typedef struct visit {
    bool (*visitor)(void *block, size_t size, void *context);
    void *context;
    bool stopped;
} visit;

static bool visit_one(const lm_block *block, void *context) {
    visit *v = context;
    v->stopped = !v->visitor((void *)block->start, block->size, v->context);
    return !v->stopped;
}

bool lm_check_visit(bool (*visitor)(void *block, size_t size, void *context), void *context) {
    visit v = {visitor, context, false};
    lm_blocks_each(visit_one, &v);
    return !v.stopped;
}
