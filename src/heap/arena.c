#include "heap/arena.h"

#include "base/random.h"
#include "heap/dense.h"
#include "heap/limits.h"
#include "heap/waiting.h"
#include "os/os.h"

#include <string.h>

lm_arena lm_arenas[LM_ARENAS_MAX];
_Atomic uint32_t lm_arena_count;
lm_lock lm_arena_lock = LM_LOCK(LM_RANK_ARENA);
lm_lock lm_purge_lock = LM_LOCK(LM_RANK_PURGE);
size_t lm_arena_peak_units;
_Atomic size_t lm_arena_resting;
_Atomic size_t lm_arena_resting_cold;

/* Free units that the system has back (a hint: runs of mixed kind blur it), and those of them that
 * were needed again (see lm_arena_keep_bytes). Under lm_arena_lock. */
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

/* ---- Regions of the second range ------------------------------------------------------------ */

static bool region_grow(lm_region *region, size_t wanted) {
    if (LM_LIKELY(wanted <= region->committed))
        return true;
    size_t end = lm_min(lm_align_up(wanted, lm_max(LM_REGION_STEP, lm_os.page)), region->size);
    if (wanted > end || !lm_os_commit(region->at + region->committed, end - region->committed))
        return false;
    region->committed = end;
    return true;
}

/* A freed record serves its own size only: so there is room for a record of each size for each unit,
 * were the arena full of slabs of one size after the other; the void record is one more. Numbers
 * have 32 bits. */
static size_t records_size(size_t units) {
    size_t sizes = 0, before = 0;
    for (unsigned class = 0; class < LM_CLASSES; class ++) {
        size_t size = lm_slab_record_size(lm_classes[class].words);
        sizes += size != before ? size : 0;
        before = size;
    }
    return lm_min((units + 1) * sizes, (size_t)UINT32_MAX * LM_RECORD_GRAIN);
}

/* Lays the regions out in the second range, so that what is made accessible at one time lies side by side, or
 * just counts with `at` 0. Returns the bytes needed. */
static size_t lay_out(lm_arena *arena, char *at, size_t size) {
    size_t units = size >> LM_UNIT_SHIFT, chunks = size >> LM_CHUNK_SHIFT;
    lm_region *regions[] = {&arena->whole, &arena->table, &arena->map, &arena->records};
    const size_t sizes[] = {(chunks + 63) / 64 * sizeof(uint64_t), chunks * sizeof(lm_chunk),
                            units * sizeof(uint32_t), records_size(units)};
    size_t end = 0;
    for (int i = 0; i < 4; i++) {
        *regions[i] = (lm_region){at ? at + end : NULL, lm_align_up(sizes[i], lm_os.page), 0};
        end += regions[i]->size;
    }
    return end;
}

/* ---- Making arenas -------------------------------------------------------------------------- */

/* A place by chance in the lower 47 bits of addresses, which user programs have on most systems; where they
 * don't, the system takes another one. */
static uintptr_t far_away(void) {
    enum { SPREAD_BITS = 45, LOWEST = 1 << 20 };
    static uint64_t state;   /* under lm_arena_lock, which whoever makes an arena holds */
    if (LM_THREAD_SANITIZER) /* it knows some ranges of addresses only */
        return 0;
    state = state ? state : lm_once.seed;
    uint64_t place = lm_random_next(&state);
    return ((place & (lm_bit(SPREAD_BITS) - 1)) + ((uintptr_t)LOWEST << 20)) &
           ~(uintptr_t)(LM_CHUNK - 1);
}

/* Takes address space for an arena of `size` bytes and its second range, guards on both sides of
 * it. */
static bool reserve(lm_arena *arena, size_t size) {
    size_t guard = lm_max(LM_REGION_STEP, lm_os.page);
    size_t meta_size = lay_out(arena, NULL, size) + 2 * guard;
    char *range = lm_os_reserve(size + LM_CHUNK, far_away());
    if (!range)
        return false;
    char *meta = lm_os_reserve(meta_size, far_away());
    if (!meta) {
        lm_os_release(range, size + LM_CHUNK);
        return false;
    }
    arena->reserved[0] = range;
    arena->reserved_size[0] = size + LM_CHUNK;
    arena->reserved[1] = meta;
    arena->reserved_size[1] = meta_size;
    lay_out(arena, meta + guard, size);
    return true;
}

