/* Blocks that the calling thread asked for lately, so that the next question about one needs no search. Only "all
 * of the range lies in a live block" is ever answered here; whatever else there is to say is found by searching.
 *
 * An entry is believed when its record still tells of the same block: it is live, and was made at the same moment.
 * Records are never given back to the system, so that reading one is safe whatever became of its block. A handler
 * that interrupts the thread while it writes an entry finds it empty. */
#ifndef LM_CHECK_LATELY_H
#define LM_CHECK_LATELY_H

#include "check/table.h"

enum { LM_LATELY = 32, LM_LATELY_SHIFT = 7 };

typedef struct lm_lately {
    const lm_record *record; /* NULL: none */
    uintptr_t start;
    size_t size;
    lm_moment made;
} lm_lately;

extern _Thread_local lm_lately lm_lately_blocks[LM_LATELY]
    __attribute__((tls_model("initial-exec")));

LM_INLINE lm_lately *lm_lately_for(uintptr_t at) {
    return &lm_lately_blocks[(at >> LM_LATELY_SHIFT ^ at >> 12) & (LM_LATELY - 1)];
}

/* Whether `at` is known to lie in a live block, which then has *left bytes from there on. */
LM_INLINE bool lm_lately_left(uintptr_t at, size_t *left) {
    const lm_lately *entry = lm_lately_for(at);
    const lm_record *record = entry->record;
    const uintptr_t inside = at - entry->start;
    if (!record || inside > entry->size || lm_record_state(record) != LM_STATE_LIVE ||
        record->allocated_at != entry->made)
        return false;
    *left = entry->size - inside;
    return true;
}

/* The address lies in this block, which is live. */
LM_INLINE void lm_lately_note(uintptr_t at, const lm_place *place) {
    lm_lately *entry = lm_lately_for(at);
    entry->record = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    entry->start = lm_place_start(place);
    entry->size = place->record->size;
    entry->made = place->record->allocated_at;
    atomic_signal_fence(memory_order_seq_cst);
    entry->record = place->record;
}

#endif
