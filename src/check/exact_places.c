#include "check/exact_places.h"

#include "base/bits.h"
#include "check/amounts.h"
#include "check/raw.h"
#include "check/watched.h"
#include "check/watcher.h"
#include "os/os.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

enum {
    STEP = 32,       /* places that are made at once */
    READS_MOST = 64, /* attempts at a record that somebody is writing */
};

lm_exact_zone lm_exact_zones[LM_EXACT_ZONES] = {{.pages = 1, .wished = 1 << 18},
                                                {.pages = 4, .wished = 1 << 16},
                                                {.pages = 16, .wished = 1 << 13},
                                                {.pages = 64, .wished = 1 << 11},
                                                {.pages = 256, .wished = 1 << 9}};
lm_exact_span lm_exact_range;
lm_lock lm_exact_lock = LM_LOCK(LM_RANK_CHECK_EXACT);
static size_t live_bytes, live_places;

/* ---- Pages ---------------------------------------------------------------------------------- */

static bool advise(uintptr_t at, size_t size, int advice) {
    return lm_raw_call(SYS_madvise, (long)at, (long)size, advice, 0, 0, 0) == 0;
}

static bool protect(uintptr_t at, size_t size, int protection) {
    return lm_raw_call(SYS_mprotect, (long)at, (long)size, protection, 0, 0, 0) == 0;
}

bool lm_exact_open(uintptr_t at, size_t size) {
    return lm_os.guards_by_advice ? advise(at, size, MADV_GUARD_REMOVE)
                                  : protect(at, size, PROT_READ | PROT_WRITE);
}

/* Their memory goes back as well. */
bool lm_exact_close(uintptr_t at, size_t size) {
    if (lm_os.guards_by_advice)
        return advise(at, size, MADV_GUARD_INSTALL);
    return protect(at, size, PROT_NONE) && advise(at, size, MADV_DONTNEED);
}

/* ---- Zones ---------------------------------------------------------------------------------- */

uintptr_t lm_exact_pages_of(const lm_exact_zone *z, size_t number) {
    return z->start + number * z->stride + lm_os.page;
}

lm_exact_zone *lm_exact_zone_of(uintptr_t at) {
    if (LM_LIKELY(at - lm_exact_range.low >= lm_exact_range.size))
        return NULL;
    for (int i = 0; i < LM_EXACT_ZONES; i++)
        if (at - lm_exact_zones[i].start < lm_exact_zones[i].end - lm_exact_zones[i].start)
            return &lm_exact_zones[i];
    return NULL;
}

static lm_exact_zone *zone_for(size_t bytes) {
    for (int i = 0; i < LM_EXACT_ZONES; i++)
        if (bytes <= lm_exact_zones[i].pages * lm_os.page && lm_exact_zones[i].capacity > 0)
            return &lm_exact_zones[i];
    return NULL;
}

static void widen_range(const lm_exact_zone *z) {
    const uintptr_t end = lm_exact_range.low + lm_exact_range.size;
    const bool first = lm_exact_range.size == 0;
    lm_exact_range.low = first ? z->start : lm_min(lm_exact_range.low, z->start);
    lm_exact_range.size = (first ? z->end : lm_max(end, z->end)) - lm_exact_range.low;
}

/* As much as can be had; one guard more than places, behind the last. */
static void reserve(lm_exact_zone *z) {
    enum { LEAST = 16 };
    const size_t limit = lm_os.address_limit / 64; /* it is the program's address space */
    z->stride = (z->pages + 1) * lm_os.page;
    for (size_t count = z->wished; count >= LEAST; count /= 2) {
        const size_t size = lm_align_up(count * z->stride + lm_os.page, lm_os.page);
        const size_t records = lm_align_up(count * sizeof(lm_exact_place), lm_os.page);
        void *at = size < limit ? lm_os_reserve(size, 0) : NULL;
        z->places = at ? lm_os_reserve(records, 0) : NULL;
        if (z->places) {
            z->start = (uintptr_t)at;
            z->end = z->start + size;
            z->capacity = count;
            lm_watched_add(z->start, size);
            widen_range(z);
            return;
        }
        if (at)
            lm_os_release(at, size);
    }
}

/* The next places exist: with cheap guards all their pages become accessible, and all are guards. */
static bool make_places(lm_exact_zone *z) {
    const size_t made = atomic_load_explicit(&z->made, memory_order_relaxed);
    const size_t count = z->capacity - made < STEP ? z->capacity - made : STEP;
    if (count == 0)
        return false;
    const uintptr_t from = (uintptr_t)(z->places + made) & ~(lm_os.page - 1);
    const uintptr_t to = lm_align_up((uintptr_t)(z->places + made + count), lm_os.page);
    if (!protect(from, to - from, PROT_READ | PROT_WRITE))
        return false;
    if (lm_os.guards_by_advice) {
        const uintptr_t at = z->start + made * z->stride;
        const size_t size = count * z->stride + lm_os.page;
        const size_t skip = made ? lm_os.page : 0; /* the last step's guard behind */
        if (!protect(at + skip, size - skip, PROT_READ | PROT_WRITE))
            return false;
        if (!advise(at, size, MADV_GUARD_INSTALL))
            return false;
    }
    atomic_store_explicit(&z->made, made + count, memory_order_release);
    return true;
}

