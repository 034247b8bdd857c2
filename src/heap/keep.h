/* How much free memory is kept for what comes next, and giving back to the system what is more.
 *
 * "Locked" and "unlocked" say of lm_arena_lock what arena.h says. */
#ifndef LM_HEAP_KEEP_H
#define LM_HEAP_KEEP_H

#include "heap/layout.h"

/* Locked. Whether more free memory is kept than should be, with `more` units on top. */
bool lm_keep_excess(size_t more);

/* Locked. Whether lm_keep_trim_excess has something to do: for whoever gives units back. */
bool lm_keep_wants_trim(void);

/* Locked. The same for whoever takes units: free memory is to go for new memory that came into use. */
bool lm_keep_wants_exchange(void);

/* Unlocked. Gives memory back to the system until at most `keep` bytes of free memory are left;
 * returns whether any was given back. lm_keep_trim_excess goes by the settings' bound, and does
 * at each call a part of what is to do. */
bool lm_keep_trim(size_t keep);
void lm_keep_trim_excess(void);

/* Held while memory is given back, so that fork() and verify find no run in between. */
extern lm_lock lm_purge_lock;

/* Locked. Bytes of free memory that are kept at most, as things are. */
size_t lm_keep_bytes(void);

/* Locked. Bytes of large blocks that may rest together. */
size_t lm_keep_rest_most(void);

/* Locked. The same for one of `bytes` that is in use now and comes to rest: what is kept, less other free
 * memory. */
size_t lm_keep_rest_room(size_t bytes);

/* Locked. Units that were just given as clean ones were given back to the system by the caller. */
void lm_keep_note_purged(size_t units);

/* Locked. A slab was released, and whether all of its slots had been handed out at one time. */
void lm_keep_note_released(size_t units, bool used_up);

/* Bytes of large blocks that rest: free memory, though in use here. Written under lm_large_lock, read
 * as a hint. */
extern _Atomic size_t lm_keep_resting;

/* The same of those that rest without memory. */
extern _Atomic size_t lm_keep_resting_cold;

/* Locked. A run was taken: those of its units that are clean the system had back, or had never given. */
void lm_keep_note_taken(const lm_run *run);

/* Locked. Units in use, but for slabs that others have emptied and large blocks that rest. */
size_t lm_keep_busy_units(void);

#endif
