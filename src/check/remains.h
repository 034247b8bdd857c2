/* What was in memory that can't be touched any more: the beginning of freed blocks against guards, and what
 * the program wrote beyond the end of one. An access that was told finds it there, as it would without the
 * checker: else the program would go on with zeros, and fail in ways that are no fault of its own.
 *
 * Of each only so much as there is room for: what isn't kept is zeros. Nobody waits here; handlers of faults
 * may call it. */
#ifndef LM_CHECK_REMAINS_H
#define LM_CHECK_REMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LM_REMAINS_BYTES = 256, /* of a freed block */
    LM_REMAINS_BLOCKS = 4096,
    LM_REMAINS_PAGES = 32,
};

/* Once, after lm_os_start. False: nothing is kept. */
bool lm_remains_start(void);

/* The block is about to become untouchable. */
void lm_remains_keep(uintptr_t start, size_t bytes);

/* A page of zeros was opened for an access: puts back what is known of it, and of the freed block that begins
 * at `start` (0: none). */
void lm_remains_put(uintptr_t page, uintptr_t start);

/* It is about to be closed again. */
void lm_remains_take(uintptr_t page);

/* These pages are another block's now. */
void lm_remains_drop(uintptr_t from, size_t bytes);

/* In the child of a fork: whoever was busy isn't there. */
void lm_remains_forked(void);

#endif
