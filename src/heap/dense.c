#include "heap/dense.h"

#include "heap/arena.h"
#include "heap/guard.h"
#include "heap/keep.h"
#include "heap/limits.h"
#include "heap/orphans.h"
#include "heap/protect.h"
#include "os/os.h"

/* Pages that were looked at where any was written, and those of them that were. By the size's power of
 * two. Counted without a lock: it is chance anyway which of two counts is lost. */
typedef struct evidence {
    _Atomic uint32_t seen, written;
} evidence;

enum { SMALLEST_SHIFT = LM_CHUNK_SHIFT, SIZES = 48 - SMALLEST_SHIFT };
static evidence evidences[SIZES];

static _Atomic uint32_t asked; /* count: how often huge pages were due */

/* How much is looked at: up to so many places in a block, each as large as a huge page; so many pages in
 * each; so many words of a page. */
enum { PLACES = 4, LOOKS = 16, WORDS = 8 };

/* So many pages must have been seen, and nine in ten of them written. Old evidence fades. */
enum { SEEN_LEAST = 4 * LOOKS, SEEN_MOST = 64 * LOOKS, WRITTEN_TENTHS = 9 };

/* One in so many blocks goes without, so that there is evidence for the next ones. */
enum { LEFT_OUT = 16 };

enum { SMALL_PAGE = 4096 };

/* Only where a chunk is a huge page, and nobody has said what he wants. */
static bool is_possible(size_t bytes) {
    return bytes >= LM_CHUNK && lm_os.page == SMALL_PAGE && lm_once.arena.huge_pages == 0;
}

static evidence *evidence_for(size_t bytes) {
    return &evidences[lm_min(lm_highest_bit(bytes) - SMALLEST_SHIFT, SIZES - 1)];
}

bool lm_dense_expected(size_t bytes) {
    if (!is_possible(bytes))
        return false;
    evidence *e = evidence_for(bytes);
    uint32_t seen = atomic_load_explicit(&e->seen, memory_order_relaxed);
    uint32_t written = atomic_load_explicit(&e->written, memory_order_relaxed);
    if (seen < SEEN_LEAST || written * 10 < seen * WRITTEN_TENTHS)
        return false;
    return atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed) % LEFT_OUT != 0;
}

/* ---- Learning ------------------------------------------------------------------------------- */

/* Chunks that lie wholly in a block: from *first on. */
static uint32_t chunks_in(const lm_arena *arena, const char *block, size_t bytes, uint32_t *first) {
    size_t start = (uintptr_t)block - arena->lookup->base;
    *first = (uint32_t)(lm_align_up(start, LM_CHUNK) >> LM_CHUNK_SHIFT);
    uint32_t end = (uint32_t)((start + bytes) >> LM_CHUNK_SHIFT);
    return end > *first ? end - *first : 0;
}

static bool is_written(const char *page) {
    uint64_t any = 0;
    for (size_t i = 0; i < WORDS; i++)
        any |= lm_word_at(page + i * sizeof any);
    return any != 0;
}

static void look_at_chunk(evidence *e, const char *chunk) {
    uint32_t written = 0;
    for (size_t i = 0; i < LOOKS; i++)
        written += is_written(chunk + i * (LM_CHUNK / LOOKS) + (5 * i + 3) % LOOKS * lm_os.page);
    if (written == 0) /* nobody touched it: then it costs nothing */
        return;
    uint32_t seen = atomic_load_explicit(&e->seen, memory_order_relaxed) + LOOKS;
    written += atomic_load_explicit(&e->written, memory_order_relaxed);
    bool many = seen >= SEEN_MOST;
    atomic_store_explicit(&e->seen, many ? seen / 2 : seen, memory_order_relaxed);
    atomic_store_explicit(&e->written, many ? written / 2 : written, memory_order_relaxed);
}

void lm_dense_learn(lm_arena *arena, const char *block, size_t bytes) {
    uint32_t first, n = is_possible(bytes) ? chunks_in(arena, block, bytes, &first) : 0;
    if (n == 0)
        return;
    lm_lock_take(&lm_arena_lock);
    bool advised = lm_chunks_advised(&arena->chunks, first, n);
    lm_lock_give(&lm_arena_lock);
    if (advised) /* what nobody wrote in a huge page looks the same as what somebody did */
        return;
    uint32_t step = (n + PLACES - 1) / PLACES;
    for (uint32_t i = 0; i < n; i += step)
        look_at_chunk(evidence_for(bytes),
                      (const char *)arena->lookup->base + ((size_t)(first + i) << LM_CHUNK_SHIFT));
}

/* ---- Advice --------------------------------------------------------------------------------- */

static char *chunk_address(const lm_arena *arena, uint32_t chunk) {
    return (char *)arena->lookup->base + ((size_t)chunk << LM_CHUNK_SHIFT);
}

/* What the system was told, for the budget of mappings. Locked. */
static void note_advice_locked(lm_arena *arena, uint32_t first, uint32_t n, unsigned advice) {
    size_t before = arena->chunks.advised;
    lm_chunks_advise(&arena->chunks, first, n, advice);
    lm_guard_count((ptrdiff_t)(arena->chunks.advised - before));
}

