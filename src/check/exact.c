#include "check/exact.h"

#include "base/bits.h"
#include "base/lock.h"
#include "check/raw.h"
#include "check/shadow.h"
#include "check/tale.h"
#include "check/watched.h"
#include "check/zone.h"
#include "os/os.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

enum {
    ZONES = 5,
    STEP = 32, /* places that are made at once */
    MARK = 64, /* bytes of pattern beside a block, but for the slack, which is all pattern */
    USUAL_ALIGNMENT = 16,
    SHARE = 3, /* percent */
    MAPPINGS = 4096,
    READS_MOST = 64, /* attempts at a record that somebody is writing */
    STACKS = 1 << 14,
    PLACEMENTS = 3,
    LONGEST = 500000, /* ns: what took longer did so because others ran meanwhile */
    NEAR = 256,       /* bytes beside a live block */
    NONE = 0,         /* no place: places are numbered from 1 in lists */
};

typedef enum state { UNUSED, LIVE, FREED } state;

/* One for each place, apart from it. `version` is odd while the record is written. */
typedef struct place {
    _Atomic uint32_t version;
    uint32_t next; /* resting: the one that was freed after it */
    uint32_t state;
    _Atomic uint32_t told; /* that what is beside the block was overwritten */
    lm_block block;
} place;

typedef struct zone {
    size_t pages;  /* of a place, without its guard */
    size_t wished; /* count of places */
    size_t stride; /* bytes from a place's guard to the next one's */
    uintptr_t start, end;
    place *places;
    size_t capacity;
    _Atomic size_t made; /* places whose pages and records exist */
    size_t used;         /* places that were ever used */
    uint32_t oldest, newest;
} zone;

static zone zones[ZONES] = {{.pages = 1, .wished = 1 << 18},
                            {.pages = 4, .wished = 1 << 16},
                            {.pages = 16, .wished = 1 << 13},
                            {.pages = 64, .wished = 1 << 11},
                            {.pages = 256, .wished = 1 << 9}};

lm_exact_settings lm_exact_setting = {LM_EXACT_MODE_AUTO, SHARE, (size_t)64 << 20, MAPPINGS};
lm_exact_counts lm_exact_count;
lm_exact_span lm_exact_range;

static lm_lock exact_lock = LM_LOCK(LM_RANK_CHECK_EXACT);
static size_t live_bytes, live_places;

/* ---- Pages ---------------------------------------------------------------------------------- */

static bool advise(uintptr_t at, size_t size, int advice) {
    return lm_raw_call(SYS_madvise, (long)at, (long)size, advice, 0, 0, 0) == 0;
}

static bool protect(uintptr_t at, size_t size, int protection) {
    return lm_raw_call(SYS_mprotect, (long)at, (long)size, protection, 0, 0, 0) == 0;
}

static bool open_pages(uintptr_t at, size_t size) {
    return lm_os.guards_by_advice ? advise(at, size, MADV_GUARD_REMOVE)
                                  : protect(at, size, PROT_READ | PROT_WRITE);
}

/* Their memory goes back as well. */
static bool close_pages(uintptr_t at, size_t size) {
    if (lm_os.guards_by_advice)
        return advise(at, size, MADV_GUARD_INSTALL);
    return protect(at, size, PROT_NONE) && advise(at, size, MADV_DONTNEED);
}

static size_t round_up(size_t n, size_t to) {
    return (n + to - 1) & ~(to - 1);
}

/* ---- Zones ---------------------------------------------------------------------------------- */

static uintptr_t pages_of(const zone *z, size_t number) {
    return z->start + number * z->stride + lm_os.page;
}

static zone *zone_of(uintptr_t at) {
    if (LM_LIKELY(at - lm_exact_range.low >= lm_exact_range.size))
        return NULL;
    for (int i = 0; i < ZONES; i++)
        if (at - zones[i].start < zones[i].end - zones[i].start)
            return &zones[i];
    return NULL;
}

