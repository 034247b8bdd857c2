#include "check/quarantine.h"

#include "check/damage.h"
#include "check/own.h"
#include "check/patience.h"
#include "check/sweep.h"
#include "check/zone.h"
#include "heap/fast.h"
#include "heap/guard.h"
#include "os/os.h"

typedef struct lm_batch {
    struct lm_batch *next;
    size_t bytes;
    size_t count;
    uintptr_t raw[LM_BATCH_BLOCKS];
} lm_batch;

size_t lm_quarantine_limit = LM_QUARANTINE_AUTO;
lm_lock lm_quarantine_lock = LM_LOCK(LM_RANK_CHECK_QUARANTINE);

/* Under the lock. */
static lm_batch *oldest, *newest, *spare;
static size_t resting;   /* bytes */
static unsigned leaving; /* threads that let blocks go at this moment */
static bool held;

/* ---- Blocks ----------------------------------------------------------------------------------- */

/* Guards are quick for some pages; for many, one change of the mapping is. */
static uint64_t hide(char *at, size_t size) {
    if (size >= LM_HIDE_BY_MAPPING && lm_guard_afford()) {
        lm_os_purge(at, size);
        if (lm_os_guard(at, size, false))
            return LM_HIDDEN_BY_MAPPING;
        lm_guard_give();
    }
    return lm_guard_install(at, size) ? LM_HIDDEN_BY_GUARD : LM_HIDDEN_NOT;
}

/* Fills a freed block that is in no slot; its pages go back to the system. */
static LM_COLD void fill_large(const lm_place *place) {
    lm_record *record = place->record;
    lm_zone parts[2], pages = lm_damage_pages(place);
    if (pages.size)
        record->hidden = hide((char *)(uintptr_t)pages.at, pages.size) & 3;
    size_t count = lm_damage_parts(place, parts);
    for (size_t i = 0; i < count; i++)
        memset((void *)(uintptr_t)parts[i].at, LM_FILL_FREED, parts[i].size);
}

LM_INLINE void fill(const lm_place *place) {
    if (LM_LIKELY(place->records->stride != 0))
        lm_zone_fill_any((unsigned char *)lm_place_start(place), place->record->size,
                         LM_FILL_FREED);
    else
        fill_large(place);
}

/* False: a limit of writable memory (RLIMIT_DATA) is reached, and it stays hidden. */
static bool show(const lm_place *place) {
    lm_zone pages = lm_damage_pages(place);
    char *at = (char *)(uintptr_t)pages.at;
    if (place->record->hidden == LM_HIDDEN_BY_GUARD)
        lm_guard_remove(at, pages.size);
    else if (!lm_os_unguard(at, pages.size, false))
        return false;
    else
        lm_guard_give();
    place->record->hidden = LM_HIDDEN_NOT;
    return true;
}

/* What a block counts for: its place and its record. */
static size_t weight(const lm_place *place) {
    size_t bytes = place->room;
    if (place->record->hidden)
        bytes = 2 * lm_os.page + bytes / LM_RESTING_SHARE;
    return bytes + sizeof(lm_record);
}

static bool place_of(uintptr_t raw, lm_place *place) {
    return LM_LIKELY(lm_table_fast(raw, place)) || lm_table_find(raw, place);
}

LM_INLINE void leave(const lm_place *place) {
    if (LM_UNLIKELY(!place->records->stride) || LM_UNLIKELY(!lm_damage_none_freed(place)))
        lm_damage_look_freed(place);
    if (LM_UNLIKELY(place->record->hidden) && !show(place))
        return; /* it rests for ever, without memory */
    atomic_store_explicit(&place->record->state, LM_STATE_GONE, memory_order_release);
    lm_free((void *)place->raw, &lm_ways[LM_CALL_FREE], LM_ANY_SIZE);
}