/* ---- Records -------------------------------------------------------------------------------- */

typedef uint64_t __attribute__((may_alias)) word;
_Static_assert(sizeof(lm_block) % sizeof(word) == 0, "a record is copied by words");

void lm_exact_write(lm_exact_place *p, lm_exact_state now, const lm_block *block) {
    const uint32_t version = atomic_load_explicit(&p->version, memory_order_relaxed);
    atomic_store_explicit(&p->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    __atomic_store_n(&p->state, now, __ATOMIC_RELAXED);
    for (size_t i = 0; i < sizeof *block / sizeof(word); i++)
        __atomic_store_n((word *)&p->block + i, ((const word *)block)[i], __ATOMIC_RELAXED);
    atomic_store_explicit(&p->version, version + 2, memory_order_release);
}

lm_exact_state lm_exact_read(const lm_exact_place *p, lm_block *block) {
    for (int i = 0; i < READS_MOST; i++) {
        const uint32_t version = atomic_load_explicit(&p->version, memory_order_acquire);
        const lm_exact_state now = __atomic_load_n(&p->state, __ATOMIC_RELAXED);
        for (size_t w = 0; w < sizeof *block / sizeof(word); w++)
            ((word *)block)[w] = __atomic_load_n((const word *)&p->block + w, __ATOMIC_RELAXED);
        atomic_thread_fence(memory_order_acquire);
        if (!(version & 1) && atomic_load_explicit(&p->version, memory_order_relaxed) == version)
            return now;
        lm_pause();
    }
    return LM_EXACT_UNUSED;
}

size_t lm_exact_number_of(const lm_exact_zone *z, uintptr_t at) {
    return (at - z->start) / z->stride;
}

lm_exact_state lm_exact_record(const lm_exact_zone *z, size_t number, lm_block *block) {
    return number < atomic_load_explicit(&z->made, memory_order_acquire)
               ? lm_exact_read(&z->places[number], block)
               : LM_EXACT_UNUSED;
}

/* ---- Use ------------------------------------------------------------------------------------ */

/* The number of a place to use, plus 1: one never used, else the one that rests longest. */
static uint32_t take(lm_exact_zone *z) {
    if (z->used < atomic_load_explicit(&z->made, memory_order_relaxed) || make_places(z))
        return (uint32_t)++z->used;
    const uint32_t number = z->oldest;
    if (number) {
        z->oldest = z->places[number - 1].next;
        if (!z->oldest)
            z->newest = LM_EXACT_NONE;
    }
    return number;
}

static void rest(lm_exact_zone *z, uint32_t number) {
    z->places[number - 1].next = LM_EXACT_NONE;
    if (z->newest)
        z->places[z->newest - 1].next = number;
    else
        z->oldest = number;
    z->newest = number;
}

/* How much live places may have. A page for each small block is much: beyond the first few thousand blocks they
 * are a share of what the program has. */
static size_t most_live(void) {
    const int64_t all = lm_watcher_live_bytes();
    const size_t share = all > 0 ? (size_t)all / LM_EXACT_SHARE : 0;
    if (atomic_load_explicit(&lm_exact_count.made, memory_order_relaxed) < LM_EXACT_FREE)
        return lm_exact_setting.bytes;
    return lm_min(lm_exact_setting.bytes, lm_max(share, LM_EXACT_LEAST));
}

bool lm_exact_take(size_t bytes, lm_exact_zone **z, uint32_t *number) {
    *z = zone_for(bytes);
    if (!*z)
        return false;
    const size_t size = (*z)->pages * lm_os.page;
    lm_lock_take(&lm_exact_lock);
    const bool all = lm_exact_setting.mode == LM_EXACT_MODE_ALL;
    const bool room = (all || live_bytes + size <= most_live()) &&
                      (lm_os.guards_by_advice || live_places < lm_exact_setting.mappings / 2);
    *number = room ? take(*z) : LM_EXACT_NONE;
    if (*number) {
        live_bytes += size;
        live_places++;
    }
    lm_lock_give(&lm_exact_lock);
    return *number != LM_EXACT_NONE;
}

void lm_exact_give(lm_exact_zone *z, uint32_t number) {
    lm_lock_take(&lm_exact_lock);
    live_bytes -= z->pages * lm_os.page;
    live_places--;
    rest(z, number);
    lm_lock_give(&lm_exact_lock);
}

bool lm_exact_reserve(void) {
    for (int i = 0; i < LM_EXACT_ZONES; i++)
        reserve(&lm_exact_zones[i]);
    return lm_exact_zones[0].capacity > 0 && make_places(&lm_exact_zones[0]);
}
