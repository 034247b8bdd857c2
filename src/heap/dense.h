/* Large blocks that are written densely get huge pages. Whether blocks are, is learned from those that are
 * freed: a block of which every page that was looked at was written is evidence for the next ones of
 * about its size; one that was written here and there is evidence against it. So nobody's resident
 * memory grows for pages that nobody writes.
 *
 * A page counts as written when its first bytes aren't all zero. That needs no system call, and errs on
 * the side of less memory.
 *
 * No function here may be called with lm_arena_lock. */
#ifndef LM_HEAP_DENSE_H
#define LM_HEAP_DENSE_H

#include "heap/layout.h"

/* Looks at a large block that was freed and is still as the program left it. */
void lm_dense_learn(lm_arena *arena, const char *block, size_t bytes);

/* Whether a block of so many bytes is likely to be written densely. */
bool lm_dense_expected(size_t bytes);

/* Asks for huge pages where a block that nobody has touched yet holds whole ones. `clean`: its memory
 * reads as zeros. */
void lm_dense_advise(lm_arena *arena, char *block, size_t bytes, bool clean);

/* Gives the memory of units back that are nobody's, and what was asked for with it. False: the system
 * didn't take all of it. */
bool lm_dense_purge(lm_arena *arena, uint32_t first, uint32_t units);

#endif