static void note_advice(lm_arena *arena, uint32_t first, uint32_t n, unsigned advice) {
    lm_lock_take(&lm_arena_lock);
    note_advice_locked(arena, first, n, advice);
    lm_lock_give(&lm_arena_lock);
}

void lm_dense_advise(lm_arena *arena, char *block, size_t bytes, bool clean) {
    uint32_t first, n = chunks_in(arena, block, bytes, &first);
    if (n == 0 || !lm_guard_afford())
        return;
    note_advice(arena, first, n, LM_ADVICE_HUGE);
    lm_guard_give(); /* it was counted just now */
    char *at = chunk_address(arena, first);
    size_t size = (size_t)n << LM_CHUNK_SHIFT;
    if (clean) /* where there were small pages before, the system goes on with small ones */
        lm_os_renew(at, size);
    lm_os_huge_pages(at, size, 1);
}

/* ---- Slabs ---------------------------------------------------------------------------------- */

size_t lm_dense_units;

/* Nothing but the run lies in its chunk, and nothing did since the system had the memory. */
static bool is_alone(const lm_chunk *chunk, lm_run run) {
    return run.dirty == 0 && chunk->dirty == 0 && chunk->advice != LM_ADVICE_HUGE &&
           lm_units_count(chunk->free) + run.count == LM_CHUNK_UNITS;
}

/* Each thread may have a slab of every class of which it uses little. Slabs that others have emptied count as
 * dense as long as their owners sleep, but aren't in use. */
static bool is_due(void) {
    size_t least = LM_HUGE_LEAST_CHUNKS * LM_CHUNK_UNITS * lm_orphans_count_threads();
    return lm_min(lm_dense_units, lm_keep_busy_units()) >= least;
}

bool lm_dense_open(lm_arena *arena, lm_run run) {
    uint32_t index = run.first / LM_CHUNK_UNITS;
    const lm_chunk *chunk = &arena->chunks.table[index];
    if (!is_alone(chunk, run) || !is_possible(LM_CHUNK) || !is_due() || !lm_guard_afford())
        return false;
    if (chunk->used) /* where there were small pages, the system goes on with small ones */
        lm_os_renew(chunk_address(arena, index), LM_CHUNK);
    lm_os_huge_pages(chunk_address(arena, index), LM_CHUNK, 1);
    note_advice_locked(arena, index, 1, LM_ADVICE_HUGE);
    lm_guard_give(); /* it was counted just now */
    return true;
}

void lm_dense_close(lm_arena *arena, uint32_t unit) {
    uint32_t chunk = unit / LM_CHUNK_UNITS;
    if (arena->chunks.table[chunk].advice != LM_ADVICE_HUGE)
        return;
    lm_os_huge_pages(chunk_address(arena, chunk), LM_CHUNK, -1);
    note_advice_locked(arena, chunk, 1, LM_ADVICE_SMALL);
}

/* ---- Memory that goes back ------------------------------------------------------------------- */

/* Units of a chunk of which others may hold the rest. */
static bool purge_part(lm_arena *arena, uint32_t first, uint32_t units) {
    lm_lock_take(&lm_arena_lock);
    lm_dense_close(arena, first);
    lm_lock_give(&lm_arena_lock);
    return lm_os_purge((char *)arena->lookup->base + ((size_t)first << LM_UNIT_SHIFT),
                       (size_t)units << LM_UNIT_SHIFT);
}

/* Whole chunks: fresh ones take their place, of which the system was told nothing. */
static bool renew(lm_arena *arena, uint32_t chunk, uint32_t n) {
    if (!lm_os_renew(chunk_address(arena, chunk), (size_t)n << LM_CHUNK_SHIFT))
        return lm_os_purge(chunk_address(arena, chunk), (size_t)n << LM_CHUNK_SHIFT);
    note_advice(arena, chunk, n, LM_ADVICE_NONE);
    return true;
}

bool lm_dense_purge(lm_arena *arena, uint32_t first, uint32_t units) {
    uint32_t end = first + units, last = (end - 1) / LM_CHUNK_UNITS;
    uint32_t whole = (first + LM_CHUNK_UNITS - 1) / LM_CHUNK_UNITS;
    uint32_t whole_end = end / LM_CHUNK_UNITS;
    lm_lock_take(&lm_arena_lock);
    bool advised = lm_chunks_advised(&arena->chunks, first / LM_CHUNK_UNITS,
                                     last + 1 - first / LM_CHUNK_UNITS);
    lm_lock_give(&lm_arena_lock);
    if (!advised)
        return lm_os_purge((char *)arena->lookup->base + ((size_t)first << LM_UNIT_SHIFT),
                           (size_t)units << LM_UNIT_SHIFT);
    if (whole > whole_end) /* within one chunk */
        return purge_part(arena, first, units);
    bool done = true;
    if (first < whole * LM_CHUNK_UNITS)
        done &= purge_part(arena, first, whole * LM_CHUNK_UNITS - first);
    if (whole < whole_end)
        done &= renew(arena, whole, whole_end - whole);
    if (whole_end * LM_CHUNK_UNITS < end)
        done &= purge_part(arena, whole_end * LM_CHUNK_UNITS, end - whole_end * LM_CHUNK_UNITS);
    return done;
}
