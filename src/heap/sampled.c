#include "heap/sampled.h"

#include "base/random.h"
#include "heap/arena.h"
#include "heap/guard.h"
#include "heap/limits.h"
#include "heap/thread.h"
#include "os/os.h"

#include <string.h>

lm_lock lm_sampled_lock = LM_LOCK(LM_RANK_SAMPLED);
_Atomic uint64_t lm_sampled_count, lm_sampled_missed;

static _Atomic(lm_samples *) table;

/* Places without a block, the one that was freed longest ago first: a ring. Under lm_sampled_lock. */
static uint16_t ring[LM_SAMPLED_PLACES];
static size_t ring_first, ring_count;
static bool failed; /* there is no memory for them */

/* ---- When ----------------------------------------------------------------------------------- */

/* Nearly without memory, as chance is: the number of leading zeros, and a fraction, stand for a
 * logarithm. So the first allocations of a thread are as likely as all others, and no pattern in the
 * program is in step with it. One and a half is the mean of the sum. */
uint64_t lm_sampled_draw(uint64_t *random) {
    enum { FRACTION = 16 };
    uint64_t chance = lm_random_next(random);
    uint64_t fraction = chance & lm_low_bits(FRACTION), rest = chance >> FRACTION | 1;
    uint64_t zeros = 63u - FRACTION - lm_highest_bit(rest);
    return 1 + ((zeros << FRACTION | fraction) * lm_once.sampled.mean * 2 / 3 >> FRACTION);
}

/* ---- The places ------------------------------------------------------------------------------- */

const lm_samples *lm_sampled_table(void) {
    return atomic_load_explicit(&table, memory_order_acquire);
}

/* Each place that is accessible costs mappings where guards do. */
static uint32_t count_places(void) {
    return lm_guard_is_cheap() ? LM_SAMPLED_PLACES : LM_SAMPLED_PLACES_DEAR;
}

/* The units of all places, with a record that leads to them; and a page more where units are smaller
 * than pages. NULL: no memory. */
static char *take_units(size_t bytes) {
    size_t spare = lm_os.page > LM_UNIT ? lm_os.page : 0;
    uint32_t units = (uint32_t)((bytes + spare + LM_UNIT - 1) >> LM_UNIT_SHIFT);
    lm_lock_take(&lm_arena_lock);
    lm_grant grant = lm_arena_take(units, lm_slab_record_size(1), false);
    lm_span *record = grant.record;
    if (record) {
        uintptr_t base = grant.arena->lookup->base;
        size_t first = (size_t)grant.run.first << LM_UNIT_SHIFT;
        record->start = lm_align_up(base + first, lm_os.page) - base;
        record->first = grant.run.first;
        record->units = grant.run.count;
        record->bytes = bytes;
        record->kind = LM_KIND_SAMPLED;
        record->arena = (uint8_t)(grant.arena - lm_arenas);
        lm_arena_map(grant.arena, grant.run.first, grant.run.count, record);
    }
    lm_lock_give(&lm_arena_lock);
    return record ? (char *)grant.arena->lookup->base + record->start : NULL;
}

static lm_samples *reserve_table(size_t size) {
    /* Not asked of the system: no other calls than for memory are made after start. */
    uint64_t state = ~lm_once.seed;
    uintptr_t hint = (uintptr_t)lm_random_next(&state);
    hint = lm_align_down(hint & (lm_bit(LM_SAMPLED_TABLE_BITS) - 1), lm_os.page);
    char *range = lm_os_reserve(size + 2 * lm_os.page, hint);
    if (!range)
        return NULL;
    if (lm_os_commit(range + lm_os.page, size))
        return (lm_samples *)(void *)(range + lm_os.page);
    lm_os_release(range, size + 2 * lm_os.page);
    return NULL;
}

static size_t table_size(uint32_t count) {
    return lm_align_up(sizeof(lm_samples) + count * sizeof(lm_sample), lm_os.page);
}

