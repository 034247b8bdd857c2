/* Places that still hold the address of a freed block (rule 6: set the pointer to NULL).
 *
 * Most copies of a freed pointer are dead and do no harm: in registers, in frames that are left soon. So
 * none is told at once.
 *   Variables and blocks: looked at when leaks are looked for. What still holds the first address of a block
 *   that rests in the quarantine then, is told; of a variable, any address in it.
 *   Blocks that don't live so long: looked at when they are freed themselves, by C's calls only. A destructor
 *   that leaves its members as they are does what everybody expects of it.
 *   The stack of the thread that frees: noted at the free, from the frame that called it upwards, and looked
 *   at again at later frees of the same thread and at the end. A place is told when it held the address for
 *   LM_DANGLING_FREES frees or to the end, its function hasn't returned, and nobody wrote to it. */
#ifndef LM_CHECK_DANGLING_H
#define LM_CHECK_DANGLING_H

#include "check/blocks.h"
#include "check/stand.h"

#include <stdint.h>

enum { LM_DANGLING_FREES = 64 };

/* A block is freed; no lock is held. `frame` lies on the stack between the library's frames and that of the
 * program's function that called. */
void lm_dangling_at_free(const lm_block *block, uintptr_t frame);

/* This block is about to be freed, by one of C's calls: tells of what it holds. No lock is held. */
void lm_dangling_before_free(const void *p);

/* While the world is stopped, after lm_mark and before lm_mark_end: finds all places. */
void lm_dangling_look(const lm_stand *stand);

/* Tells what was found. */
void lm_dangling_tell(void);

#endif
