#include "check/shadow_tracked.h"

#include "base/bits.h"
#include "check/budget.h"
#include "check/catch.h"
#include "check/dispatch.h"
#include "check/exact.h"
#include "check/raw.h"
#include "check/watched.h"
#include "os/os.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>

enum {
    TRACKED = 64,   /* count of blocks at once */
    PAGES_MOST = 4, /* of one block */
    FAULTS = 2000,
    SHARE = 3,            /* percent */
    TRACK_COST = 10000,   /* ns, about: to begin and to end it */
    ALLOWANCE = 20000000, /* ns at the beginning, on top of the share */
    FREE = 1000, /* blocks and faults that no time is asked for, however slow the machine */
    FIRST = 2,   /* blocks of each call stack */
    STACKS = 1 << 14,
    SIEVES = 1 << 12,
    SIEVE_SHIFT = 12, /* no page is smaller */
};

lm_shadow_settings lm_shadow_setting = {LM_SHADOW_MODE_AUTO, FAULTS, SHARE};
lm_shadow_counts lm_shadow_count;

static lm_tracked table[TRACKED];
static unsigned used, turn; /* slots in use; the next one to take */
static unsigned char *room; /* for the copies and maps */
static bool ready;

bool lm_shadow_start(void) {
    const size_t each = PAGES_MOST * lm_os.page;
    const size_t size = TRACKED * 2 * each;
    if (lm_shadow_setting.mode == LM_SHADOW_MODE_OFF || ready)
        return ready;
    room = lm_os_reserve(size, 0);
    if (!room || !lm_os_commit(room, size) || !lm_dispatch_start())
        return false;
    for (unsigned i = 0; i < TRACKED; i++) {
        table[i].copy = room + 2 * i * each;
        table[i].written = table[i].copy + each;
    }
    ready = true;
    return true;
}

static bool protect(const lm_tracked *t, int protection) {
    return lm_raw_call(SYS_mprotect, (long)t->pages, (long)t->bytes, protection, 0, 0, 0) == 0;
}

/* How many tracked pages have this number, but for its upper bits: nearly all addresses that are asked for lie
 * where none has. */
static unsigned char sieve[SIEVES];

static unsigned char *sieve_at(uintptr_t at) {
    return &sieve[(at >> SIEVE_SHIFT) % SIEVES];
}

static void set_pages(lm_tracked *t, uintptr_t pages, size_t bytes) {
    for (size_t i = 0; i < t->bytes; i += 1 << SIEVE_SHIFT)
        --*sieve_at(t->pages + i);
    t->pages = pages;
    t->bytes = bytes;
    for (size_t i = 0; i < bytes; i += 1 << SIEVE_SHIFT)
        ++*sieve_at(pages + i);
}

static LM_NOINLINE lm_tracked *search(uintptr_t at) {
    for (unsigned i = 0; i < TRACKED; i++)
        if (at - table[i].pages < table[i].bytes)
            return &table[i];
    return NULL;
}

lm_tracked *lm_shadow_find(uintptr_t at) {
    return LM_LIKELY(*sieve_at(at) == 0) ? NULL : search(at);
}

/* ---- Beginning and ending -------------------------------------------------------------------- */

void lm_shadow_bare(const lm_tracked *t) {
    protect(t, PROT_READ | PROT_WRITE);
    memcpy((void *)t->pages, t->copy, t->bytes);
}

void lm_shadow_cover(uintptr_t pages) {
    lm_tracked *t = lm_shadow_find(pages);
    if (!t || !t->open || t->lent)
        return;
    const unsigned char *now = (const unsigned char *)t->pages;
    for (size_t i = 0; t->compared && i < t->bytes; i++)
        t->written[i] |= now[i] != t->copy[i] ? LM_SHADOW_ALL : 0;
    memcpy(t->copy, now, t->bytes);
    protect(t, PROT_NONE);
    t->open = t->compared = false;
}