/* Locked. */
static void make_places(void) {
    uint32_t count = count_places();
    size_t bytes = (2 * (size_t)count + 1) * lm_os.page;
    lm_samples *made = reserve_table(table_size(count));
    char *first = made ? take_units(bytes) : NULL;
    /* Others may have used it; to guard it by advice clears it. */
    if (first && !lm_guard_is_cheap() && !lm_os_purge(first, bytes))
        memset(first, 0, bytes);
    if (!first || !lm_guard_install(first, bytes)) {
        failed = true; /* what was taken stays unused: it happens once */
        return;
    }
    made->version = LM_SAMPLES_VERSION;
    made->count = count;
    made->self = (uintptr_t)made;
    made->first = (uintptr_t)first;
    made->end = made->first + bytes;
    made->page = lm_os.page;
    made->sample_size = sizeof(lm_sample);
    for (uint32_t i = 0; i < count; i++)
        ring[i] = (uint16_t)i;
    ring_first = 0;
    ring_count = count;
    memcpy(made->magic, LM_SAMPLES_MAGIC, sizeof LM_SAMPLES_MAGIC);
    atomic_store_explicit(&table, made, memory_order_release);
}

/* The place that was freed longest ago, for a new block. When most places are held, only some
 * samples get one, so that the last ones last, and what was freed rests on. */
static lm_sample *claim(uint64_t chance) {
    enum { FEW = 4, SOME = 8 };
    lm_sample *sample = NULL;
    lm_lock_take(&lm_sampled_lock);
    lm_samples *all = atomic_load_explicit(&table, memory_order_relaxed);
    if (!all && !failed) {
        make_places();
        all = atomic_load_explicit(&table, memory_order_relaxed);
    }
    if (all && ring_count > 0 && (ring_count > all->count / FEW || chance % SOME == 0)) {
        size_t i = ring[ring_first];
        sample = &all->samples[i];
        sample->page =
            all->first + (2 * i + 1) * lm_os.page; /* the first time: few programs need all */
        ring_first = (ring_first + 1) % all->count;
        ring_count--;
        atomic_store_explicit(&sample->state, LM_SAMPLE_BUSY, memory_order_relaxed);
    }
    lm_lock_give(&lm_sampled_lock);
    return sample;
}

static void put_back(lm_sample *sample) {
    lm_lock_take(&lm_sampled_lock);
    lm_samples *all = atomic_load_explicit(&table, memory_order_relaxed);
    ring[(ring_first + ring_count++) % all->count] = (uint16_t)(sample - all->samples);
    lm_lock_give(&lm_sampled_lock);
}

/* A page between its guards becomes accessible, or ceases to be. */
static bool open_page(lm_sample *sample) {
    bool cheap = lm_guard_is_cheap();
    if (!cheap && !lm_guard_afford())
        return false;
    if (lm_os_unguard((void *)sample->page, lm_os.page, cheap))
        return true;
    if (!cheap)
        lm_guard_give();
    return false;
}

/* Memory that the program has locked (mlockall) can't be taken away: it is cleared, and stays. */
static void close_page(lm_sample *sample) {
    bool cheap = lm_guard_is_cheap();
    void *page = (void *)sample->page;
    if (cheap && lm_os_guard(page, lm_os.page, true))
        return;
    if (cheap || !lm_os_purge(page, lm_os.page))
        memset(page, 0, lm_os.page);
    if (!cheap && lm_os_guard(page, lm_os.page, false))
        lm_guard_give();
}

lm_sample *lm_sampled_at(uintptr_t address) {
    lm_samples *all = atomic_load_explicit(&table, memory_order_acquire);
    if (!all || address - all->first >= all->end - all->first)
        return NULL;
    size_t n = (address - all->first) / all->page;
    return n % 2 ? &all->samples[n / 2] : NULL;
}

void lm_sampled_reset(void) {
    lm_samples *all = atomic_exchange(&table, NULL);
    if (all)
        lm_os_release((char *)all - lm_os.page, table_size(all->count) + 2 * lm_os.page);
    failed = false;
}

/* ---- What stands around a block --------------------------------------------------------------- */

enum { MARK = 0xa5, MARKED = 16 /* bytes on either side, as far as the page goes */ };

typedef struct edges {
    char *block;
    size_t size, before, behind;
} edges;

static edges edges_of(const lm_sample *sample) {
    uintptr_t end = sample->block + sample->size;
    return (edges){(char *)sample->block, (size_t)sample->size,
                   lm_min(sample->block - sample->page, MARKED),
                   lm_min(sample->page + lm_os.page - end, MARKED)};
}

static void put_marks(const lm_sample *sample) {
    edges e = edges_of(sample);
    memset(e.block - e.before, MARK, e.before);
    memset(e.block + e.size, MARK, e.behind);
}

