#include "check/access.h"

#include "check/guarded.h"
#include "check/lately.h"
#include "check/shadow.h"
#include "check/table.h"
#include "check/tale.h"
#include "check/tell.h"

_Thread_local lm_lately lm_lately_blocks[LM_LATELY];

/* The place of a block that an address lies in or beside; false for memory that is no block's. */
static bool find(uintptr_t at, lm_place *place) {
    if (LM_LIKELY(lm_table_inside(at, place)))
        return lm_record_state(place->record) != LM_STATE_NONE;
    return lm_table_find(at, place);
}

/* So that it isn't told once more when the zones, or the freed block, are looked at. */
static void note_told(const lm_place *place, const lm_block *block, ptrdiff_t first,
                      ptrdiff_t last) {
    if (first < 0)
        place->record->told |= LM_TOLD_FRONT;
    if (last >= (ptrdiff_t)block->size)
        place->record->told |= LM_TOLD_REAR;
    if (!block->live)
        place->record->told |= LM_TOLD_FREED;
}

static LM_COLD void tell(const char *call, const lm_place *place, uintptr_t at, size_t bytes,
                         lm_access how) {
    lm_block block;
    lm_tell_copy(place, &block);
    ptrdiff_t size = (ptrdiff_t)block.size, first = (ptrdiff_t)(at - block.start);
    ptrdiff_t last =
        bytes > PTRDIFF_MAX - (size_t)lm_max(at, 1) ? PTRDIFF_MAX : first + (ptrdiff_t)bytes - 1;
    lm_tale tale = {.code = !block.live ? LM_CODE_USE_AFTER_FREE
                            : first < 0 ? LM_CODE_HEAP_UNDERFLOW
                                        : LM_CODE_HEAP_OVERFLOW,
                    .call = call,
                    .access = how == LM_ACCESS_WRITE ? "write" : "read",
                    .bytes = bytes,
                    .pointer = at,
                    .block = &block,
                    .has_range = true,
                    .first = first,
                    .last = last};
    if (how == LM_ACCESS_WRITE)
        note_told(place, &block, first, last);
    if (block.live && first < 0)
        tale.last = last < 0 ? last : -1;
    else if (block.live && first < size)
        tale.first = size;
    if (!block.live)
        tale.moved_to = lm_tell_moved(block.start);
    lm_tale_tell(&tale);
}

bool lm_access_check(const char *call, const void *at, size_t bytes, lm_access how) {
    lm_place place;
    uintptr_t first = (uintptr_t)at;
    size_t left = 0;
    if (LM_LIKELY(lm_lately_left(first, &left)) && LM_LIKELY(bytes <= left))
        return true;
    if (LM_UNLIKELY(lm_exact_owns(at)))
        return lm_guarded_check(call, at, bytes, how);
    if (bytes == 0 || LM_LIKELY(!find(first, &place)))
        return true;
    uintptr_t inside = first - lm_place_start(&place);
    size_t size = place.record->size;
    uint8_t state = lm_record_state(place.record);
    if (state == LM_STATE_LIVE && LM_LIKELY(inside <= size) && LM_LIKELY(bytes <= size - inside)) {
        lm_lately_note(first, &place);
        return true;
    }
    if (state == LM_STATE_NONE || state == LM_STATE_BUSY)
        return true;
    tell(call, &place, first, bytes, how);
    return false;
}

size_t lm_access_extent(const void *at) {
    lm_place place;
    size_t left = 0;
    if (LM_LIKELY(lm_lately_left((uintptr_t)at, &left)))
        return left;
    if (LM_UNLIKELY(lm_exact_owns(at)))
        return lm_guarded_extent(at);
    if (!find((uintptr_t)at, &place))
        return SIZE_MAX;
    uintptr_t inside = (uintptr_t)at - lm_place_start(&place);
    size_t size = place.record->size;
    if (lm_record_state(place.record) != LM_STATE_LIVE || inside >= size)
        return 0;
    lm_lately_note((uintptr_t)at, &place);
    return size - inside;
}

/* ---- Where it is known which bytes were written ----------------------------------------------- */

bool lm_access_move(void *to, const void *from, size_t bytes) {
    return lm_shadow_tracks() && lm_shadow_move(to, from, bytes);
}

void lm_access_given(const void *at, size_t bytes) {
    if (lm_exact_owns(at))
        lm_guarded_given(at, bytes);
}

const void *lm_access_content(const void *at) {
    const void *content = lm_shadow_tracks() ? lm_shadow_content(at) : NULL;
    return content ? content : at;
}

void lm_access_lend(const void *at, size_t bytes) {
    if (lm_shadow_tracks())
        lm_shadow_lend(at, bytes);
}

void lm_access_back(const void *at, size_t written) {
    if (lm_shadow_tracks())
        lm_shadow_back(at, written);
}