static void unreserve(lm_arena *arena) {
    for (int i = 0; i < 2; i++)
        lm_os_release(arena->reserved[i], arena->reserved_size[i]);
}

/* Bytes to ask for. When the first arena's size is set, later ones are as large, but grow as they get many, so
 * that the table of arenas doesn't end before the memory does. */
static size_t size_to_try(uint32_t index) {
    if (lm_once.arena.first_size) {
        size_t first = lm_min(lm_once.arena.first_size, LM_ARENA_WISHED);
        first = lm_max(lm_align_down(first, LM_CHUNK), LM_CHUNK);
        return lm_min(first << index / 4, LM_ARENA_WISHED);
    }
    if (lm_os.address_limit == SIZE_MAX)
        return LM_ARENA_WISHED;
    /* Leave most of a limited address space to the rest of the program; more arenas follow on
     * demand. */
    return lm_max((size_t)1 << lm_highest_bit(lm_os.address_limit / 4 | LM_CHUNK), LM_CHUNK);
}

/* The void record and that of guards come first, each as large as the smallest slab's. */
enum { FIXED_RECORDS = 2, FIXED_RECORD_SIZE = 2 * LM_CACHE_LINE };

static size_t first_step(const lm_region *region) {
    return lm_min(lm_max(LM_REGION_STEP, lm_os.page), region->size);
}

/* Makes the map readable, and the void record behind it: what the fast path looks at before any unit is
 * used. */
static bool open_up(lm_arena *arena, lm_lookup *lookup, size_t size) {
    if (!lm_os_make_readable(arena->map.at, arena->map.size + first_step(&arena->records)))
        return false;
    arena->records_used = FIXED_RECORDS * FIXED_RECORD_SIZE;
    arena->lookup = lookup;
    arena->chunks.table = (lm_chunk *)(void *)arena->table.at;
    arena->chunks.whole = (uint64_t *)(void *)arena->whole.at;
    *lookup = (lm_lookup){lm_align_up((uintptr_t)arena->reserved[0], LM_CHUNK), size,
                          (_Atomic uint32_t *)(void *)arena->map.at, arena->records.at};
    if (lookup == &lm_once.lookups[0]) {
        lm_once.plain_size = lm_once.plain_limit ? size : 0;
        lm_once.wide_size = lm_once.wide_limit ? size : 0;
    }
    if (lm_once.arena.huge_pages)
        lm_os_huge_pages((void *)lookup->base, size, lm_once.arena.huge_pages);
    return true;
}

/* Prepares an arena that can hold at least `units` units, as large as can be had. Nobody knows of
 * it before publish_arena. */
static lm_arena *prepare_arena(uint32_t units) {
    uint32_t index = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    size_t least = lm_align_up((size_t)units << LM_UNIT_SHIFT, LM_CHUNK);
    if (index == LM_ARENAS_MAX)
        return NULL;
    lm_arena *arena = &lm_arenas[index];
    for (size_t size = lm_max(size_to_try(index), least);; size = lm_max(size / 2, least)) {
        size = lm_align_up(size, LM_CHUNK);
        memset(arena, 0, sizeof *arena);
        if (reserve(arena, size)) {
            bool sealed = lm_os_seal(false);
            bool opened = open_up(arena, &lm_once.lookups[index], size);
            lm_os_seal(sealed);
            if (opened)
                break;
            unreserve(arena);
            return NULL;
        }
        if (size == least)
            return NULL;
    }
    return arena;
}

static void publish_arena(void) {
    atomic_fetch_add_explicit(&lm_arena_count, 1, memory_order_release);
}

/* ---- The frontier --------------------------------------------------------------------------- */

/* What stands before the first chunk: the bits of all chunks, the table's first ones, the record of guards. */
static bool open_tables(lm_arena *arena) {
    size_t step = first_step(&arena->table);
    if (!lm_os_commit(arena->whole.at, arena->whole.size + step) ||
        !region_grow(&arena->records, arena->records_used))
        return false;
    ((lm_slab *)(void *)(arena->records.at + FIXED_RECORD_SIZE))->kind = LM_KIND_GUARD;
    arena->whole.committed = arena->whole.size;
    arena->table.committed = step;
    return true;
}