static void compare(lm_finding *finding, const char *block, ptrdiff_t from, size_t count) {
    for (ptrdiff_t at = from; at < from + (ptrdiff_t)count; at++) {
        if ((unsigned char)block[at] == MARK)
            continue;
        if (!finding->damaged)
            finding->first = at;
        finding->last = at;
        finding->damaged = true;
    }
}

bool lm_sampled_check(const lm_sample *sample, lm_finding *finding, const char *when) {
    edges e = edges_of(sample);
    *finding = (lm_finding){.kind = LM_HEAP_UNDERFLOW,
                            .call = when,
                            .block = e.block,
                            .block_size = e.size,
                            .sampled = true};
    compare(finding, e.block, -(ptrdiff_t)e.before, e.before);
    if (finding->damaged)
        return false;
    finding->kind = LM_HEAP_OVERFLOW;
    compare(finding, e.block, (ptrdiff_t)e.size, e.behind);
    return !finding->damaged;
}

size_t lm_sampled_judge(lm_sample *sample, const lm_way *way, size_t size, size_t alignment) {
    lm_finding finding;
    lm_sample_story story;
    lm_asked asked = {(size_t)sample->size, 0, (lm_family)sample->family};
    bool whole = lm_sampled_check(sample, &finding, way->call);
    lm_sample_tell(sample, &finding, &story);
    finding.pointer = finding.block;
    if (!whole)
        lm_finding_report(&finding);
    finding.damaged = false;
    lm_protect_compare(&finding, way, size, alignment, &asked);
    if (finding.kind != LM_KINDS_COUNT)
        lm_finding_report(&finding);
    return asked.size;
}

/* ---- Making and freeing ----------------------------------------------------------------------- */

static void note_call(lm_sample_call *call) {
    size_t (*capture)(uintptr_t *, size_t) = lm_once.sampled.capture;
    call->thread = lm_self->thread;
    call->count = capture ? capture(call->frames, LM_SAMPLE_FRAMES) : 0;
}

static void *miss(void) {
    atomic_fetch_add_explicit(&lm_sampled_missed, 1, memory_order_relaxed);
    return NULL;
}

LM_NOINLINE void *lm_sampled_new(size_t size, uint64_t kind, uint64_t chance) {
    enum { SIDE = 1 << 8 }; /* a bit of `chance` that nothing else depends on */
    if (size == 0 || size + LM_GRAIN > lm_os.page || (kind >> LM_ALIGN_SHIFT & 0xf) != 0)
        return NULL;
    lm_sample *sample = claim(chance);
    if (!sample)
        return miss();
    if (!open_page(sample)) {
        atomic_store_explicit(&sample->state, LM_SAMPLE_EMPTY, memory_order_relaxed);
        put_back(sample);
        return miss();
    }
    size_t room = lm_align_up(size, LM_GRAIN);
    sample->block = sample->page + (chance & SIDE ? lm_os.page - room : 0);
    sample->size = size;
    sample->family = (uint32_t)(kind >> LM_FAMILY_SHIFT);
    sample->freed = (lm_sample_call){0};
    note_call(&sample->allocated);
    put_marks(sample);
    atomic_store_explicit(&sample->state, LM_SAMPLE_LIVE, memory_order_release);
    atomic_fetch_add_explicit(&lm_sampled_count, 1, memory_order_relaxed);
    return (void *)sample->block;
}

bool lm_sampled_claim(lm_sample *sample) {
    uint32_t expected = LM_SAMPLE_LIVE;
    return atomic_compare_exchange_strong(&sample->state, &expected, LM_SAMPLE_BUSY);
}

void lm_sampled_unclaim(lm_sample *sample) {
    atomic_store_explicit(&sample->state, LM_SAMPLE_LIVE, memory_order_release);
}

void lm_sampled_free_claimed(lm_sample *sample) {
    note_call(&sample->freed);
    atomic_store_explicit(&sample->state, LM_SAMPLE_RESTING, memory_order_release);
    close_page(sample);
    put_back(sample);
}

bool lm_sampled_free(lm_sample *sample, const lm_way *way, size_t size, size_t alignment) {
    if (!lm_sampled_claim(sample))
        return false;
    lm_sampled_judge(sample, way, size, alignment);
    lm_sampled_free_claimed(sample);
    return true;
}
