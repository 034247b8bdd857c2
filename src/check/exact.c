#include "check/exact.h"

#include "check/exact_places.h"
#include "check/remains.h"
#include "check/shadow.h"
#include "check/tale.h"
#include "check/zone.h"
#include "os/os.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    MARK = 64, /* bytes of pattern beside a block, but for the slack, which is all pattern */
    USUAL_ALIGNMENT = 16,
    SHARE = 3, /* percent */
    MAPPINGS = 4096,
    STACKS = 1 << 14,
    PLACEMENTS = 3,
    LONGEST = 50000, /* ns: what took longer did so because others ran meanwhile */
    FAR = 256,       /* bytes from a block: whoever goes there may have meant another */
};

lm_exact_settings lm_exact_setting = {LM_EXACT_MODE_AUTO, SHARE, (size_t)64 << 20, MAPPINGS};
lm_exact_counts lm_exact_count;

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
    lm_exact_zone *z;
    uint32_t number;
    const size_t own = alignment_for(size, alignment);
    if (own > lm_os.page || size > lm_exact_zones[LM_EXACT_ZONES - 1].pages * lm_os.page ||
        !lm_exact_take(lm_align_up(size, own), &z, &number)) {
        atomic_fetch_add_explicit(&lm_exact_count.refused, 1, memory_order_relaxed);
        return NULL;
    }
    const uintptr_t pages = lm_exact_pages_of(z, number - 1);
    const size_t bytes = z->pages * lm_os.page;
    if (!lm_exact_open(pages, bytes)) {
        lm_exact_give(z, number);
        return NULL;
    }
    atomic_fetch_add_explicit(&lm_exact_count.made, 1, memory_order_relaxed);
    lm_block block = *story;
    const bool at_start = is_turn_of_start(story->allocated) && size > 0;
    block.start = at_start ? pages : pages + bytes - lm_align_up(size, own);
    block.size = size;
    block.alignment = alignment;
    block.live = block.exact = true;
    mark(&block, pages, bytes);
    lm_remains_drop(pages,
                    bytes + lm_os.page); /* the guard before may hold what its neighbour wrote */
    atomic_store_explicit(&z->places[number - 1].told, 0, memory_order_relaxed);
    lm_exact_write(&z->places[number - 1], LM_EXACT_LIVE, &block);
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
static bool find_live(uintptr_t at, lm_exact_zone **z, size_t *number, lm_block *block) {
    *z = lm_exact_zone_of(at);
    if (!*z)
        return false;
    *number = lm_exact_number_of(*z, at);
    if (lm_exact_record(*z, *number, block) == LM_EXACT_LIVE && block->start == at)
        return true;
    return *number > 0 && lm_exact_record(*z, --*number, block) == LM_EXACT_LIVE &&
           block->start == at;
}

/* Whoever makes it LM_EXACT_FREED frees it; a second one finds it so. */
static bool claim(lm_exact_place *p, lm_block *block, const lm_block *story) {
    lm_lock_take(&lm_exact_lock);
    const bool mine = p->state == LM_EXACT_LIVE;
    if (mine) {
        block->live = false;
        block->freed_call = story->freed_call;
        block->freed = story->freed;
        block->freed_thread = story->freed_thread;
        block->freed_time = story->freed_time;
        lm_exact_write(p, LM_EXACT_FREED, block);
    }
    lm_lock_give(&lm_exact_lock);
    return mine;
}

static bool end(void *p, const lm_block *story) {
    lm_exact_zone *z;
    size_t number;
    lm_block block;
    if (!find_live((uintptr_t)p, &z, &number, &block))
        return false;
    lm_shadow_release((void *)lm_exact_pages_of(z, number), 1);
    const lm_block before = block;
    if (!claim(&z->places[number], &block, story))
        return false;
    const uintptr_t pages = lm_exact_pages_of(z, number);
    if (!atomic_load_explicit(&z->places[number].told, memory_order_relaxed))
        check_marks(&before, pages, z->pages * lm_os.page);
    lm_remains_keep(before.start, before.size);
    lm_exact_close(pages, z->pages * lm_os.page);
    atomic_fetch_add_explicit(&lm_exact_count.freed, 1, memory_order_relaxed);
    lm_exact_give(z, (uint32_t)number + 1);
    return true;
}

bool lm_exact_free(void *p, const lm_block *story) {
    const uint64_t since = now_ns();
    const bool freed = end(p, story);
    count_time(since);
    return freed;
}

bool lm_exact_live(uintptr_t start, lm_block *block) {
    lm_exact_zone *z;
    size_t number;
    return find_live(start, &z, &number, block);
}

bool lm_exact_has(uintptr_t at) {
    return lm_exact_zone_of(at) != NULL;
}