static bool commit_chunks(lm_arena *arena, size_t bytes) {
    size_t end = arena->committed + bytes;
    size_t chunks = end >> LM_CHUNK_SHIFT;
    if (end > arena->lookup->size || (!arena->whole.committed && !open_tables(arena)) ||
        !region_grow(&arena->map, (end >> LM_UNIT_SHIFT) * sizeof(uint32_t)) ||
        !region_grow(&arena->table, chunks * sizeof(lm_chunk)) ||
        !lm_os_commit((char *)arena->lookup->base + arena->committed, bytes))
        return false;
    lm_chunks_add(&arena->chunks, (uint32_t)(bytes >> LM_CHUNK_SHIFT));
    arena->committed = end;
    return true;
}

/* Moves the frontier by at least `chunks`: by more as the arena grows, so that system calls get
 * rarer. */
static bool extend(lm_arena *arena, size_t chunks) {
    size_t needed = chunks << LM_CHUNK_SHIFT;
    size_t wished = lm_min(lm_align_down(arena->committed / 8, LM_CHUNK), LM_COMMIT_STEP_MAX);
    wished = lm_min(wished, arena->lookup->size - arena->committed);
    return (wished > needed && commit_chunks(arena, wished)) || commit_chunks(arena, needed);
}

static size_t trailing_whole_chunks(const lm_arena *arena) {
    size_t n = 0;
    while (n < arena->chunks.count &&
           arena->chunks.table[arena->chunks.count - 1 - n].free == ~(lm_units)0)
        n++;
    return n;
}

static lm_run take_or_extend(lm_arena *arena, uint32_t units, bool dense) {
    lm_run run = lm_chunks_take(&arena->chunks, units, dense);
    if (run.count)
        return run;
    size_t chunks = (units + LM_CHUNK_UNITS - 1) / LM_CHUNK_UNITS;
    size_t have = units > LM_CHUNK_UNITS ? trailing_whole_chunks(arena) : 0;
    if ((chunks - have) << LM_CHUNK_SHIFT > arena->lookup->size - arena->committed ||
        !extend(arena, chunks - have))
        return lm_chunks_take(&arena->chunks, units, true); /* from wherever there is one */
    return lm_chunks_take(&arena->chunks, units, dense);
}

/* ---- Records and the map -------------------------------------------------------------------- */

static uint32_t *record_link(const lm_arena *arena, uint32_t number) {
    return (uint32_t *)(void *)(arena->records.at + (size_t)number * LM_RECORD_GRAIN);
}

static void *new_record(lm_arena *arena, size_t size) {
    uint32_t *free_list = &arena->record_free[size / LM_RECORD_GRAIN];
    if (*free_list) {
        uint32_t *record = record_link(arena, *free_list);
        *free_list = *record;
        return memset(record, 0, size);
    }
    if (!region_grow(&arena->records, arena->records_used + size))
        return NULL;
    void *record = arena->records.at + arena->records_used;
    arena->records_used += size;
    return record;
}

void lm_arena_give_record(lm_arena *arena, void *record, size_t size) {
    uint32_t *free_list = &arena->record_free[size / LM_RECORD_GRAIN];
    memset(record, 0, size); /* a late look at it finds a void record */
    *(uint32_t *)record = *free_list;
    *free_list = (uint32_t)((size_t)((char *)record - arena->records.at) / LM_RECORD_GRAIN);
}

const void *lm_arena_guard_record(const lm_arena *arena) {
    return arena->records.at + FIXED_RECORD_SIZE; /* behind the void record */
}

void lm_arena_map(lm_arena *arena, uint32_t first, uint32_t units, const void *record) {
    uint32_t number =
        record ? (uint32_t)((size_t)((const char *)record - arena->records.at) / LM_RECORD_GRAIN)
               : 0;
    for (uint32_t i = 0; i < units; i++)
        atomic_store_explicit(&arena->lookup->map[first + i], number, memory_order_relaxed);
}

/* ---- Taking and giving ---------------------------------------------------------------------- */

static void note_taken(const lm_run *run);

static lm_grant take_from(lm_arena *arena, uint32_t units, size_t record_size, bool dense) {
    lm_grant grant = {arena, take_or_extend(arena, units, dense), NULL, false};
    if (!grant.run.count)
        return grant;
    grant.record = new_record(arena, record_size);
    if (!grant.record) {
        lm_chunks_give(&arena->chunks, grant.run.first, units, grant.run.dirty != 0);
        return grant;
    }
    note_taken(&grant.run);
    grant.first = dense && lm_dense_open(arena, grant.run);
    return grant;
}

