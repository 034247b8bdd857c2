/* Stacks that the calling thread had before: the number of one (depot.h), found by looking whether the
 * words of the stack are still what they were, instead of by walking up.
 *
 * WHY THAT IS THE SAME. A walk starts with pc and sp, and the frame pointer, which lies in a word of the
 * stack. Each step goes by the rule for pc, which says in which words of the stack the next pc and,
 * where it matters, the next frame pointer lie. What the rule is depends on pc and on the object file
 * that holds it, nothing else; where the words lie, on the rule, sp and the frame pointer. So if pc, sp
 * and the words of the steps so far are what they were, and the object is, the next step reads the words
 * that it read, and if these are what they were, it leads where it led. An entry has all those words, in
 * the order of the steps (trail.h), so the whole walk would come out as it did.
 *
 * What of this may change, and how that is seen:
 *   words     are read again, one after the other, and none behind the first that differs: nothing is
 *             read that a walk wouldn't read, so it is as safe as a walk.
 *   objects   that were loaded at start stay for ever. Others are looked for again in the order of the
 *             walk, before the words to which their rules lead are read.
 *   extents   (extent.h) bound what a walk reads. They depend on sp and on the thread's control block,
 *             whose address every table is bound to.
 * A walk that went by anything else (a handler's frame, registers other than sp and fp, code that no
 * table describes) or that ended because a rule led astray leaves no whole trail, and isn't remembered.
 *
 * Each thread has a table of its own, found by the address of its control block: whoever has that address
 * next takes it over. While a thread is in its table, a signal handler that interrupts it does without. */
#ifndef LM_STACK_RECALL_H
#define LM_STACK_RECALL_H

#include "stack/trail.h"

#include <stddef.h>
#include <stdint.h>

/* The number that was put for the stack that starts with `pc` and `sp`, if it is still the same stack;
 * 0: not known. */
uint32_t lm_recall_get(uintptr_t pc, uintptr_t sp);

/* Remembers the number of a stack that the calling thread has just walked, after it wasn't known. */
void lm_recall_put(uintptr_t pc, uintptr_t sp, const lm_trail *trail, uint32_t id);

/* How many stacks the calling thread has put so far: walks that it had to make. */
size_t lm_recall_puts(void);

#endif
