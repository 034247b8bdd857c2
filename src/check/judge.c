#include "check/judge.h"

#include "check/tale.h"
#include "check/tell.h"

/* ---- Pointers --------------------------------------------------------------------------------- */

static void tell_elsewhere(const char *call, uintptr_t p) {
    const char *where = lm_tell_where(p);
    lm_tale tale = {.code =
                        strcmp(where, "mapped") == 0 ? LM_CODE_FOREIGN_FREE : LM_CODE_INVALID_FREE,
                    .call = call,
                    .access = "free",
                    .pointer = p,
                    .where = where};
    lm_tale_tell(&tale);
}

LM_COLD void lm_judge_pointer(const char *call, const void *p) {
    lm_place place;
    lm_block block;
    if (!lm_table_find((uintptr_t)p, &place)) {
        tell_elsewhere(call, (uintptr_t)p);
        return;
    }
    lm_tell_copy(&place, &block);
    bool again = block.start == (uintptr_t)p;
    bool gone = lm_record_state(place.record) == LM_STATE_GONE;
    lm_tale tale = {.code = again ? LM_CODE_DOUBLE_FREE : LM_CODE_INVALID_FREE,
                    .certainty = gone ? LM_CERTAIN_INFERRED : LM_CERTAIN_EXACT,
                    .call = call,
                    .access = "free",
                    .pointer = (uintptr_t)p,
                    .block = &block};
    if (again)
        tale.moved_to = lm_tell_moved(block.start);
    lm_tale_tell(&tale);
}

/* ---- Forms ------------------------------------------------------------------------------------ */

bool lm_judge_differs(lm_tale *tale, const lm_form *made, size_t size, size_t alignment,
                      lm_call call) {
    const lm_way *was = made->way, *now = &lm_ways[call];
    const size_t said = alignment > LM_GRAIN ? alignment : 0;
    tale->call = tale->now = now->call;
    tale->was = was->call;
    if (was->family != now->family) {
        tale->code = LM_CODE_MISMATCHED_FREE;
    } else if (said != made->alignment && (alignment != LM_ANY_ALIGNMENT || !now->any_alignment)) {
        tale->code = said && made->alignment ? LM_CODE_SIZE_MISMATCH : LM_CODE_MISMATCHED_FREE;
        tale->quantity = "alignment";
        tale->was_size = made->alignment ? made->alignment : LM_GRAIN;
        tale->now_size = said ? said : LM_GRAIN;
    } else if (size != LM_ANY_SIZE && size != made->size) {
        tale->code = LM_CODE_SIZE_MISMATCH;
        tale->quantity = "size";
        tale->was_size = made->size;
        tale->now_size = size;
    } else {
        return false;
    }
    return true;
}

LM_COLD void lm_judge_form(const lm_place *place, size_t size, size_t alignment, lm_call call,
                           uint32_t stack) {
    const lm_record *record = place->record;
    const lm_form made = {.way = &lm_ways[record->allocated_call],
                          .size = record->size,
                          .alignment = record->alignment ? (size_t)1 << record->alignment : 0};
    lm_block block;
    lm_tale tale = {.access = "free", .stack = stack, .block = &block};
    if (!lm_judge_differs(&tale, &made, size, alignment, call))
        return;
    lm_tell_copy(place, &block);
    tale.pointer = block.start;
    lm_tale_tell(&tale);
}

/* ---- Sizes ------------------------------------------------------------------------------------ */

LM_COLD void lm_judge_size(lm_call call, size_t count, size_t size) {
    lm_tale tale = {.code = LM_CODE_BAD_SIZE, .call = lm_ways[call].call, .bytes = size};
    if (count) {
        tale.bytes = SIZE_MAX;
        tale.quantity = "product";
        tale.was_size = count;
        tale.now_size = size;
    }
    lm_tale_tell(&tale);
}
