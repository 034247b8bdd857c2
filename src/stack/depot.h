/* Numbers call stacks: the same stack gets the same number for as long as the process lives, so that a
 * number is all that a record of a block has to keep.
 *
 * Nothing here takes a lock or waits: any thread may call it at any moment, in handlers of signals too.
 * Numbers are dense, from 1 on; a few may be left out. Memory is bounded (heap/limits.h): when the depot
 * is full, stacks that it doesn't have yet get the number 0. */
#ifndef LM_STACK_DEPOT_H
#define LM_STACK_DEPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of the calling thread's stack, innermost LM_DEPOT_FRAMES frames of it, with Loam's own
 * functions left out (stack.h); 0 when there is none or the depot is full. Linked into anything but
 * libloam.so, the first frame is into the caller. */
uint32_t lm_depot_here(void);

/* The number of a stack that somebody else captured: return addresses, the innermost first. Where
 * `exact`, frames[0] is the place itself. What is beyond LM_DEPOT_FRAMES is cut off. */
uint32_t lm_depot_put(const uintptr_t *frames, size_t count, bool exact);

/* Writes at most `max` frames of a stack, and returns how many it has; 0 for a number that no stack has.
 * `exact` may be NULL. */
size_t lm_depot_get(uint32_t id, uintptr_t *frames, size_t max, bool *exact);

/* The same for the numbers of the modules (modules.h) that the frames were in when the stack was put; 0
 * where a frame was in none. Return addresses that were in other modules make another stack. */
size_t lm_depot_modules(uint32_t id, uint32_t *modules, size_t max);

/* In a child of fork: the depot goes on as it is. */
void lm_depot_forked(void);

#endif
