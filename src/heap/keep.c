#include "heap/keep.h"

#include "heap/arena.h"
#include "heap/dense.h"
#include "heap/limits.h"
#include "heap/waiting.h"
#include "os/os.h"

#include <string.h>

lm_lock lm_purge_lock = LM_LOCK(LM_RANK_PURGE);
_Atomic size_t lm_keep_resting;
_Atomic size_t lm_keep_resting_cold;

/* Free units that the system has back (a hint: runs of mixed kind blur it), and those of them that
 * were needed again (see lm_keep_bytes). Under lm_arena_lock. */
static size_t purged_units, regret_units;

/* Whether what was learned is still of use: the fewest dirty units since the last look, how many units were taken since,
 * and how many of those the system had back. What was forgotten at the last look, and how many times as rarely one
 * looks now. Under lm_arena_lock. */
static size_t spare_units, turned_units, missed_units, forgotten_units, patience = 1;

/* New memory comes into use although there is free memory, since no run of it fits: then the system gets as much of
 * that back. But only when all that is held grows beyond what it ever was, so that a program that takes and gives
 * pays for it once. The most units that ever held memory, and by how many that grew since. Under lm_arena_lock. */
static size_t held_peak, grown_units;

/* Units of slabs that were released, and those of them whose slots had all been handed out at one time.
 * Under lm_arena_lock. */
static size_t released_units, used_up_units;

/* ---- How much ------------------------------------------------------------------------------- */

static size_t dirty_units(void) {
    size_t dirty = 0;
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++)
        dirty += lm_arenas[i].chunks.dirty_units;
    return dirty;
}

/* As much as is in use, but that soon gets too much: up to 32 MiB, then an eighth. */
static size_t keep_for(size_t used) {
    return lm_max(lm_min(lm_max(used, LM_KEEP_LEAST), LM_KEEP_USUAL), used / 8);
}

static size_t resting_units(void) {
    return atomic_load_explicit(&lm_keep_resting, memory_order_relaxed) >> LM_UNIT_SHIFT;
}

size_t lm_keep_busy_units(void) {
    size_t used = lm_arena_used_units() - lm_waiting_units - lm_waiting_gone_units;
    size_t cold =
        atomic_load_explicit(&lm_keep_resting_cold, memory_order_relaxed) >> LM_UNIT_SHIFT;
    return used - lm_min(used, resting_units() + cold);
}

/* Units that hold memory, in use or not. */
static size_t held_units(void) {
    return lm_keep_busy_units() + resting_units() + dirty_units() + lm_waiting_units;
}

/* The most that may be kept on top for what was learned: a share of all memory that is held, which
 * shrinks with every run that is given back. So a program that only frees ends near the lowest bound,
 * whatever it did before. */
static size_t regret_most(void) {
    size_t held = held_units();
    return lm_max(lm_min(held, LM_KEEP_USUAL >> LM_UNIT_SHIFT), held / 5 * 4);
}

/* The same for what is learned from one run. Slabs come to touch all of their units when these pass
 * from class to class: a program that holds little would become several times as large. But not one
 * that uses its slabs up, and so touches all of their units anyway. */
enum { USED_UP_PART = 8 };
static size_t regret_most_from(uint32_t units) {
    size_t held = held_units();
    bool few = held <= LM_KEEP_FEW >> LM_UNIT_SHIFT;
    bool touched = used_up_units > 0 && used_up_units * USED_UP_PART >= released_units;
    return few && !touched && units <= LM_SLAB_UNITS_MAX ? held / 6 : regret_most();
}

void lm_keep_note_released(size_t units, bool used_up) {
    released_units += units;
    used_up_units += used_up ? units : 0;
    if (released_units > LM_KEEP_TURNS * held_units()) {
        released_units /= 2;
        used_up_units /= 2;
    }
}

/* How much free memory is kept. A program that gets back what it just freed shouldn't pay for the
 * way through the system: what was given back and is needed again raises the bound by twice as much;
 * what is given back lowers it, and so does what lies there unneeded. */
size_t lm_keep_bytes(void) {
    if (lm_once.arena.keep)
        return lm_once.arena.keep;
    size_t regret = lm_min(regret_units, regret_most());
    regret -= lm_min(regret, resting_units()); /* what rests is a part of it */
    return keep_for(lm_keep_busy_units() << LM_UNIT_SHIFT) + (regret << LM_UNIT_SHIFT);
}

/* After as much was taken as would turn over all memory many times: free memory that was not needed in
 * all that time need not be kept, unless other free memory was missed: then it doesn't fit. Where what was forgotten
 * is missed soon after, one looks more and more rarely. */
static void forget_unneeded(void) {
    spare_units = lm_min(spare_units, dirty_units());
    if (turned_units < LM_KEEP_TURNS * patience * held_units())
        return;
    if (forgotten_units > 0)
        patience = missed_units < forgotten_units / 2 ? 1 : lm_min(2 * patience, LM_KEEP_PATIENCE);
    forgotten_units = lm_min(regret_units, spare_units - lm_min(spare_units, missed_units));
    regret_units -= forgotten_units;
    spare_units = dirty_units();
    turned_units = 0;
    missed_units = 0;
}

/* Free memory was past the bound, isn't down at the goal yet, and nothing that went was needed again. Under
 * lm_arena_lock. */
static bool trimming;

/* A little is always free. */
static bool much_is_free(void) {
    return dirty_units() * LM_EXCHANGE_PART > held_units();
}

bool lm_keep_wants_exchange(void) {
    return grown_units >= LM_EXCHANGE_UNITS && much_is_free();
}