lm_grant lm_arena_take(uint32_t units, size_t record_size, bool dense) {
    lm_grant grant = {NULL, {0, 0, 0}, NULL, false};
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    for (uint32_t i = 0; i < n && !grant.record; i++)
        grant = take_from(&lm_arenas[i], units, record_size, dense);
    if (!grant.record) {
        lm_arena *arena = prepare_arena(units);
        if (arena)
            grant = take_from(arena, units, record_size, dense);
        if (grant.record)
            publish_arena();
        else if (arena)
            unreserve(arena); /* it isn't address space that is short */
    }
    lm_arena_peak_units = lm_max(lm_arena_peak_units, lm_arena_used_units());
    return grant;
}

bool lm_arena_take_behind(lm_arena *arena, uint32_t first, uint32_t units) {
    uint32_t dirty;
    size_t end = ((size_t)first + units) << LM_UNIT_SHIFT;
    if (end > arena->lookup->size)
        return false;
    if (end > arena->committed) {
        /* Only worth moving the frontier for when all up to it is free. */
        uint32_t inside = (uint32_t)(arena->committed >> LM_UNIT_SHIFT) - first;
        if (inside > units || !lm_chunks_take_at(&arena->chunks, first, inside, &dirty))
            return false;
        lm_chunks_give(&arena->chunks, first, inside, dirty != 0);
        if (!extend(arena, (end - arena->committed + LM_CHUNK - 1) >> LM_CHUNK_SHIFT))
            return false;
    }
    bool taken = lm_chunks_take_at(&arena->chunks, first, units, &dirty);
    lm_arena_peak_units = lm_max(lm_arena_peak_units, lm_arena_used_units());
    return taken;
}

void lm_arena_give(lm_arena *arena, uint32_t first, uint32_t units, bool dirty) {
    lm_chunks_give(&arena->chunks, first, units, dirty);
}

size_t lm_arena_used_units(void) {
    size_t used = 0;
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++)
        used += (lm_arenas[i].committed >> LM_UNIT_SHIFT) - lm_arenas[i].chunks.free_units;
    return used;
}

lm_arena *lm_arena_of(uintptr_t address) {
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++)
        if (address - lm_once.lookups[i].base < lm_once.lookups[i].size)
            return &lm_arenas[i];
    return NULL;
}

/* ---- Giving memory back to the system ------------------------------------------------------- */

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
    return atomic_load_explicit(&lm_arena_resting, memory_order_relaxed) >> LM_UNIT_SHIFT;
}

/* Units in use, but for slabs that others have emptied and large blocks that rest. */
size_t lm_arena_busy_units(void) {
    size_t used = lm_arena_used_units() - lm_waiting_units - lm_waiting_gone_units;
    size_t cold =
        atomic_load_explicit(&lm_arena_resting_cold, memory_order_relaxed) >> LM_UNIT_SHIFT;
    return used - lm_min(used, resting_units() + cold);
}