void lm_shadow_end(lm_tracked *t) {
    if (!t->open)
        lm_shadow_bare(t);
    if (t->told_beside)
        lm_exact_forgive(t->block.start);
    set_pages(t, 0, 0);
    lm_shadow_count.released++;
    if (--used == 0)
        lm_dispatch_set(false);
}

void lm_shadow_release_all(void) {
    for (unsigned i = 0; i < TRACKED && used > 0; i++)
        if (table[i].pages)
            lm_shadow_end(&table[i]);
}

void lm_shadow_release(const void *at, size_t bytes) {
    const uintptr_t from = (uintptr_t)at;
    if (used == 0 || !lm_exact_owns(at))
        return;
    for (unsigned i = 0; i < TRACKED && used > 0; i++)
        if (table[i].pages && from < table[i].pages + table[i].bytes &&
            table[i].pages < from + bytes)
            lm_shadow_end(&table[i]);
}

void lm_shadow_open(const void *at) {
    const lm_tracked *t = used > 0 ? lm_shadow_find((uintptr_t)at) : NULL;
    if (t && !t->lent)
        lm_shadow_release(at, 1);
}

bool lm_shadow_has_time(void) {
    const uint64_t spent = lm_catch_spent() + lm_shadow_count.tracked * TRACK_COST;
    if (lm_shadow_setting.mode == LM_SHADOW_MODE_ALL || spent < ALLOWANCE)
        return true;
    return lm_catch_faults() + lm_shadow_count.tracked < FREE ||
           spent - ALLOWANCE < lm_budget_time() / 100 * lm_shadow_setting.share;
}

bool lm_shadow_due(uint32_t stack) {
    static unsigned char seen[STACKS];
    if (!ready || !__libc_single_threaded)
        return false;
    if (lm_shadow_setting.mode == LM_SHADOW_MODE_ALL)
        return true;
    unsigned char *count = &seen[(stack * 0x9e3779b1u >> 16) % STACKS];
    if (*count >= FIRST || !lm_shadow_has_time())
        return false;
    ++*count;
    return true;
}

/* A fault that comes blocked would end the program. In a child of a fork calls aren't taken any more. */
static bool is_bearable(void) {
    static long taken_of;
    const long thread = lm_raw_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
    if (thread != taken_of && !lm_dispatch_start())
        return false;
    taken_of = thread;
    uint64_t blocked = 0;
    const uint64_t needed =
        (uint64_t)1 << (SIGSEGV - 1) | (uint64_t)1 << (SIGTRAP - 1) | (uint64_t)1 << (SIGSYS - 1);
    lm_raw_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&blocked, sizeof blocked, 0, 0);
    return (blocked & needed) == 0;
}

static lm_tracked *take_slot(void) {
    for (unsigned i = 0; i < TRACKED; i++) {
        turn = (turn + 1) % TRACKED;
        if (!table[turn].pages)
            return &table[turn];
    }
    turn = (turn + 1) % TRACKED;
    if (table[turn].open)
        return NULL;
    lm_shadow_end(&table[turn]);
    return &table[turn];
}

bool lm_shadow_track(void *p, bool written) {
    lm_block block;
    uintptr_t pages;
    size_t bytes;
    if (!ready || !__libc_single_threaded || !is_bearable() ||
        !lm_exact_find((uintptr_t)p, &block) || !lm_exact_pages((uintptr_t)p, &pages, &bytes) ||
        bytes > PAGES_MOST * lm_os.page || block.size == 0)
        return false;
    lm_tracked *t = take_slot();
    if (!t)
        return false;
    memcpy(t->copy, (const void *)pages, bytes);
    memset(t->written, written ? LM_SHADOW_ALL : 0, bytes);
    t->open = t->lent = t->compared = t->told_beside = false;
    t->faults = t->watches = 0;
    t->block = block;
    t->before = (lm_read){0};
    set_pages(t, pages, bytes);
    used++;
    __atomic_store_n(&lm_watched_bytes, true, __ATOMIC_RELAXED);
    if (!protect(t, PROT_NONE)) {
        set_pages(t, 0, 0);
        used--;
        return false;
    }
    lm_dispatch_set(true);
    lm_shadow_count.tracked++;
    return true;
}

