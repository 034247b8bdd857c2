#include "check/quarantine.h"

#include "check/damage.h"
#include "check/own.h"
#include "check/zone.h"
#include "heap/fast.h"
#include "heap/guard.h"
#include "os/os.h"

typedef struct lm_chunk {
    struct lm_chunk *next;
    size_t bytes;
    size_t count;
    uintptr_t raw[LM_CHUNK_BLOCKS];
} lm_chunk;

size_t lm_quarantine_limit = LM_MIB(64);
lm_lock lm_quarantine_lock = LM_LOCK(LM_RANK_CHECK_QUARANTINE);

/* Under the lock. */
static lm_chunk *oldest, *newest, *spare;
static size_t resting; /* bytes */

/* ---- Blocks ----------------------------------------------------------------------------------- */

/* Fills a freed block; the pages of a large one go back to the system. */
static void fill(const lm_place *place) {
    lm_record *record = place->record;
    lm_zone parts[2], pages = lm_damage_pages(place);
    if (pages.size)
        record->hidden = lm_guard_install((char *)(uintptr_t)pages.at, pages.size);
    size_t count = lm_damage_parts(place, parts);
    for (size_t i = 0; i < count; i++)
        memset((void *)(uintptr_t)parts[i].at, LM_FILL_FREED, parts[i].size);
}

static void show(const lm_place *place) {
    lm_zone pages = lm_damage_pages(place);
    if (place->record->hidden)
        lm_guard_remove((char *)(uintptr_t)pages.at, pages.size);
    place->record->hidden = 0;
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

static void leave(const lm_place *place) {
    lm_damage_look_freed(place, NULL);
    if (LM_UNLIKELY(place->record->hidden))
        show(place);
    atomic_store_explicit(&place->record->state, LM_STATE_GONE, memory_order_release);
    lm_free((void *)place->raw, &lm_ways[LM_CALL_FREE], LM_ANY_SIZE);
}

/* What is looked at is far away by now: it is fetched ahead. */
static void leave_all(lm_chunk *chunk) {
    enum { AHEAD = 8 };
    lm_place places[LM_CHUNK_BLOCKS];
    size_t count = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        if (!place_of(chunk->raw[i], &places[count]))
            continue;
        __builtin_prefetch(places[count].record);
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch((const void *)(places[i + AHEAD].raw + LM_ZONE_LEAST));
        leave(&places[i]);
    }
}

/* ---- Chunks ----------------------------------------------------------------------------------- */

static lm_chunk *new_chunk(void) {
    lm_lock_take(&lm_quarantine_lock);
    lm_chunk *chunk = spare;
    if (chunk)
        spare = chunk->next;
    lm_lock_give(&lm_quarantine_lock);
    if (!chunk)
        return lm_own_take(sizeof *chunk);
    chunk->bytes = chunk->count = 0;
    return chunk;
}

/* The oldest chunk, when there is too much. Locked. */
static lm_chunk *take_oldest(void) {
    lm_chunk *chunk = oldest;
    if (!chunk || resting <= lm_quarantine_limit)
        return NULL;
    oldest = chunk->next;
    resting -= chunk->bytes;
    return chunk;
}

static void hand_over(lm_chunk *chunk) {
    lm_lock_take(&lm_quarantine_lock);
    chunk->next = NULL;
    if (oldest)
        newest->next = chunk;
    else
        oldest = chunk;
    newest = chunk;
    resting += chunk->bytes;
    for (;;) {
        lm_chunk *out = take_oldest();
        if (!out)
            break;
        lm_lock_give(&lm_quarantine_lock);
        leave_all(out);
        lm_lock_take(&lm_quarantine_lock);
        out->next = spare;
        spare = out;
    }
    lm_lock_give(&lm_quarantine_lock);
}

void lm_quarantine_flush(lm_watcher *watcher) {
    lm_chunk *chunk = watcher->chunk;
    watcher->chunk = NULL;
    if (chunk)
        hand_over(chunk);
}

void lm_quarantine_put(lm_watcher *watcher, const lm_place *place) {
    bool late = LM_UNLIKELY(watcher == &lm_watcher_late);
    lm_chunk *chunk = late ? NULL : watcher->chunk;
    if (LM_UNLIKELY(!chunk))
        chunk = new_chunk();
    fill(place);
    atomic_store_explicit(&place->record->state, LM_STATE_RESTING, memory_order_release);
    if (LM_UNLIKELY(!chunk)) { /* no memory: it doesn't rest */
        leave(place);
        return;
    }
    chunk->raw[chunk->count++] = place->raw;
    chunk->bytes += weight(place);
    bool full = chunk->count == LM_CHUNK_BLOCKS ||
                chunk->bytes >= lm_min(LM_CHUNK_BYTES, lm_quarantine_limit / 64);
    if (!late)
        watcher->chunk = full ? NULL : chunk;
    if (full || late)
        hand_over(chunk);
}

/* ---- All that rests --------------------------------------------------------------------------- */

static bool look(const lm_place *place, void *context) {
    const char *call = context;
    if (lm_record_state(place->record) == LM_STATE_RESTING)
        lm_damage_look_freed(place, call);
    return true;
}

void lm_quarantine_look(const char *call) {
    char *context = (char *)(uintptr_t)call;
    lm_table_each(look, context);
}
