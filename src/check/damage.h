/* What was written where nothing may be written, found later: in red zones, and in freed blocks. */
#ifndef LM_CHECK_DAMAGE_H
#define LM_CHECK_DAMAGE_H

#include "check/table.h"
#include "check/zone.h"

/* Fills the red zones of a block that is being made. */
LM_INLINE void lm_damage_prepare(const lm_place *place) {
    uintptr_t start = lm_place_start(place);
    lm_zone front = lm_zone_front(start, start - place->raw);
    lm_zone rear = lm_zone_rear(start, place->record->size, lm_place_rear(place));
    lm_zone_fill((unsigned char *)(uintptr_t)front.at, front.size, LM_FILL_ZONE);
    lm_zone_fill((unsigned char *)(uintptr_t)rear.at, rear.size, LM_FILL_ZONE);
}

/* Whether the zones of a live block are whole. */
LM_INLINE bool lm_damage_none(const lm_place *place) {
    uintptr_t start = lm_place_start(place);
    lm_zone front = lm_zone_front(start, start - place->raw);
    lm_zone rear = lm_zone_rear(start, place->record->size, lm_place_rear(place));
    return lm_zone_whole(front.at, front.size, LM_FILL_ZONE) &&
           lm_zone_whole(rear.at, rear.size, LM_FILL_ZONE);
}

/* Tells what is wrong with the zones of a block, on behalf of `call`, and repairs them, so that it isn't
 * told again. */
void lm_damage_tell(const lm_place *place, const char *call);

/* The same when they aren't whole. */
LM_INLINE void lm_damage_look(const lm_place *place, const char *call) {
    if (LM_UNLIKELY(!lm_damage_none(place)))
        lm_damage_tell(place, call);
}

/* The same of the blocks beside a place (lm_damage_look_beside), when one seems damaged. */
void lm_damage_look_before(const lm_place *place, const char *call);
void lm_damage_look_behind(const lm_place *place, const char *call);

/* The same of a freed block that rests; its zones are looked at too. */
void lm_damage_look_freed(const lm_place *place);

/* Whether all of a freed block in a slot is as it was left. */
LM_INLINE bool lm_damage_none_freed(const lm_place *place) {
    const unsigned char *start = (const unsigned char *)lm_place_start(place);
    return lm_zone_is(start, place->record->size, LM_FILL_FREED) && lm_damage_none(place);
}

/* The whole pages of a large block, which can be hidden; none of one in a slot. */
lm_zone lm_damage_pages(const lm_place *place);

/* The parts of a freed block that are filled and can be looked at; how many. */
size_t lm_damage_parts(const lm_place *place, lm_zone parts[2]);

/* From now on all live blocks are known to have been whole at this time. */
void lm_damage_note_look(uint64_t time);

/* ---- The fast way to look --------------------------------------------------------------------- */

LM_INLINE bool lm_damage_has_zones(const lm_record *record) {
    uint8_t state = lm_record_state(record);
    return state == LM_STATE_LIVE || state == LM_STATE_RESTING;
}

LM_INLINE void lm_damage_look_beside(const lm_place *place, const char *call) {
    const lm_record *record = place->record;
    size_t index = (size_t)(record - place->records->of);
    if (index > 0 && lm_damage_has_zones(record - 1)) {
        uintptr_t raw = place->raw - place->room;
        uintptr_t end = raw + lm_record_front(record - 1, raw) + record[-1].size;
        lm_zone rear = {(const unsigned char *)end, lm_min(place->raw - end, LM_ZONE_MOST)};
        if (LM_UNLIKELY(place->raw - end > place->room) ||
            LM_UNLIKELY(!lm_zone_whole(rear.at, rear.size, LM_FILL_ZONE)))
            lm_damage_look_before(place, call);
    }
    if (index + 1 < place->records->count && lm_damage_has_zones(record + 1)) {
        /* The front's last bytes, whatever its size: more of it is looked at when the block is freed. */
        uintptr_t raw = place->raw + place->room, start = raw + lm_record_front(record + 1, raw);
        if (LM_UNLIKELY(!lm_zone_whole((const unsigned char *)start - LM_ZONE_LEAST, LM_ZONE_LEAST,
                                       LM_FILL_ZONE)))
            lm_damage_look_behind(place, call);
    }
}

#endif
