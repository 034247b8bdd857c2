#include "check/damage.h"

#include "check/tale.h"
#include "check/tell.h"
#include "os/os.h"

static _Atomic uint64_t last_look; /* time */

void lm_damage_note_look(uint64_t time) {
    atomic_store_explicit(&last_look, time, memory_order_relaxed);
}

static uint64_t whole_at(uint64_t time) {
    uint64_t look = atomic_load_explicit(&last_look, memory_order_relaxed);
    return look > time ? look : time;
}

static void repair(const lm_zone *zone, int byte) {
    if (zone->at)
        memset((void *)(uintptr_t)zone->at, byte, zone->size);
}

/* ---- Red zones -------------------------------------------------------------------------------- */

/* The damage of a zone, counted from the block's first byte. */
static bool find(const lm_place *place, const lm_zone *zone, ptrdiff_t *first, ptrdiff_t *last) {
    size_t from, to;
    if (!lm_zone_damage(zone->at, zone->size, LM_FILL_ZONE, &from, &to))
        return false;
    ptrdiff_t at = (ptrdiff_t)((uintptr_t)zone->at - lm_place_start(place));
    *first = at + (ptrdiff_t)from;
    *last = at + (ptrdiff_t)to;
    return true;
}

/* A string's end, one past the block. */
static bool is_nul(uintptr_t start, ptrdiff_t first, ptrdiff_t last) {
    return first == last && *(const char *)(start + (size_t)first) == '\0';
}

static void tell_zone(const lm_place *place, const char *call, bool front, ptrdiff_t first,
                      ptrdiff_t last) {
    lm_block block;
    lm_tell_copy(place, &block);
    bool live = block.live;
    lm_tale tale = {.code = !live   ? LM_CODE_USE_AFTER_FREE
                            : front ? LM_CODE_HEAP_UNDERFLOW
                                    : LM_CODE_HEAP_OVERFLOW,
                    .certainty = LM_CERTAIN_LATER,
                    .call = call,
                    .no_stack = call == NULL,
                    .access = "write",
                    .block = &block,
                    .has_range = true,
                    .first = first,
                    .last = last,
                    .since = whole_at(live ? block.allocated_time : block.freed_time)};
    if (!front && first == (ptrdiff_t)block.size && is_nul(block.start, first, last))
        tale.helper = "nul";
    lm_tale_tell(&tale);
}

static bool was_told(const lm_place *place, unsigned what) {
    bool told = place->record->told & what;
    place->record->told &= ~what & 7;
    return told;
}

static lm_zone front_of(const lm_place *place) {
    uintptr_t start = lm_place_start(place);
    return lm_zone_front(start, start - place->raw);
}

static lm_zone rear_of(const lm_place *place) {
    return lm_zone_rear(lm_place_start(place), place->record->size, lm_place_rear(place));
}

static void look_at_rear(const lm_place *place, const char *call) {
    lm_zone zone = rear_of(place);
    ptrdiff_t first, last;
    if (!find(place, &zone, &first, &last))
        return;
    if (!was_told(place, LM_TOLD_REAR))
        tell_zone(place, call, false, first, last);
    repair(&zone, LM_FILL_ZONE);
}

/* Who wrote past the end of the block before reached this one's front: it is that block's overflow. */
static bool is_overflow_of(const lm_place *before) {
    lm_zone rear = rear_of(before);
    return rear.at[rear.size - 1] != LM_FILL_ZONE;
}

static void look_at_front(const lm_place *place, const char *call) {
    lm_zone zone = front_of(place);
    lm_place before;
    ptrdiff_t first, last;
    if (!find(place, &zone, &first, &last))
        return;
    bool others = (uintptr_t)zone.at == place->raw && lm_table_beside(place, -1, &before) &&
                  is_overflow_of(&before);
    if (others)
        look_at_rear(&before, call);
    else if (!was_told(place, LM_TOLD_FRONT))
        tell_zone(place, call, true, first, last);
    repair(&zone, LM_FILL_ZONE);
}

LM_COLD void lm_damage_tell(const lm_place *place, const char *call) {
    look_at_front(place, call);
    look_at_rear(place, call);
}

/* Another thread may make a new block of a neighbour meanwhile, with zones elsewhere. */
static bool is_damaged(const lm_place *place, lm_zone (*zone_of)(const lm_place *)) {
    if (!lm_damage_has_zones(place->record))
        return false;
    lm_moment made = place->record->allocated_at;
    lm_zone zone = zone_of(place);
    if (LM_LIKELY(lm_zone_whole(zone.at, zone.size, LM_FILL_ZONE)))
        return false;
    atomic_thread_fence(memory_order_acquire);
    return lm_damage_has_zones(place->record) && place->record->allocated_at == made;
}

LM_COLD void lm_damage_look_before(const lm_place *place, const char *call) {
    lm_place other;
    if (lm_table_beside(place, -1, &other) && is_damaged(&other, rear_of))
        look_at_rear(&other, call);
}

LM_COLD void lm_damage_look_behind(const lm_place *place, const char *call) {
    lm_place other;
    if (lm_table_beside(place, 1, &other) && is_damaged(&other, front_of))
        look_at_front(&other, call);
}

/* ---- Freed blocks ----------------------------------------------------------------------------- */

lm_zone lm_damage_pages(const lm_place *place) {
    uintptr_t start = lm_place_start(place), end = start + place->record->size;
    uintptr_t from = lm_align_up(start, lm_os.page), to = lm_align_down(end, lm_os.page);
    if (place->records->stride || to <= from)
        return (lm_zone){NULL, 0};
    return (lm_zone){(const unsigned char *)from, to - from};
}

size_t lm_damage_parts(const lm_place *place, lm_zone parts[2]) {
    const unsigned char *start = (const unsigned char *)lm_place_start(place);
    size_t size = place->record->size;
    parts[0] = (lm_zone){start, size};
    if (place->records->stride)
        return 1;
    if (!place->record->hidden) {
        parts[0].size = lm_min(size, LM_FRESH_MOST);
        return 1;
    }
    lm_zone pages = lm_damage_pages(place);
    const unsigned char *behind = pages.at + pages.size;
    parts[0].size = (size_t)(pages.at - start);
    parts[1] = (lm_zone){behind, (size_t)(start + size - behind)};
    return 2;
}

static LM_COLD void tell_freed(const lm_place *place, const lm_zone *part) {
    size_t from, to;
    if (!lm_zone_damage(part->at, part->size, LM_FILL_FREED, &from, &to))
        return;
    if (!was_told(place, LM_TOLD_FREED)) {
        lm_block block;
        lm_tell_copy(place, &block);
        ptrdiff_t at = (ptrdiff_t)((uintptr_t)part->at - block.start);
        lm_tale tale = {.code = LM_CODE_USE_AFTER_FREE,
                        .certainty = LM_CERTAIN_LATER,
                        .no_stack = true,
                        .access = "write",
                        .block = &block,
                        .has_range = true,
                        .first = at + (ptrdiff_t)from,
                        .last = at + (ptrdiff_t)to,
                        .since = whole_at(block.freed_time)};
        lm_tale_tell(&tale);
    }
    repair(part, LM_FILL_FREED);
}

void lm_damage_look_freed(const lm_place *place) {
    lm_zone parts[2];
    size_t count = lm_damage_parts(place, parts);
    for (size_t i = 0; i < count; i++)
        if (LM_UNLIKELY(!lm_zone_is(parts[i].at, parts[i].size, LM_FILL_FREED)))
            tell_freed(place, &parts[i]);
    lm_damage_look(place, NULL);
}
