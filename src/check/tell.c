#include "check/tell.h"

#include "check/amounts.h"
#include "stack/object.h"

#include <stdatomic.h>

void lm_tell_copy(const lm_place *place, lm_block *block) {
    const lm_record *record = place->record;
    uint8_t state = lm_record_state(record);
    *block = (lm_block){.start = lm_place_start(place),
                        .size = record->size,
                        .live = state == LM_STATE_LIVE || state == LM_STATE_BUSY,
                        .allocated_call = lm_ways[record->allocated_call].call,
                        .allocated = record->allocated,
                        .allocated_thread = lm_moment_thread(record->allocated_at),
                        .allocated_time = lm_moment_time(record->allocated_at),
                        .alignment = record->alignment ? (size_t)1 << record->alignment : 0};
    if (block->live)
        return;
    block->freed_call = lm_ways[record->freed_call].call;
    block->freed = lm_record_freed(record);
    block->freed_thread = lm_moment_thread(record->freed_at);
    block->freed_time = lm_moment_time(record->freed_at);
}

/* ---- Moves ------------------------------------------------------------------------------------ */

/* The latest for each place of the table. */
static struct { _Atomic uintptr_t from, to; } moves[LM_MOVES_MOST];

static size_t index_of(uintptr_t from) {
    return (from / LM_GRAIN * 0x9e3779b97f4a7c15u >> 40) % LM_MOVES_MOST;
}

uintptr_t lm_tell_moved(uintptr_t start) {
    size_t i = index_of(start);
    uintptr_t to = atomic_load_explicit(&moves[i].to, memory_order_acquire);
    return atomic_load_explicit(&moves[i].from, memory_order_relaxed) == start ? to : 0;
}

void lm_tell_note_move(uintptr_t from, uintptr_t to) {
    size_t i = index_of(from);
    atomic_store_explicit(&moves[i].from, from, memory_order_relaxed);
    atomic_store_explicit(&moves[i].to, to, memory_order_release);
}