bool lm_exact_pages(uintptr_t at, uintptr_t *start, size_t *bytes) {
    lm_exact_zone *z;
    size_t number;
    lm_block block;
    if (!find_live(at, &z, &number, &block))
        return false;
    *start = lm_exact_pages_of(z, number);
    *bytes = z->pages * lm_os.page;
    return true;
}

void lm_exact_forgive(uintptr_t start) {
    lm_exact_zone *z;
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

static bool is_held(const lm_block *block, const uintptr_t *held, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (held[i] - block->start <= block->size)
            return true;
    return false;
}

bool lm_exact_find_held(uintptr_t at, const uintptr_t *held, size_t count, lm_block *block) {
    const lm_exact_zone *z = lm_exact_zone_of(at);
    if (!z)
        return false;
    const size_t number = lm_exact_number_of(z, at);
    lm_block before;
    const lm_exact_state here = lm_exact_record(z, number, block);
    if (at >= lm_exact_pages_of(z, number))
        return here != LM_EXACT_UNUSED;
    const lm_exact_state there =
        number > 0 ? lm_exact_record(z, number - 1, &before) : LM_EXACT_UNUSED;
    if (there == LM_EXACT_UNUSED)
        return here != LM_EXACT_UNUSED;
    const bool before_held = is_held(&before, held, count);
    const bool here_held = here != LM_EXACT_UNUSED && is_held(block, held, count);
    const bool nearer = here == LM_EXACT_UNUSED || distance(&before, at) <= distance(block, at);
    if (before_held != here_held ? before_held : nearer)
        *block = before;
    return true;
}

bool lm_exact_find(uintptr_t at, lm_block *block) {
    return lm_exact_find_held(at, NULL, 0, block);
}

bool lm_exact_doubts(const lm_block *block, uintptr_t at, const uintptr_t *held, size_t count) {
    return distance(block, at) > FAR && !is_held(block, held, count);
}

void lm_exact_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    lm_block block;
    for (int i = 0; i < LM_EXACT_ZONES; i++) {
        const size_t made = atomic_load_explicit(&lm_exact_zones[i].made, memory_order_acquire);
        for (size_t n = 0; n < made; n++)
            if (lm_exact_read(&lm_exact_zones[i].places[n], &block) == LM_EXACT_LIVE &&
                !visit(&block, context))
                return;
    }
}

/* What is beside blocks that live on when the process ends. */
void lm_exact_look(void) {
    lm_block block;
    lm_shadow_release_all();
    for (int i = 0; i < LM_EXACT_ZONES; i++) {
        lm_exact_zone *z = &lm_exact_zones[i];
        const size_t made = atomic_load_explicit(&z->made, memory_order_acquire);
        for (size_t n = 0; n < made; n++)
            if (lm_exact_read(&z->places[n], &block) == LM_EXACT_LIVE &&
                !atomic_exchange_explicit(&z->places[n].told, 1, memory_order_relaxed))
                check_marks(&block, lm_exact_pages_of(z, n), z->pages * lm_os.page);
    }
}

bool lm_exact_page(uintptr_t at, bool open) {
    const lm_exact_zone *z = lm_exact_zone_of(at);
    lm_block block;
    if (!z)
        return false;
    const size_t number = lm_exact_number_of(z, at);
    if (number > atomic_load_explicit(&z->made, memory_order_acquire))
        return false;
    const lm_exact_state now =
        at >= lm_exact_pages_of(z, number) ? lm_exact_record(z, number, &block) : LM_EXACT_UNUSED;
    if (now == LM_EXACT_LIVE)
        return false;
    const uintptr_t page = at & ~(lm_os.page - 1);
    if (!open) {
        lm_remains_take(page);
        return lm_exact_close(page, lm_os.page);
    }
    if (!lm_exact_open(page, lm_os.page))
        return false;
    lm_remains_put(page, now == LM_EXACT_FREED ? block.start : 0);
    return true;
}

/* ---- Beginning, and forks -------------------------------------------------------------------- */

static bool ready;

bool lm_exact_ready(void) {
    return ready;
}

void lm_exact_start(void) {
    if (lm_exact_setting.mode == LM_EXACT_MODE_OFF || lm_exact_zones[0].start)
        return;
    ready = lm_exact_reserve();
    if (ready)
        lm_remains_start();
}

void lm_exact_before_fork(void) {
    lm_lock_take(&lm_exact_lock);
    lm_lock_mark(&lm_exact_lock);
}

void lm_exact_after_fork(bool child) {
    if (child) {
        lm_lock_give_in_child(&lm_exact_lock);
        lm_remains_forked();
    } else {
        lm_lock_give(&lm_exact_lock);
    }
}
