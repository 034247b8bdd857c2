/* Memory that other threads have freed while its owner sleeps: it can't be handed out again before
 * the owner wakes, but it can go back to the system.
 *
 * FULL slabs of which every slot is free become WAITING: they are counted as free memory, and the
 * oldest of them become PURGED when too much is kept. In slabs that the owner still takes from, the
 * pages of slots that it has not taken over yet can go. */
#ifndef LM_HEAP_WAITING_H
#define LM_HEAP_WAITING_H

#include "heap/layout.h"

/* Units of WAITING slabs, and of PURGED ones. Under lm_arena_lock. */
extern size_t lm_waiting_units;
extern size_t lm_waiting_gone_units;

/* Locked (lm_arena_lock). A word of the slab became wholly free, the slab being another thread's: sees what
 * can be done. */
void lm_waiting_look(lm_slab *slab, size_t word);

/* Forgets all slabs: there are no arenas any more. */
void lm_waiting_reset(void);

/* Locked. The owner is back, or the slab is released: it is WAITING or PURGED no more. */
void lm_waiting_end(lm_slab *slab);

/* Locked. Gives the memory of WAITING slabs back, the oldest first: as long as too much is kept, or
 * all of it. Returns whether there was any. */
bool lm_waiting_purge(bool all);

#endif
