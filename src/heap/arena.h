/* Arenas: reserved address ranges, committed from a frontier, out of which units are handed; and
 * the second range beside each, with the map and the records.
 *
 * Every function says whether lm_arena_lock is held by the caller ("locked") or must not be
 * ("unlocked"). */
#ifndef LM_HEAP_ARENA_H
#define LM_HEAP_ARENA_H

#include "heap/layout.h"

/* A run of units in an arena, with a record for it. record NULL: there was no memory. */
typedef struct lm_grant {
    lm_arena *arena;
    lm_run run;
    void *record; /* zeroed, of the size asked for; not yet in the map */
    bool first;   /* nobody has touched its chunk yet, and it has huge pages: see lm_dense_open */
} lm_grant;

/* Unlocked. Makes the first arena, before there are threads. False: no address space at all. */
bool lm_arena_start(void);

/* The most that slabs and spans held at one time, in units; locked. */
extern size_t lm_arena_peak_units;

/* Locked. A run of `units` and a record of `record_size` bytes for it, from the first arena that
 * can; reserves another arena when none can. `dense`: all of its pages are going to be written. */
lm_grant lm_arena_take(uint32_t units, size_t record_size, bool dense);

/* Locked. Extends the run by the units right behind it, in the same arena, if they are free or can
 * be committed. */
bool lm_arena_take_behind(lm_arena *arena, uint32_t first, uint32_t units);

/* Locked. Writes the record's number into the map for `units` units; NULL for none. */
void lm_arena_map(lm_arena *arena, uint32_t first, uint32_t units, const void *record);

/* The record to which units lead that are guards. */
const void *lm_arena_guard_record(const lm_arena *arena);

/* Locked. Gives units back, and a record. The map no longer names them. */
void lm_arena_give(lm_arena *arena, uint32_t first, uint32_t units, bool dirty);
void lm_arena_give_record(lm_arena *arena, void *record, size_t size);

/* The arena that an address lies in; NULL for any other address. No lock needed. */
lm_arena *lm_arena_of(uintptr_t address);

/* Units of all arenas: taken ones. Locked. */
size_t lm_arena_used_units(void);

/* Gives all arenas back to the system; nothing may use them any more. For the unloading of a
 * library that carries its own copy of Loam. */
void lm_arena_dissolve(void);

/* For the same when blocks are still live: only what was never committed is given back. */
void lm_arena_dissolve_unused(void);

#endif
