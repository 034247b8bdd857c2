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

/* The same of the two beside a place, as far as their zones touch it. */
void lm_damage_look_beside(const lm_place *place, const char *call);

/* The same of a freed block that rests; its zones are looked at too. `call` NULL: it leaves the quarantine. */
void lm_damage_look_freed(const lm_place *place, const char *call);

/* The whole pages of a large block, which can be hidden; none of one in a slot. */
lm_zone lm_damage_pages(const lm_place *place);

/* The parts of a freed block that are filled and can be looked at; how many. */
size_t lm_damage_parts(const lm_place *place, lm_zone parts[2]);

/* From now on all live blocks are known to have been whole at this time. */
void lm_damage_note_look(uint64_t time);

#endif
