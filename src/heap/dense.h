/* What is written densely gets huge pages: large blocks, and slabs of small slots.
 *
 * Slabs: a block of up to a page, and the canary behind it, touch every page that its slot has a part in. So
 * all of a slab with such slots comes to be written, and chunks that hold nothing else get huge pages, as soon
 * as those slabs hold many chunks' worth: a program that holds little would pay for the last one.
 *
 * Large blocks: whether they are is learned from those that are freed. A block of which every page that was
 * looked at was written is evidence for the next ones of about its size; one that was written here and there
 * is evidence against it. So nobody's resident memory grows for pages that nobody writes. A page counts as
 * written when its first bytes aren't all zero. That needs no system call, and errs on the side of less memory.
 *
 * Functions that aren't called "locked" may not be called with lm_arena_lock. */
#ifndef LM_HEAP_DENSE_H
#define LM_HEAP_DENSE_H

#include "heap/layout.h"

enum { LM_DENSE_SLOT_MAX = 4096 /* bytes: a page, where there are huge pages */ };

/* Looks at a large block that was freed and is still as the program left it. */
void lm_dense_learn(lm_arena *arena, const char *block, size_t bytes);

/* Whether a block of so many bytes is likely to be written densely. */
bool lm_dense_expected(size_t bytes);

/* Asks for huge pages where a block that nobody has touched yet holds whole ones. `clean`: its memory
 * reads as zeros. */
void lm_dense_advise(lm_arena *arena, char *block, size_t bytes, bool clean);

/* Whether slabs with such slots are written densely. */
LM_INLINE bool lm_dense_class(unsigned class) {
    return class != LM_CLASS_ZERO && lm_classes[class].size <= LM_DENSE_SLOT_MAX;
}

/* Counts units of such slabs. Locked. */
extern size_t lm_dense_units;

/* Asks for huge pages for the chunk of a run that was just taken for such a slab, if nothing else lies in it
 * and the time has come; returns whether it did. Then the run should be touched before there are guards in
 * it, else the system begins with small pages. Locked. */
bool lm_dense_open(lm_arena *arena, lm_run run);

/* Memory in a chunk goes back that isn't free: the system must not fill it up again. Locked. */
void lm_dense_close(lm_arena *arena, uint32_t unit);

/* Gives the memory of units back that are nobody's, and what was asked for with it. False: the system
 * didn't take all of it. */
bool lm_dense_purge(lm_arena *arena, uint32_t first, uint32_t units);

#endif