bool lm_shadow_tracks(void) {
    return used > 0;
}

/* ---- What is known of bytes ------------------------------------------------------------------ */

/* The part of a range that lies in the block. */
bool lm_shadow_clip(const lm_tracked *t, uintptr_t *from, uintptr_t *to) {
    const uintptr_t end = t->block.start + t->block.size;
    *from = *from < t->block.start ? t->block.start : *from;
    *to = *to > end ? end : *to;
    return *from < *to;
}

bool lm_shadow_written(const void *at, size_t bytes, size_t *first) {
    uintptr_t from = (uintptr_t)at, to = from + bytes;
    const lm_tracked *t = used > 0 ? lm_shadow_find(from) : NULL;
    if (!t || !lm_shadow_clip(t, &from, &to))
        return true;
    const unsigned char *gap = memchr(t->written + (from - t->pages), 0, to - from);
    if (gap)
        *first = t->pages + (size_t)(gap - t->written) - (uintptr_t)at;
    return gap == NULL;
}

/* Takes over what is known of the bytes at `source`, or, 0, all were written. */
void lm_shadow_set_written(const lm_tracked *t, uintptr_t from, uintptr_t to, uintptr_t source) {
    const uintptr_t shift = source - from;
    const lm_tracked *other = source ? lm_shadow_find(source) : NULL;
    if (!lm_shadow_clip(t, &from, &to))
        return;
    unsigned char *map = t->written + (from - t->pages);
    const uintptr_t there = from + shift;
    if (other && there >= other->pages && to + shift <= other->pages + other->bytes)
        memmove(map, other->written + (there - other->pages), to - from);
    else
        memset(map, LM_SHADOW_ALL, to - from);
}

/* What a closed block seems to hold at this address; NULL: no closed block has all of the bytes. */
static unsigned char *content(uintptr_t at, size_t bytes) {
    const lm_tracked *t = lm_shadow_find(at);
    if (!t || t->open || bytes > t->pages + t->bytes - at)
        return NULL;
    return t->copy + (at - t->pages);
}

const void *lm_shadow_content(const void *at) {
    return content((uintptr_t)at, 1);
}

bool lm_shadow_move(void *to, const void *from, size_t bytes) {
    unsigned char *target = content((uintptr_t)to, bytes);
    const unsigned char *source = content((uintptr_t)from, bytes);
    if (!target && !source)
        return false;
    memmove(target ? target : to, source ? source : from, bytes);
    if (target)
        lm_shadow_set_written(lm_shadow_find((uintptr_t)to), (uintptr_t)to, (uintptr_t)to + bytes,
                              (uintptr_t)from);
    return true;
}

/* ---- Lending ---------------------------------------------------------------------------------- */

/* Who left a system call by a jump doesn't give back what it had: that is over then. */
void lm_shadow_lend(const void *at, size_t bytes) {
    for (unsigned i = 0; i < TRACKED; i++)
        if (table[i].pages && table[i].lent)
            lm_shadow_end(&table[i]);
    lm_tracked *t = content((uintptr_t)at, bytes) ? lm_shadow_find((uintptr_t)at) : NULL;
    if (!t)
        return;
    lm_shadow_bare(t);
    t->open = t->lent = true;
}

void lm_shadow_back(const void *at, size_t written) {
    lm_tracked *t = lm_shadow_find((uintptr_t)at);
    if (!t || !t->lent)
        return;
    t->lent = false;
    lm_shadow_cover(t->pages);
    lm_shadow_set_written(t, (uintptr_t)at, (uintptr_t)at + written, 0);
}