void lm_keep_note_taken(const lm_run *run) {
    size_t held = held_units();
    if (held > held_peak) {
        grown_units = much_is_free() ? grown_units + held - held_peak : 0;
        held_peak = held;
    }
    size_t back = lm_min(run->count - run->dirty, purged_units);
    purged_units -= back;
    trimming = trimming && back == 0;
    regret_units =
        lm_max(regret_units, lm_min(regret_units + 2 * back, regret_most_from(run->count)));
    turned_units += run->count;
    missed_units += back;
    forget_unneeded();
}

void lm_keep_note_purged(size_t units) {
    purged_units += units;
    regret_units -= lm_min(regret_units, units);
}

size_t lm_keep_rest_room(size_t bytes) {
    size_t busy = lm_keep_busy_units() << LM_UNIT_SHIFT;
    size_t regret = lm_min(regret_units, regret_most()) << LM_UNIT_SHIFT;
    size_t keep =
        lm_once.arena.keep ? lm_once.arena.keep : keep_for(busy - lm_min(busy, bytes)) + regret;
    return keep - lm_min(keep, (dirty_units() + lm_waiting_units) << LM_UNIT_SHIFT);
}

size_t lm_keep_rest_most(void) {
    size_t keep = keep_for(lm_keep_busy_units() << LM_UNIT_SHIFT);
    return lm_max(lm_min(keep / LM_RESTING_PART, LM_RESTING_BYTES_MAX), LM_RESTING_BYTES_LEAST);
}

bool lm_keep_excess(size_t more) {
    return (dirty_units() + lm_waiting_units + more) << LM_UNIT_SHIFT > lm_keep_bytes();
}

/* ---- Giving memory back to the system ------------------------------------------------------- */

/* Of a run that the program has locked a page of (mlock), that page can't be given back: its unit is
 * cleared instead, else it would stand in the way of all others for good. */
static void purge_run(lm_arena *arena, lm_run run) {
    char *at = (char *)arena->lookup->base + ((size_t)run.first << LM_UNIT_SHIFT);
    size_t size = (size_t)run.count << LM_UNIT_SHIFT, step = lm_max(LM_UNIT, lm_os.page);
    if (lm_dense_purge(arena, run.first, run.count))
        return;
    for (size_t done = 0; done < size; done += step)
        if (!lm_os_purge(at + done, step))
            memset(at + done, 0, step);
}

/* Both locks are held, but for lm_arena_lock while the system works: the run is nobody's then. Of a longer run
 * only `most` units go. Returns how many did. */
static uint32_t purge_one(lm_arena *arena, size_t most, bool huge) {
    uint32_t step = (uint32_t)lm_max(lm_os.page >> LM_UNIT_SHIFT, 1);
    lm_run run = lm_chunks_take_dirty(&arena->chunks, step, huge);
    if (run.count > most) {
        uint32_t gone = (uint32_t)lm_align_up(most, step);
        lm_chunks_give(&arena->chunks, run.first + gone, run.count - gone, true);
        run.count = gone;
    }
    if (!run.count)
        return 0;
    lm_lock_give(&lm_arena_lock);
    purge_run(arena, run);
    lm_lock_take(&lm_arena_lock);
    lm_chunks_give(&arena->chunks, run.first, run.count, false);
    return run.count;
}

static uint32_t purge_some(size_t most, bool huge) {
    uint32_t done = 0, n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    for (uint32_t i = 0; i < n && !done; i++)
        done = purge_one(&lm_arenas[i], most, huge);
    return done;
}

static bool purge_any(void) {
    uint32_t done = purge_some(SIZE_MAX, true);
    lm_keep_note_purged(done);
    return done > 0;
}

/* What is kept of free memory, and what was learned of it, stays the same. Huge pages aren't split for this. */
static bool exchange(void) {
    bool any = false;
    while (lm_keep_wants_exchange()) {
        uint32_t done = purge_some(grown_units, false);
        if (!done)
            break;
        any = true;
        grown_units -= lm_min(grown_units, done);
    }
    grown_units = 0;
    return any;
}

bool lm_keep_trim(size_t keep) {
    lm_lock_take(&lm_purge_lock);
    lm_lock_take(&lm_arena_lock);
    bool any = keep == 0 && lm_waiting_purge(true);
    while (dirty_units() << LM_UNIT_SHIFT > keep && purge_any())
        any = true;
    lm_lock_give(&lm_arena_lock);
    lm_lock_give(&lm_purge_lock);
    return any;
}

/* Down to where? Well below the bound, so that not every free comes here again; it moves meanwhile. */
static size_t trim_goal(void) {
    size_t keep = lm_keep_bytes();
    return keep - lm_min(keep / 4, LM_TRIM_MOST);
}

bool lm_keep_wants_trim(void) {
    return lm_keep_excess(0) || (trimming && dirty_units() << LM_UNIT_SHIFT > trim_goal());
}

/* One run, and more only while free memory is past the bound: the next ones fall to the frees that follow, so
 * that no free takes the time of all. */
static bool trim_some(void) {
    bool any = exchange();
    trimming = lm_keep_wants_trim();
    while (trimming && (!any || lm_keep_excess(0))) {
        trimming = dirty_units() << LM_UNIT_SHIFT > trim_goal() && purge_any();
        any |= trimming;
    }
    return lm_waiting_purge(false) || any;
}

void lm_keep_trim_excess(void) {
    bool again = true;
    /* Whoever is turned away because somebody is at it already relies on that one to look again. */
    while (again && lm_lock_try(&lm_purge_lock)) {
        lm_lock_take(&lm_arena_lock);
        bool any = trim_some();
        lm_lock_give(&lm_arena_lock);
        lm_lock_give(&lm_purge_lock);
        lm_lock_take(&lm_arena_lock);
        again = any && lm_keep_excess(0);
        lm_lock_give(&lm_arena_lock);
    }
}
