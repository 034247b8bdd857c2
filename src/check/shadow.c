#include "check/shadow.h"

#include "base/bits.h"
#include "check/budget.h"
#include "check/catch.h"
#include "check/dispatch.h"
#include "check/emulate.h"
#include "check/exact.h"
#include "check/raw.h"
#include "check/tale.h"
#include "check/use.h"
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
    FIRST = 2,            /* blocks of each call stack */
    STACKS = 1 << 14,
    ALL = 0xff,         /* bits of a byte */
    LOOK_AT_CLOCK = 16, /* faults of a block */
    DUMP_MOST = 64,     /* bytes of a block that a tale shows */
    CHUNK_MOST = 64,    /* a vector's bytes */
    SIEVES = 1 << 12,
    SIEVE_SHIFT = 12, /* no page is smaller */
};

typedef struct tracked {
    uintptr_t pages; /* 0: nothing is tracked here */
    size_t bytes;    /* of the pages */
    bool open;       /* for one instruction, or lent */
    bool lent;       /* to a system call */
    bool compared;   /* with its copy, when it is closed: what differs was written */
    bool told_beside;
    unsigned faults, watches;
    lm_block block;
    lm_read before;
    unsigned char *copy;    /* what the pages hold, while they are closed */
    unsigned char *written; /* a byte for each byte of the pages: its bits that were written */
} tracked;

lm_shadow_settings lm_shadow_setting = {LM_SHADOW_MODE_AUTO, FAULTS, SHARE};
lm_shadow_counts lm_shadow_count;

static tracked table[TRACKED];
static unsigned used, turn; /* slots in use; the next one to take */
static unsigned char *room; /* for the copies and maps */

/* How many tracked blocks have a page with this number, but for its upper bits. */
static unsigned char sieve[SIEVES];
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

static bool protect(const tracked *t, int protection) {
    return lm_raw_call(SYS_mprotect, (long)t->pages, (long)t->bytes, protection, 0, 0, 0) == 0;
}

static unsigned char *sieve_at(uintptr_t at) {
    return &sieve[(at >> SIEVE_SHIFT) % SIEVES];
}

static void sieve_change(const tracked *t, int by) {
    for (uintptr_t at = t->pages; at < t->pages + t->bytes; at += 1 << SIEVE_SHIFT)
        *sieve_at(at) = (unsigned char)(*sieve_at(at) + by);
}

/* Every memcpy asks. */
static tracked *find(uintptr_t at) {
    if (LM_LIKELY(*sieve_at(at) == 0))
        return NULL;
    for (unsigned i = 0; i < TRACKED; i++)
        if (at - table[i].pages < table[i].bytes)
            return &table[i];
    return NULL;
}

/* ---- Beginning and ending -------------------------------------------------------------------- */

static void open_pages(const tracked *t) {
    protect(t, PROT_READ | PROT_WRITE);
    memcpy((void *)t->pages, t->copy, t->bytes);
}

static void close_after(uintptr_t pages) {
    tracked *t = find(pages);
    if (!t || !t->open || t->lent)
        return;
    const unsigned char *now = (const unsigned char *)t->pages;
    for (size_t i = 0; t->compared && i < t->bytes; i++)
        t->written[i] |= now[i] != t->copy[i] ? ALL : 0;
    memcpy(t->copy, now, t->bytes);
    protect(t, PROT_NONE);
    t->open = t->compared = false;
}

static void release(tracked *t) {
    if (!t->open)
        open_pages(t);
    if (t->told_beside)
        lm_exact_forgive(t->block.start);
    sieve_change(t, -1);
    t->pages = t->bytes = 0;
    lm_shadow_count.released++;
    if (--used == 0)
        lm_dispatch_set(false);
}

void lm_shadow_release_all(void) {
    for (unsigned i = 0; i < TRACKED && used > 0; i++)
        if (table[i].pages)
            release(&table[i]);
}

void lm_shadow_release(const void *at, size_t bytes) {
    const uintptr_t from = (uintptr_t)at;
    if (used == 0 || !lm_exact_owns(at))
        return;
    for (unsigned i = 0; i < TRACKED && used > 0; i++)
        if (table[i].pages && from < table[i].pages + table[i].bytes &&
            table[i].pages < from + bytes)
            release(&table[i]);
}