static zone *zone_for(size_t bytes) {
    for (int i = 0; i < ZONES; i++)
        if (bytes <= zones[i].pages * lm_os.page && zones[i].capacity > 0)
            return &zones[i];
    return NULL;
}

static void widen_range(const zone *z) {
    const uintptr_t end = lm_exact_range.low + lm_exact_range.size;
    const bool first = lm_exact_range.size == 0;
    lm_exact_range.low = first ? z->start : lm_min(lm_exact_range.low, z->start);
    lm_exact_range.size = (first ? z->end : lm_max(end, z->end)) - lm_exact_range.low;
}

/* As much as can be had; one guard more than places, behind the last. */
static void reserve(zone *z) {
    enum { LEAST = 16 };
    const size_t limit = lm_os.address_limit / 64; /* it is the program's address space */
    z->stride = (z->pages + 1) * lm_os.page;
    for (size_t count = z->wished; count >= LEAST; count /= 2) {
        const size_t size = round_up(count * z->stride + lm_os.page, lm_os.page);
        const size_t records = round_up(count * sizeof(place), lm_os.page);
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
static bool make_places(zone *z) {
    const size_t made = atomic_load_explicit(&z->made, memory_order_relaxed);
    const size_t count = z->capacity - made < STEP ? z->capacity - made : STEP;
    if (count == 0)
        return false;
    const uintptr_t from = (uintptr_t)(z->places + made) & ~(lm_os.page - 1);
    const uintptr_t to = round_up((uintptr_t)(z->places + made + count), lm_os.page);
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

/* The number of a place to use, plus 1: one never used, else the one that rests longest. */
static uint32_t take(zone *z) {
    if (z->used < atomic_load_explicit(&z->made, memory_order_relaxed) || make_places(z))
        return (uint32_t)++z->used;
    const uint32_t number = z->oldest;
    if (number) {
        z->oldest = z->places[number - 1].next;
        if (!z->oldest)
            z->newest = NONE;
    }
    return number;
}

static void rest(zone *z, uint32_t number) {
    z->places[number - 1].next = NONE;
    if (z->newest)
        z->places[z->newest - 1].next = number;
    else
        z->oldest = number;
    z->newest = number;
}

/* ---- Records -------------------------------------------------------------------------------- */

typedef uint64_t __attribute__((may_alias)) word;
_Static_assert(sizeof(lm_block) % sizeof(word) == 0, "a record is copied by words");

static void write_record(place *p, state now, const lm_block *block) {
    const uint32_t version = atomic_load_explicit(&p->version, memory_order_relaxed);
    atomic_store_explicit(&p->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    __atomic_store_n(&p->state, now, __ATOMIC_RELAXED);
    for (size_t i = 0; i < sizeof *block / sizeof(word); i++)
        __atomic_store_n((word *)&p->block + i, ((const word *)block)[i], __ATOMIC_RELAXED);
    atomic_store_explicit(&p->version, version + 2, memory_order_release);
}

static state read_record(const place *p, lm_block *block) {
    for (int i = 0; i < READS_MOST; i++) {
        const uint32_t version = atomic_load_explicit(&p->version, memory_order_acquire);
        const state now = __atomic_load_n(&p->state, __ATOMIC_RELAXED);
        for (size_t w = 0; w < sizeof *block / sizeof(word); w++)
            ((word *)block)[w] = __atomic_load_n((const word *)&p->block + w, __ATOMIC_RELAXED);
        atomic_thread_fence(memory_order_acquire);
        if (!(version & 1) && atomic_load_explicit(&p->version, memory_order_relaxed) == version)
            return now;
        lm_pause();
    }
    return UNUSED;
}

/* The number of the place whose guard before it, or pages, the address lies in. */
static size_t number_of(const zone *z, uintptr_t at) {
    return (at - z->start) / z->stride;
}

static state look(const zone *z, size_t number, lm_block *block) {
    return number < atomic_load_explicit(&z->made, memory_order_acquire)
               ? read_record(&z->places[number], block)
               : UNUSED;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* A block under 16 bytes can't hold what wants more than the largest power of two that fits in. */
static size_t alignment_for(size_t size, size_t alignment) {
    if (alignment > USUAL_ALIGNMENT)
        return alignment;
    size_t own = USUAL_ALIGNMENT;
    while (own > size && own > alignment && own > 1)
        own /= 2;
    return size == 0 ? USUAL_ALIGNMENT : own;
}

static void mark(const lm_block *block, uintptr_t pages, size_t bytes) {
    const uintptr_t end = block->start + block->size;
    const size_t before = block->start - pages, behind = pages + bytes - end;
    const size_t low = before < MARK ? before : MARK, high = behind < MARK ? behind : MARK;
    memset((void *)(block->start - low), LM_FILL_ZONE, low);
    memset((void *)end, LM_FILL_ZONE, high);
}

static void tell_overwritten(const lm_block *block, ptrdiff_t first, ptrdiff_t last) {
    lm_tale_tell(&(lm_tale){
        .code = first < 0 ? LM_CODE_HEAP_UNDERFLOW : LM_CODE_HEAP_OVERFLOW,
        .certainty = LM_CERTAIN_LATER,
        .access = "write",
        .bytes = (size_t)(last - first + 1),
        .pointer = block->start + (uintptr_t)first,
        .block = block,
        .has_range = true,
        .first = first,
        .last = last,
        .since = block->allocated_time,
    });
}

static void check_range(const lm_block *block, ptrdiff_t from, ptrdiff_t to) {
    const unsigned char *bytes = (const unsigned char *)block->start;
    ptrdiff_t first = 0, last = -1;
    for (ptrdiff_t i = from; i < to; i++)
        if (bytes[i] != LM_FILL_ZONE) {
            first = last < first ? i : first;
            last = i;
        }
    if (last >= first)
        tell_overwritten(block, first, last);
}

static void check_marks(const lm_block *block, uintptr_t pages, size_t bytes) {
    const uintptr_t end = block->start + block->size;
    const size_t before = block->start - pages, behind = pages + bytes - end;
    check_range(block, before < MARK ? -(ptrdiff_t)before : -MARK, 0);
    check_range(block, (ptrdiff_t)block->size,
                (ptrdiff_t)(block->size + (behind < MARK ? behind : MARK)));
}

/* A place for `bytes`, within the budget. */
static bool get_place(size_t bytes, zone **z, uint32_t *number) {
    *z = zone_for(bytes);
    if (!*z)
        return false;
    const size_t size = (*z)->pages * lm_os.page;
    lm_lock_take(&exact_lock);
    const bool all = lm_exact_setting.mode == LM_EXACT_MODE_ALL;
    const bool room = (all || live_bytes + size <= lm_exact_setting.bytes) &&
                      (lm_os.guards_by_advice || live_places < lm_exact_setting.mappings / 2);
    *number = room ? take(*z) : NONE;
    if (*number) {
        live_bytes += size;
        live_places++;
    }
    lm_lock_give(&exact_lock);
    return *number != NONE;
}

static void put_place(zone *z, uint32_t number) {
    lm_lock_take(&exact_lock);
    live_bytes -= z->pages * lm_os.page;
    live_places--;
    rest(z, number);
    lm_lock_give(&exact_lock);
}

static uint64_t now_ns(void) {
    struct timespec t = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &t); /* no system call, nearly everywhere */
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Two of each call stack at the end, one at the start: overflows are the more frequent mistake. */
static bool is_turn_of_start(uint32_t stack) {
    static _Atomic unsigned char made[STACKS];
    _Atomic unsigned char *count = &made[stack * 0x9e3779b1u >> 18];
    return atomic_fetch_add_explicit(count, 1, memory_order_relaxed) % PLACEMENTS == PLACEMENTS - 1;
}

static void *make(size_t size, size_t alignment, const lm_block *story) {
    zone *z;
    uint32_t number;
    const size_t own = alignment_for(size, alignment);
    if (own > lm_os.page || size > zones[ZONES - 1].pages * lm_os.page ||
        !get_place(round_up(size, own), &z, &number)) {
        atomic_fetch_add_explicit(&lm_exact_count.refused, 1, memory_order_relaxed);
        return NULL;
    }
    const uintptr_t pages = pages_of(z, number - 1);
    const size_t bytes = z->pages * lm_os.page;
    if (!open_pages(pages, bytes)) {
        put_place(z, number);
        return NULL;
    }
    atomic_fetch_add_explicit(&lm_exact_count.made, 1, memory_order_relaxed);
    lm_block block = *story;
    const bool at_start = is_turn_of_start(story->allocated) && size > 0;
    block.start = at_start ? pages : pages + bytes - round_up(size, own);
    block.size = size;
    block.alignment = alignment;
    block.live = block.exact = true;
    mark(&block, pages, bytes);
    atomic_store_explicit(&z->places[number - 1].told, 0, memory_order_relaxed);
    write_record(&z->places[number - 1], LIVE, &block);
    return (void *)block.start;
}

/* Measured each time: it differs with the machine, and with how many pages there are already. What follows later
 * for it, pages that are cold and addresses that must be looked up, is as much again. */
static void count_time(uint64_t since) {
    const uint64_t passed = now_ns() - since;
    const uint64_t taken = passed < LONGEST ? passed : LONGEST;
    atomic_fetch_add_explicit(&lm_exact_count.spent, 2 * taken, memory_order_relaxed);
}

void *lm_exact_new(size_t size, size_t alignment, const lm_block *story) {
    const uint64_t since = now_ns();
    void *p = make(size, alignment, story);
    count_time(since);
    return p;
}

/* A block of no bytes at the end of its place begins in the guard of the next. */
static bool find_live(uintptr_t at, zone **z, size_t *number, lm_block *block) {
    *z = zone_of(at);
    if (!*z)
        return false;
    *number = number_of(*z, at);
    if (look(*z, *number, block) == LIVE && block->start == at)
        return true;
    return *number > 0 && look(*z, --*number, block) == LIVE && block->start == at;
}

/* Whoever makes it FREED frees it; a second one finds it so. */
static bool claim(place *p, lm_block *block, const lm_block *story) {
    lm_lock_take(&exact_lock);
    const bool mine = p->state == LIVE;
    if (mine) {
        block->live = false;
        block->freed_call = story->freed_call;
        block->freed = story->freed;
        block->freed_thread = story->freed_thread;
        block->freed_time = story->freed_time;
        write_record(p, FREED, block);
    }
    lm_lock_give(&exact_lock);
    return mine;
}

static bool end(void *p, const lm_block *story) {
    zone *z;
    size_t number;
    lm_block block;
    if (!find_live((uintptr_t)p, &z, &number, &block))
        return false;
    lm_shadow_release((void *)pages_of(z, number), 1);
    const lm_block before = block;
    if (!claim(&z->places[number], &block, story))
        return false;
    const uintptr_t pages = pages_of(z, number);
    if (!atomic_load_explicit(&z->places[number].told, memory_order_relaxed))
        check_marks(&before, pages, z->pages * lm_os.page);
    close_pages(pages, z->pages * lm_os.page);
    atomic_fetch_add_explicit(&lm_exact_count.freed, 1, memory_order_relaxed);
    put_place(z, (uint32_t)number + 1);
    return true;
}

bool lm_exact_free(void *p, const lm_block *story) {
    const uint64_t since = now_ns();
    const bool freed = end(p, story);
    count_time(since);
    return freed;
}

bool lm_exact_live(uintptr_t start, lm_block *block) {
    zone *z;
    size_t number;
    return find_live(start, &z, &number, block);
}

bool lm_exact_has(uintptr_t at) {
    return zone_of(at) != NULL;
}

bool lm_exact_pages(uintptr_t at, uintptr_t *start, size_t *bytes) {
    zone *z;
    size_t number;
    lm_block block;
    if (!find_live(at, &z, &number, &block))
        return false;
    *start = pages_of(z, number);
    *bytes = z->pages * lm_os.page;
    return true;
}

void lm_exact_forgive(uintptr_t start) {
    zone *z;
    size_t number;
    lm_block block;
    if (find_live(start, &z, &number, &block))
        atomic_store_explicit(&z->places[number].told, 1, memory_order_relaxed);
}

/* How far the address is from the block; 0 inside. */
static size_t distance(const lm_block *block, uintptr_t at) {
    if (at < block->start)
        return block->start - at;
    return at < block->start + block->size ? 0 : at - (block->start + block->size) + 1;
}

/* Of two blocks beside a guard the one that is reached more easily was meant: the nearer one, but a live one
 * that is near before a freed one. */
static size_t reach(state s, const lm_block *block, uintptr_t at) {
    if (s == UNUSED)
        return SIZE_MAX;
    const size_t far = distance(block, at);
    return s == LIVE && far <= NEAR ? far : far + NEAR;
}

bool lm_exact_find(uintptr_t at, lm_block *block) {
    const zone *z = zone_of(at);
    if (!z)
        return false;
    const size_t number = number_of(z, at);
    lm_block before;
    const state here = look(z, number, block);
    if (at >= pages_of(z, number))
        return here != UNUSED;
    const state there = number > 0 ? look(z, number - 1, &before) : UNUSED;
    if (reach(there, &before, at) < reach(here, block, at))
        *block = before;
    return here != UNUSED || there != UNUSED;
}

void lm_exact_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    lm_block block;
    for (int i = 0; i < ZONES; i++) {
        const size_t made = atomic_load_explicit(&zones[i].made, memory_order_acquire);
        for (size_t n = 0; n < made; n++)
            if (read_record(&zones[i].places[n], &block) == LIVE && !visit(&block, context))
                return;
    }
}

/* What is beside blocks that live on when the process ends. */
void lm_exact_look(void) {
    lm_block block;
    lm_shadow_release_all();
    for (int i = 0; i < ZONES; i++) {
        zone *z = &zones[i];
        const size_t made = atomic_load_explicit(&z->made, memory_order_acquire);
        for (size_t n = 0; n < made; n++)
            if (read_record(&z->places[n], &block) == LIVE &&
                !atomic_exchange_explicit(&z->places[n].told, 1, memory_order_relaxed))
                check_marks(&block, pages_of(z, n), z->pages * lm_os.page);
    }
}

bool lm_exact_page(uintptr_t at, bool open) {
    const zone *z = zone_of(at);
    lm_block block;
    if (!z)
        return false;
    const size_t number = number_of(z, at);
    if (number > atomic_load_explicit(&z->made, memory_order_acquire))
        return false;
    if (at >= pages_of(z, number) && look(z, number, &block) == LIVE)
        return false;
    const uintptr_t page = at & ~(lm_os.page - 1);
    return open ? open_pages(page, lm_os.page) : close_pages(page, lm_os.page);
}

/* ---- Beginning, and forks -------------------------------------------------------------------- */

static bool ready;

bool lm_exact_ready(void) {
    return ready;
}

void lm_exact_start(void) {
    if (lm_exact_setting.mode == LM_EXACT_MODE_OFF || zones[0].start)
        return;
    for (int i = 0; i < ZONES; i++)
        reserve(&zones[i]);
    ready = zones[0].capacity > 0 && make_places(&zones[0]);
}

void lm_exact_before_fork(void) {
    lm_lock_take(&exact_lock);
    lm_lock_mark(&exact_lock);
}

void lm_exact_after_fork(bool child) {
    if (child)
        lm_lock_give_in_child(&exact_lock);
    else
        lm_lock_give(&exact_lock);
}