/* What is looked at is far away by now: it is fetched ahead. */
static void leave_all(lm_batch *batch) {
    enum { AHEAD = 8 };
    lm_place places[LM_BATCH_BLOCKS];
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!place_of(batch->raw[i], &places[count]))
            continue;
        __builtin_prefetch(places[count].record);
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count) {
            const char *ahead = (const char *)places[i + AHEAD].raw + LM_ZONE_LEAST;
            __builtin_prefetch(ahead);
            if (places[i + AHEAD].room > LM_CACHE_LINE)
                __builtin_prefetch(ahead + LM_CACHE_LINE);
        }
        leave(&places[i]);
    }
}

/* ---- Batches ----------------------------------------------------------------------------------- */

static lm_batch *new_batch(void) {
    lm_lock_take(&lm_quarantine_lock);
    lm_batch *batch = spare;
    if (batch)
        spare = batch->next;
    lm_lock_give(&lm_quarantine_lock);
    if (!batch)
        return lm_own_take(sizeof *batch);
    batch->bytes = batch->count = 0;
    return batch;
}

/* A share of what is live, so that a small program stays small. */
static size_t limit(void) {
    if (lm_quarantine_limit != LM_QUARANTINE_AUTO)
        return lm_quarantine_limit;
    int64_t live = lm_watcher_live_bytes();
    return lm_min(lm_max(live > 0 ? (size_t)live / LM_QUARANTINE_SHARE : 0, LM_QUARANTINE_LEAST),
                  LM_QUARANTINE_MOST);
}

/* The oldest batch, when there is too much. Locked. */
static lm_batch *take_oldest(void) {
    lm_batch *batch = oldest;
    if (!batch || held || resting <= limit())
        return NULL;
    oldest = batch->next;
    resting -= batch->bytes;
    return batch;
}

static void hand_over(lm_batch *batch) {
    lm_lock_take(&lm_quarantine_lock);
    batch->next = NULL;
    if (oldest)
        newest->next = batch;
    else
        oldest = batch;
    newest = batch;
    resting += batch->bytes;
    for (;;) {
        lm_batch *out = take_oldest();
        if (!out)
            break;
        leaving++;
        lm_lock_give(&lm_quarantine_lock);
        leave_all(out);
        lm_lock_take(&lm_quarantine_lock);
        leaving--;
        out->next = spare;
        spare = out;
    }
    lm_lock_give(&lm_quarantine_lock);
    lm_sweep_if_due();
}

void lm_quarantine_flush(lm_watcher *watcher) {
    lm_batch *batch = watcher->batch;
    watcher->batch = NULL;
    if (batch)
        hand_over(batch);
}

void lm_quarantine_put(lm_watcher *watcher, const lm_place *place) {
    bool late = LM_UNLIKELY(watcher == &lm_watcher_late);
    lm_batch *batch = late ? NULL : watcher->batch;
    if (LM_UNLIKELY(!batch))
        batch = new_batch();
    fill(place);
    atomic_store_explicit(&place->record->state, LM_STATE_RESTING, memory_order_release);
    if (LM_UNLIKELY(!batch)) { /* no memory: it doesn't rest */
        leave(place);
        return;
    }
    batch->raw[batch->count++] = place->raw;
    batch->bytes += weight(place);
    bool full =
        batch->count == LM_BATCH_BLOCKS || batch->bytes >= lm_min(LM_BATCH_BYTES, limit() / 64);
    if (!late)
        watcher->batch = full ? NULL : batch;
    if (full || late)
        hand_over(batch);
}

/* ---- Holding ---------------------------------------------------------------------------------- */

bool lm_quarantine_hold(void) {
    unsigned tries = 0;
    if (!lm_patience_take(&lm_quarantine_lock))
        return false;
    bool first = !held;
    held = true;
    while (first && leaving > 0) { /* the calling thread itself, perhaps, when it was interrupted */
        lm_lock_give(&lm_quarantine_lock);
        bool patient = lm_patience_wait(&tries);
        lm_lock_take(&lm_quarantine_lock);
        if (!patient) {
            held = first = false;
            break;
        }
    }
    lm_lock_give(&lm_quarantine_lock);
    return first;
}

void lm_quarantine_let_go(void) {
    lm_lock_take(&lm_quarantine_lock);
    held = false;
    lm_lock_give(&lm_quarantine_lock);
}

void lm_quarantine_forked(void) {
    held = false;
    leaving = 0;
}
