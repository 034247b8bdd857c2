#include "heap/arena.h"

#include "base/random.h"
#include "heap/dense.h"
#include "heap/keep.h"
#include "heap/limits.h"
#include "heap/waiting.h"
#include "os/os.h"

#include <string.h>

lm_arena lm_arenas[LM_ARENAS_MAX];
_Atomic uint32_t lm_arena_count;
lm_lock lm_arena_lock = LM_LOCK(LM_RANK_ARENA);
size_t lm_arena_peak_units;

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

static lm_grant take_from(lm_arena *arena, uint32_t units, size_t record_size, bool dense) {
    lm_grant grant = {arena, take_or_extend(arena, units, dense), NULL, false};
    if (!grant.run.count)
        return grant;
    grant.record = new_record(arena, record_size);
    if (!grant.record) {
        lm_chunks_give(&arena->chunks, grant.run.first, units, grant.run.dirty != 0);
        return grant;
    }
    lm_keep_note_taken(&grant.run);
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

/* ---- All of them ----------------------------------------------------------------------------- */

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