/* Units that hold memory, in use or not. */
static size_t held_units(void) {
    return lm_arena_busy_units() + resting_units() + dirty_units() + lm_waiting_units;
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

void lm_arena_note_released(size_t units, bool used_up) {
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
size_t lm_arena_keep_bytes(void) {
    if (lm_once.arena.keep)
        return lm_once.arena.keep;
    size_t regret = lm_min(regret_units, regret_most());
    regret -= lm_min(regret, resting_units()); /* what rests is a part of it */
    return keep_for(lm_arena_busy_units() << LM_UNIT_SHIFT) + (regret << LM_UNIT_SHIFT);
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

bool lm_arena_wants_exchange(void) {
    return grown_units >= LM_EXCHANGE_UNITS && much_is_free();
}

/* The clean ones of these units the system had back, or had never given. */
static void note_taken(const lm_run *run) {
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

void lm_arena_note_purged(size_t units) {
    purged_units += units;
    regret_units -= lm_min(regret_units, units);
}

size_t lm_arena_rest_room(size_t bytes) {
    size_t busy = lm_arena_busy_units() << LM_UNIT_SHIFT;
    size_t regret = lm_min(regret_units, regret_most()) << LM_UNIT_SHIFT;
    size_t keep =
        lm_once.arena.keep ? lm_once.arena.keep : keep_for(busy - lm_min(busy, bytes)) + regret;
    return keep - lm_min(keep, (dirty_units() + lm_waiting_units) << LM_UNIT_SHIFT);
}

size_t lm_arena_rest_most(void) {
    size_t keep = keep_for(lm_arena_busy_units() << LM_UNIT_SHIFT);
    return lm_max(lm_min(keep / LM_RESTING_PART, LM_RESTING_BYTES_MAX), LM_RESTING_BYTES_LEAST);
}

bool lm_arena_excess(size_t more) {
    return (dirty_units() + lm_waiting_units + more) << LM_UNIT_SHIFT > lm_arena_keep_bytes();
}

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
    lm_arena_note_purged(done);
    return done > 0;
}

/* What is kept of free memory, and what was learned of it, stays the same. Huge pages aren't split for this. */
static bool exchange(void) {
    bool any = false;
    while (lm_arena_wants_exchange()) {
        uint32_t done = purge_some(grown_units, false);
        if (!done)
            break;
        any = true;
        grown_units -= lm_min(grown_units, done);
    }
    grown_units = 0;
    return any;
}

bool lm_arena_trim(size_t keep) {
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
    size_t keep = lm_arena_keep_bytes();
    return keep - lm_min(keep / 4, LM_TRIM_MOST);
}

bool lm_arena_wants_trim(void) {
    return lm_arena_excess(0) || (trimming && dirty_units() << LM_UNIT_SHIFT > trim_goal());
}

/* One run, and more only while free memory is past the bound: the next ones fall to the frees that follow, so
 * that no free takes the time of all. */
static bool trim_some(void) {
    bool any = exchange();
    trimming = lm_arena_wants_trim();
    while (trimming && (!any || lm_arena_excess(0))) {
        trimming = dirty_units() << LM_UNIT_SHIFT > trim_goal() && purge_any();
        any |= trimming;
    }
    return lm_waiting_purge(false) || any;
}

void lm_arena_trim_excess(void) {
    bool again = true;
    /* Whoever is turned away because somebody is at it already relies on that one to look again. */
    while (again && lm_lock_try(&lm_purge_lock)) {
        lm_lock_take(&lm_arena_lock);
        bool any = trim_some();
        lm_lock_give(&lm_arena_lock);
        lm_lock_give(&lm_purge_lock);
        lm_lock_take(&lm_arena_lock);
        again = any && lm_arena_excess(0);
        lm_lock_give(&lm_arena_lock);
    }
}

bool lm_arena_start(void) {
    lm_lock_take(&lm_arena_lock);
    bool done = prepare_arena(1) != NULL;
    if (done)
        publish_arena();
    lm_lock_give(&lm_arena_lock);
    return done;
}

void lm_arena_dissolve(void) {
    uint32_t n = atomic_exchange(&lm_arena_count, 0);
    for (uint32_t i = 0; i < n; i++) {
        unreserve(&lm_arenas[i]);
        memset(&lm_once.lookups[i], 0, sizeof lm_once.lookups[i]);
    }
    lm_once.plain_size = lm_once.wide_size = 0;
    lm_dense_units = 0;
}

static void release_tail(lm_region *region) {
    if (region->size > region->committed)
        lm_os_release(region->at + region->committed, region->size - region->committed);
    region->size = region->committed;
}

void lm_arena_dissolve_unused(void) {
    lm_lock_take(&lm_arena_lock);
    uint32_t n = atomic_load_explicit(&lm_arena_count, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++) {
        lm_arena *arena = &lm_arenas[i];
        lm_region units = {(char *)arena->lookup->base, arena->lookup->size, arena->committed};
        release_tail(&units);
        release_tail(&arena->table);
        release_tail(&arena->whole);
        release_tail(&arena->records);
        arena->lookup->size = units.size;
        lm_once.plain_size = lm_min(lm_once.plain_size, lm_once.lookups[0].size);
        lm_once.wide_size = lm_min(lm_once.wide_size, lm_once.lookups[0].size);
        release_tail(&arena->map); /* offsets below the new size are in its committed part */
    }
    lm_lock_give(&lm_arena_lock);
}
