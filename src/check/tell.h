/* From the checker's records to what findings say. */
#ifndef LM_CHECK_TELL_H
#define LM_CHECK_TELL_H

#include "check/blocks.h"
#include "check/table.h"

/* A copy of what is known of the block at a place. */
void lm_tell_copy(const lm_place *place, lm_block *block);

/* Where a realloc moved the block to that began at `start`; 0: not known. */
uintptr_t lm_tell_moved(uintptr_t start);
void lm_tell_note_move(uintptr_t from, uintptr_t to);

/* What an address is that is no block's: "stack", "static", ... as base/wire.h has it. */
const char *lm_tell_where(uintptr_t at);

#endif