void lm_shadow_open(const void *at) {
    const tracked *t = used > 0 ? find((uintptr_t)at) : NULL;
    if (t && !t->lent)
        lm_shadow_release(at, 1);
}

static bool has_time(void) {
    const uint64_t spent = lm_catch_spent() + lm_shadow_count.tracked * TRACK_COST;
    return lm_shadow_setting.mode == LM_SHADOW_MODE_ALL || spent < ALLOWANCE ||
           spent - ALLOWANCE < lm_budget_time() / 100 * lm_shadow_setting.share;
}

bool lm_shadow_due(uint32_t stack) {
    static unsigned char seen[STACKS];
    if (!ready || !__libc_single_threaded)
        return false;
    if (lm_shadow_setting.mode == LM_SHADOW_MODE_ALL)
        return true;
    unsigned char *count = &seen[(stack * 0x9e3779b1u >> 16) % STACKS];
    if (*count >= FIRST || !has_time())
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

static tracked *take_slot(void) {
    for (unsigned i = 0; i < TRACKED; i++) {
        turn = (turn + 1) % TRACKED;
        if (!table[turn].pages)
            return &table[turn];
    }
    turn = (turn + 1) % TRACKED;
    if (table[turn].open)
        return NULL;
    release(&table[turn]);
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
    tracked *t = take_slot();
    if (!t)
        return false;
    memcpy(t->copy, (const void *)pages, bytes);
    memset(t->written, written ? ALL : 0, bytes);
    t->open = t->lent = t->compared = t->told_beside = false;
    t->faults = t->watches = 0;
    t->block = block;
    t->before = (lm_read){0};
    t->bytes = bytes;
    t->pages = pages;
    sieve_change(t, 1);
    used++;
    __atomic_store_n(&lm_watched_bytes, true, __ATOMIC_RELAXED);
    if (!protect(t, PROT_NONE)) {
        sieve_change(t, -1);
        t->pages = t->bytes = 0;
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
static bool clip(const tracked *t, uintptr_t *from, uintptr_t *to) {
    const uintptr_t end = t->block.start + t->block.size;
    *from = *from < t->block.start ? t->block.start : *from;
    *to = *to > end ? end : *to;
    return *from < *to;
}

bool lm_shadow_written(const void *at, size_t bytes, size_t *first) {
    uintptr_t from = (uintptr_t)at, to = from + bytes;
    const tracked *t = used > 0 ? find(from) : NULL;
    if (!t || !clip(t, &from, &to))
        return true;
    const unsigned char *gap = memchr(t->written + (from - t->pages), 0, to - from);
    if (gap)
        *first = t->pages + (size_t)(gap - t->written) - (uintptr_t)at;
    return gap == NULL;
}

/* Takes over what is known of the bytes at `source`, or, 0, all were written. */
static void set_written(const tracked *t, uintptr_t from, uintptr_t to, uintptr_t source) {
    const uintptr_t shift = source - from;
    const tracked *other = source ? find(source) : NULL;
    if (!clip(t, &from, &to))
        return;
    unsigned char *map = t->written + (from - t->pages);
    const uintptr_t there = from + shift;
    if (other && there >= other->pages && to + shift <= other->pages + other->bytes)
        memmove(map, other->written + (there - other->pages), to - from);
    else
        memset(map, ALL, to - from);
}

/* What a closed block seems to hold at this address; NULL: no closed block has all of the bytes. */
static unsigned char *content(uintptr_t at, size_t bytes) {
    const tracked *t = find(at);
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
        set_written(find((uintptr_t)to), (uintptr_t)to, (uintptr_t)to + bytes, (uintptr_t)from);
    return true;
}

/* ---- Lending ---------------------------------------------------------------------------------- */

/* Who left a system call by a jump doesn't give back what it had: that is over then. */
void lm_shadow_lend(const void *at, size_t bytes) {
    for (unsigned i = 0; i < TRACKED; i++)
        if (table[i].pages && table[i].lent)
            release(&table[i]);
    tracked *t = content((uintptr_t)at, bytes) ? find((uintptr_t)at) : NULL;
    if (!t)
        return;
    open_pages(t);
    t->open = t->lent = true;
}

void lm_shadow_back(const void *at, size_t written) {
    tracked *t = find((uintptr_t)at);
    if (!t || !t->lent)
        return;
    t->lent = false;
    close_after(t->pages);
    set_written(t, (uintptr_t)at, (uintptr_t)at + written, 0);
}

/* Of more than eight bytes: all the same, when one was written. */
static lm_bits bits_of(const tracked *t, uintptr_t from, size_t bytes) {
    const unsigned char *map = t->written + (from - t->pages);
    lm_bits bits = {0, 0, false};
    for (size_t i = 0; i < bytes; i++) {
        const unsigned at = (unsigned)(i % sizeof(uint64_t)) * 8;
        bits.written |= (uint64_t)map[i] << at;
        bits.unwritten |= (uint64_t)(unsigned char)~map[i] << at;
    }
    return bits;
}

/* ---- Tales ------------------------------------------------------------------------------------ */

/* What there is to tell of an access, kept until it is known whether it is to be told. */
typedef struct picture {
    lm_tale tale;
    lm_block block;
    uintptr_t from, to; /* the bad bytes */
    unsigned char bytes[DUMP_MOST], valid[DUMP_MOST / 8];
} picture;

/* The block's bytes around the place, which the teller couldn't read. */
static void draw(const tracked *t, uintptr_t at, picture *p) {
    const size_t inside = at > t->block.start ? at - t->block.start : 0;
    size_t from = inside > DUMP_MOST / 2 ? (inside - DUMP_MOST / 2) & ~(size_t)7 : 0;
    if (from >= t->block.size)
        from = 0;
    const size_t left = t->block.size - from;
    const size_t count = left < DUMP_MOST ? left : DUMP_MOST;
    const size_t offset = t->block.start + from - t->pages;
    memcpy(p->bytes, t->copy + offset, count);
    for (size_t i = 0; i < count; i++)
        p->valid[i / 8] |= (unsigned char)((t->written[offset + i] != 0) << i % 8);
    p->tale.dump_size = count;
    p->tale.dump_at = (ptrdiff_t)from;
}

static void take_picture(picture *p, const tracked *t, const lm_halt *m, const lm_touch *touch,
                         lm_code code) {
    *p = (picture){.block = t->block};
    p->tale = (lm_tale){
        .code = code,
        .certainty = LM_CERTAIN_EXACT,
        .access = touch->how & LM_WRITES && code != LM_CODE_UNINITIALISED_READ ? "write" : "read",
        .bytes = touch->bytes,
        .pointer = touch->at,
        .has_range = true,
    };
    draw(t, touch->at, p);
    if (lm_catch_seam.stack_of)
        p->tale.stack = lm_catch_seam.stack_of(m->context);
}

static void tell(picture *p, uintptr_t from, uintptr_t to) {
    p->tale.block = &p->block;
    p->tale.dump = p->bytes;
    p->tale.valid = p->valid;
    p->tale.first = (ptrdiff_t)(from - p->block.start);
    p->tale.last = (ptrdiff_t)(to - p->block.start) - 1;
    lm_shadow_count.told++;
    lm_tale_tell(&p->tale);
}

/* ---- Values that are followed ------------------------------------------------------------------ */

enum { WATCHES = 4, WATCHES_OF_BLOCK = 100 };

static struct {
    bool active;
    lm_watch watch;
    picture picture;
} watches[WATCHES];
static unsigned watching;

static struct {
    lm_block block;
    uintptr_t at, value;
} latest;

/* A value that the instruction at `pc` is about to put back where it came from, with bits that still aren't
 * written. */
typedef struct put_back {
    uintptr_t pc, at;
    uint64_t unwritten;
} put_back;
static put_back back;

/* Told once. */
static void tell_read(picture *p) {
    const tracked *t = find(p->from);
    if (t) {
        set_written(t, p->from, p->to, 0);
        latest.block = p->block;
        latest.at = p->from;
        latest.value = 0;
        memcpy(&latest.value, t->copy + (p->from - t->pages),
               lm_min(p->to - p->from, sizeof latest.value));
    }
    tell(p, p->from, p->to);
}

uintptr_t lm_shadow_told(uintptr_t value, lm_block *block) {
    if (!latest.at || latest.value != value)
        return 0;
    *block = latest.block;
    return latest.at;
}

static void watch_read(tracked *t, const lm_halt *m, const lm_touch *touch, const lm_bits *bits) {
    unsigned i = 0;
    while (i < WATCHES && watches[i].active)
        i++;
    if (i == WATCHES || t->watches > WATCHES_OF_BLOCK || !has_time())
        return;
    uint64_t value = 0;
    memcpy(&value, t->copy + (touch->at - t->pages), lm_min(touch->bytes, sizeof value));
    const lm_use use = lm_use_begin(&watches[i].watch, m, touch, &t->before, bits, value);
    if (use == LM_USE_NO)
        return;
    picture *p = &watches[i].picture;
    take_picture(p, t, m, touch, LM_CODE_UNINITIALISED_READ);
    const unsigned char *map = t->written + (touch->at - t->pages);
    p->from = touch->at;
    p->to = touch->at + touch->bytes;
    while (p->from + 1 < p->to &&
           *map == ALL) /* the first to the last of which bits weren't written */
        p->from++, map++;
    while (p->to - 1 > p->from && map[p->to - 1 - p->from] == ALL)
        p->to--;
    t->watches++;
    if (use == LM_USE_YES) {
        tell_read(p);
    } else {
        watches[i].active = true;
        watching++;
    }
}

bool lm_shadow_look(ucontext_t *context) {
    if (watching == 0)
        return false;
    lm_halt m;
    lm_halt_read_here(context, &m);
    lm_shadow_count.looks++;
    for (unsigned i = 0; i < WATCHES; i++) {
        if (!watches[i].active)
            continue;
        const lm_use use = lm_use_look(&watches[i].watch, &m);
        if (use == LM_USE_WATCH)
            continue;
        watches[i].active = false;
        watching--;
        if (use == LM_USE_YES)
            tell_read(&watches[i].picture);
        else
            back = (put_back){m.pc, watches[i].watch.touch.at, watches[i].watch.back};
    }
    lm_halt_single(context, watching > 0);
    return true;
}

void lm_shadow_look_away(ucontext_t *context) {
    if (watching == 0)
        return;
    for (unsigned i = 0; i < WATCHES; i++)
        watches[i].active = false;
    watching = 0;
    lm_halt_single(context, false);
}

/* ---- Accesses --------------------------------------------------------------------------------- */

/* movups, movdqu, lddqu and their like: who writes them doesn't know how the bytes are aligned. */
static bool is_for_any_alignment(const lm_instruction *in) {
    const bool scalar = in->prefix == LM_PREFIX_F2 || in->prefix == LM_PREFIX_F3;
    return in->map == 1 && ((in->op == 0x10 && !scalar) || (in->op == 0x6f && scalar) ||
                            (in->op == 0xf0 && in->prefix == LM_PREFIX_F2));
}

/* Vectors may reach beyond the block within their own alignment: no other page and no other block is there,
 * and what they find isn't used. */
static bool is_harmless_beside(const tracked *t, const lm_halt *m, const lm_touch *touch) {
    const uintptr_t end = t->block.start + t->block.size;
    return !is_for_any_alignment(&m->in) && touch->how == LM_READS && touch->bytes > 8 &&
           touch->bytes <= CHUNK_MOST && (touch->at & (touch->bytes - 1)) == 0 && touch->at < end &&
           t->block.start < touch->at + touch->bytes;
}

static void judge_beside(tracked *t, const lm_halt *m, const lm_touch *touch) {
    const uintptr_t end = t->block.start + t->block.size, to = touch->at + touch->bytes;
    if ((touch->at >= t->block.start && to <= end) || is_harmless_beside(t, m, touch))
        return;
    picture p;
    const bool before = touch->at < t->block.start;
    t->told_beside = true;
    take_picture(&p, t, m, touch, before ? LM_CODE_HEAP_UNDERFLOW : LM_CODE_HEAP_OVERFLOW);
    if (before)
        tell(&p, touch->at, to < t->block.start ? to : t->block.start);
    else
        tell(&p, touch->at > end ? touch->at : end, to);
}

static void judge_read(tracked *t, const lm_halt *m, const lm_touch *touch) {
    uintptr_t from = touch->at, to = touch->at + touch->bytes;
    if (!clip(t, &from, &to))
        return;
    const lm_bits bits = bits_of(t, from, to - from);
    if (to - from == touch->bytes && bits.unwritten)
        watch_read(t, m, touch, &bits);
    t->before = (lm_read){m->pc, touch->at, touch->bytes};
}

/* Of a byte or some, a few bits are written, and the rest is as it was. */
static void set_bits(const tracked *t, const lm_touch *touch, uint64_t bits) {
    uintptr_t from = touch->at, to = touch->at + touch->bytes;
    if (!clip(t, &from, &to))
        return;
    for (uintptr_t at = from; at < to; at++)
        t->written[at - t->pages] |= (unsigned char)(bits >> (at - touch->at) * 8);
}

static void note_write(const tracked *t, const lm_halt *m, const lm_touch *touch) {
    const bool copies = m->deed.string && m->deed.touches == 2;
    const bool is_back = back.pc == m->pc && back.at == touch->at;
    const uint64_t stored = m->deed.string ? ~(uint64_t)0 : lm_bits_stored(&m->in);
    if (touch->bytes <= sizeof stored && (is_back || ~stored))
        set_bits(t, touch, is_back ? ~back.unwritten : stored);
    else
        set_written(t, touch->at, touch->at + touch->bytes, copies ? m->deed.touch[0].at : 0);
    if (is_back)
        back.pc = 0;
}

static void note(tracked *t, const lm_halt *m, bool judged) {
    for (unsigned i = 0; i < m->deed.touches; i++) {
        const lm_touch *touch = &m->deed.touch[i];
        if (touch->at + touch->bytes <= t->pages || touch->at >= t->pages + t->bytes)
            continue;
        if (judged)
            judge_beside(t, m, touch);
        if (judged && touch->how & LM_READS)
            judge_read(t, m, touch);
        if (touch->how & LM_WRITES)
            note_write(t, m, touch);
    }
}

/* Its pages are open for the one instruction, or for good. */
static void let_run(tracked *t, const lm_halt *m) {
    open_pages(t);
    t->open = true;
    if (lm_catch_step(m->context, t->pages, close_after))
        lm_shadow_count.stepped++;
    else
        release(t);
}

/* Where the bytes of an access lie, when they are all a tracked block's. */
static unsigned char *place_of(const lm_touch *touch) {
    const tracked *t = find(touch->at);
    if (!t || t->open || touch->at + touch->bytes > t->pages + t->bytes)
        return NULL;
    return t->copy + (touch->at - t->pages);
}

/* What lies in places of other blocks must fault there. */
static bool is_foreign(const lm_touch *touch) {
    return lm_exact_owns((const void *)touch->at) ||
           lm_exact_owns((const void *)(touch->at + touch->bytes));
}

static bool run_string(const lm_halt *m) {
    const lm_touch *last = &m->deed.touch[m->deed.touches - 1];
    unsigned char *to = place_of(last), *from = NULL;
    if (m->deed.touches == 2) {
        from = place_of(&m->deed.touch[0]);
        if (!from && is_foreign(&m->deed.touch[0]))
            return false;
    }
    if ((!to && is_foreign(last)) || !lm_emulate_string(m, to, from))
        return false;
    if (to) /* perhaps of another block than the one that faulted */
        set_written(find(last->at), last->at, last->at + last->bytes,
                    m->deed.touches == 2 ? m->deed.touch[0].at : 0);
    return true;
}

static bool run(tracked *t, const lm_halt *m) {
    if (m->deed.string && m->deed.touches > 0)
        return run_string(m);
    const lm_touch *only = &m->deed.touch[0];
    if (m->deed.touches != 1 || only->at < t->pages || only->at + only->bytes > t->pages + t->bytes)
        return false;
    return lm_emulate(m, t->copy + (only->at - t->pages));
}

bool lm_shadow_fault(lm_halt *m, uintptr_t at) {
    tracked *t = used > 0 ? find(at) : NULL;
    if (!t || t->open)
        return false;
    lm_shadow_count.faults++;
    const bool over =
        ++t->faults > lm_shadow_setting.faults || (t->faults % LOOK_AT_CLOCK == 0 && !has_time());
    const bool library = lm_catch_seam.is_library && lm_catch_seam.is_library(m->pc);
    if (over || !__libc_single_threaded || (!m->judged && !library)) {
        release(t);
        return true;
    }
    if (!m->judged) { /* its strings, by whatever the machine has got */
        t->compared = true;
        let_run(t, m);
        return true;
    }
    note(t, m, !library);
    if (run(t, m)) {
        lm_shadow_count.emulated++;
        lm_shadow_look(m->context);
    } else if (m->deed.string && m->in.repeat) {
        release(t); /* a step for each round is too slow */
    } else {
        let_run(t, m);
    }
    return true;
}
