#include "stack/recall.h"

#include "base/bits.h"
#include "base/compiler.h"
#include "heap/limits.h"
#include "os/os.h"
#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/modules.h"

#include <stdatomic.h>
#include <string.h>

/* A table has entries, found by a key, and a ring of slots, which all entries share: the oldest are
 * overwritten.
 *
 *     entries                              slots
 *     | key, pc, sp, at, count, id |-----> ... | value, step | value, step | ... | check | ...
 *
 *     63            16 15                   0
 *     |     value     | step (words, signed) |
 *
 * A slot's step leads to its word of the stack: from that of the slot before, from sp for the first.
 *
 * Many stacks start with the same pc and sp. The first of them has the key that these two make, together
 * with the word that is the program's own return address: for each pc there is a hint how far above sp
 * that lies. The next has a key made of that one, of the first slot in which the two stacks differ, and of
 * what it holds; and so on. So the stack itself leads to its entry, over few others.
 *
 * Whoever recurses has very many of them, and the way may be long, but most of the time it is the way to the
 * stack that was found last: that one is looked at first. */
enum {
    STEPS_MOST = 12, /* entries on the way to one */
    TABLE_CHAINS = 256,
    CHECK_SLOTS = 2,
    HINTS = 16,
    LATEST = 512,
    NO_HINT = 1 << 30, /* as a distance */
    PAGE_LEAST = 4096,
    VALUE_SHIFT = 16,
    NOBODY = 0, /* as a key */
};

typedef struct entry {
    uint64_t key;
    uintptr_t pc, sp;
    uint64_t at; /* of its first slot: how many were taken before it */
    uint32_t id;
    uint16_t count, checks;
} entry;

typedef uint64_t slot;

typedef struct hint {
    uintptr_t pc;
    size_t distance; /* bytes */
} hint;

/* The entry that the way from a first key led to last. */
typedef struct latest {
    uint64_t first, key, at; /* of its first slot, to have it at hand sooner */
    uint64_t pad;
} latest;

typedef struct table {
    struct table *next; /* in the chain of tables */
    uintptr_t thread;
    /* The thread is in the table: who interrupts it stays out. A thread that takes the table over gets
     * with it what the last one wrote. */
    _Atomic bool busy;
    size_t entries, ring; /* how many; powers of two */
    uint64_t head;        /* slots that were taken in all */
    size_t puts;
    /* Where the stack that wasn't found last belongs, so that it needn't be looked for again. */
    uintptr_t missed_pc, missed_sp;
    uint64_t missed_key;
    hint hints[HINTS];
    latest latest[LATEST];
    slot *slots;
    entry entry[];
} table;

static _Atomic(table *) tables[TABLE_CHAINS];
static _Atomic size_t tables_made;
static _Thread_local table *own;

#define SPREAD      UINT64_C(0x9e3779b97f4a7c15)
#define SPREAD_PC   UINT64_C(0xc2b2ae3d27d4eb4f)
#define SPREAD_SLOT UINT64_C(0xff51afd7ed558ccd)

/* ---- The table of a thread ------------------------------------------------------------------- */

static table *make(uintptr_t thread) {
    const size_t number = atomic_fetch_add(&tables_made, 1);
    if (number >= LM_RECALL_TABLES)
        return NULL;
    const size_t less = number < LM_RECALL_FULL ? 1 : LM_RECALL_LESS;
    const size_t entries = LM_RECALL_ENTRIES / less, ring = LM_RECALL_SLOTS / less;
    const size_t head = lm_align_up(sizeof(table) + entries * sizeof(entry), LM_CACHE_LINE);
    const size_t size = lm_align_up(head + ring * sizeof(slot), lm_os.page);
    char *at = lm_os_reserve(size, 0);
    if (!at)
        return NULL;
    if (!lm_os_commit(at, size)) {
        lm_os_release(at, size);
        return NULL;
    }
    table *t = (table *)(void *)at;
    t->thread = thread;
    t->entries = entries;
    t->ring = ring;
    t->slots = (slot *)(void *)(at + head);
    return t;
}

/* What an earlier thread with the same control block left, or a new one. */
static LM_COLD table *find_own(void) {
    const uintptr_t thread = lm_machine_thread();
    _Atomic(table *) *chain = &tables[thread * SPREAD >> 32 & (TABLE_CHAINS - 1)];
    table *first = atomic_load_explicit(chain, memory_order_acquire), *t = first;
    while (t && t->thread != thread)
        t = t->next;
    if (!t && (t = make(thread)))
        do
            t->next = first;
        while (!atomic_compare_exchange_weak_explicit(chain, &first, t, memory_order_acq_rel,
                                                      memory_order_acquire));
    if (t && atomic_load_explicit(&t->busy, memory_order_acquire))
        atomic_store_explicit(&t->busy, false, memory_order_relaxed);
    own = t;
    return t;
}

/* NULL when there is none, or this thread was interrupted in it. */
LM_INLINE table *enter(void) {
    table *t = own;
    if (LM_UNLIKELY(!t) && !(t = find_own()))
        return NULL;
    if (LM_UNLIKELY(atomic_load_explicit(&t->busy, memory_order_relaxed)))
        return NULL;
    atomic_store_explicit(&t->busy, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    return t;
}

LM_INLINE void leave(table *t) {
    atomic_store_explicit(&t->busy, false, memory_order_release);
}

/* ---- Entries --------------------------------------------------------------------------------- */

LM_INLINE hint *hint_of(table *t, uintptr_t pc) {
    return &t->hints[pc * SPREAD >> 32 & (HINTS - 1)];
}

LM_UNWATCHED static inline uintptr_t word_at(uintptr_t at) {
    return *(const lm_extent_word *)at;
}

/* The word of the hint is read where it is mapped for sure, in sp's own page. */
LM_INLINE uint64_t first_key(table *t, uintptr_t pc, uintptr_t sp) {
    const hint *h = hint_of(t, pc);
    const uint64_t key = (sp ^ pc * SPREAD_PC) * SPREAD;
    if (h->pc != pc || sp % PAGE_LEAST + h->distance > PAGE_LEAST - sizeof(uintptr_t))
        return key | 1; /* not NOBODY's */
    return (key ^ key >> 32 ^ word_at(sp + h->distance)) * SPREAD_SLOT | 1;
}

/* For each pc once, for other keys would find nothing of what was put before. Where that pc is reached in
 * several ways there is none: the word would be anything, and another each time. */
static void learn(table *t, uintptr_t pc, uintptr_t sp, uintptr_t caller) {
    hint *h = hint_of(t, pc);
    const size_t distance = caller > sp ? caller - sp : NO_HINT;
    if (h->pc == 0)
        *h = (hint){pc, distance};
    else if (h->pc == pc && h->distance != distance)
        h->distance = NO_HINT;
}

LM_INLINE uint64_t next_key(uint64_t key, size_t number, uintptr_t value) {
    return ((key ^ (key >> 32)) * SPREAD_SLOT ^ value * SPREAD_PC ^ number) * SPREAD | 1;
}

LM_INLINE entry *place_of(table *t, uint64_t key) {
    return &t->entry[key >> 32 & (t->entries - 1)];
}

LM_INLINE slot *slots_of(const table *t, const entry *e) {
    return &t->slots[e->at & (t->ring - 1)];
}

/* Whether the entry has this key and start, and its slots weren't overwritten. */
LM_INLINE bool is_here(const table *t, const entry *e, uint64_t key, uintptr_t pc, uintptr_t sp) {
    return e->key == key && e->pc == pc && e->sp == sp && t->head - e->at <= t->ring;
}

/* Where a verification has come to. */
typedef struct look {
    const slot *next;
    uintptr_t at; /* the word of the slot before; of the slot that differs */
} look;

LM_INLINE uintptr_t value_of(slot s) {
    return s >> VALUE_SHIFT;
}

LM_INLINE uintptr_t word_of(uintptr_t before, slot s) {
    return before + (uintptr_t)((intptr_t)(int16_t)s * (intptr_t)sizeof(uintptr_t));
}

/* Whether all slots up to `end` hold what they held; ends at the first that doesn't. */
LM_UNWATCHED static inline bool same_slots(look *l, const slot *end) {
    const slot *next = l->next;
    uintptr_t at = l->at;
    bool same = true;
    for (; next < end; next++) {
        at = word_of(at, *next);
        if (LM_UNLIKELY(*(const lm_extent_word *)at != value_of(*next))) {
            same = false;
            break;
        }
    }
    *l = (look){next, at};
    return same;
}

/* The same where objects have to be there still; *gone when one isn't. Their checks follow the slots,
 * each in the words of two. */
static LM_NOINLINE bool same_slots_and_objects(look *l, const slot *slots, const entry *e,
                                               bool *gone) {
    for (size_t i = 0; i < e->checks; i++) {
        const slot *check = &slots[e->count + CHECK_SLOTS * i];
        if (!same_slots(l, slots + (check[1] >> 32)))
            return false;
        if (!lm_modules_is((uint32_t)check[1], check[0])) {
            *gone = true;
            return false;
        }
    }
    return same_slots(l, slots + e->count);
}

LM_INLINE latest *latest_of(table *t, uint64_t first) {
    return &t->latest[first >> 40 & (LATEST - 1)];
}

/* Whether the entry's stack is the present one; else *l tells how far it is. */
LM_INLINE bool is_present(const entry *e, look *l, bool *gone) {
    const slot *slots = l->next;
    return LM_LIKELY(e->checks == 0) ? same_slots(l, slots + e->count)
                                     : same_slots_and_objects(l, slots, e, gone);
}

/* The entry that was found last from here, if its stack is the present one; else NULL. */
LM_INLINE entry *find_latest(table *t, uintptr_t pc, uintptr_t sp, uint64_t first) {
    const latest *last = latest_of(t, first);
    bool gone = false;
    if (last->first != first)
        return NULL;
    entry *e = place_of(t, last->key);
    __builtin_prefetch(&t->slots[last->at & (t->ring - 1)]);
    if (!is_here(t, e, last->key, pc, sp))
        return NULL;
    look l = {slots_of(t, e), sp};
    return is_present(e, &l, &gone) ? e : NULL;
}

/* Follows the stack to its entry. *found: its stack is the present one; else the result is where such
 * an entry belongs, and *key the key it would have. */
LM_INLINE entry *find(table *t, uintptr_t pc, uintptr_t sp, uint64_t *key, bool *found) {
    const uint64_t first = first_key(t, pc, sp);
    entry *last = find_latest(t, pc, sp, first);
    *key = first;
    *found = LM_LIKELY(last != NULL);
    if (LM_LIKELY(last != NULL))
        return last;
    for (unsigned i = 0;; i++) {
        entry *e = place_of(t, *key);
        bool gone = false;
        if (!is_here(t, e, *key, pc, sp))
            return e;
        const slot *slots = slots_of(t, e);
        look l = {slots, sp};
        if (LM_LIKELY(is_present(e, &l, &gone))) {
            *found = true;
            *latest_of(t, first) = (latest){first, *key, e->at, 0};
            return e;
        }
        if (gone || i == STEPS_MOST)
            return e;
        *key = next_key(*key, (size_t)(l.next - slots), word_at(l.at));
    }
}

uint32_t lm_recall_get(uintptr_t pc, uintptr_t sp) {
    table *t = enter();
    if (LM_UNLIKELY(!t))
        return 0;
    uint64_t key;
    bool found;
    const entry *e = find(t, pc, sp, &key, &found);
    const uint32_t id = LM_LIKELY(found) ? e->id : 0;
    if (LM_UNLIKELY(!found)) {
        t->missed_pc = pc;
        t->missed_sp = sp;
        t->missed_key = key;
    }
    leave(t);
    return id;
}

/* Takes slots that lie together. What was taken before may be overwritten. */
static uint64_t take(table *t, size_t count) {
    const size_t left = t->ring - (t->head & (t->ring - 1));
    if (left < count)
        t->head += left;
    const uint64_t at = t->head;
    t->head += count;
    return at;
}

/* False when a step or a value is none that a slot can hold: a frame of 256 KiB and more. */
static bool write(table *t, entry *e, uintptr_t sp, const lm_trail *trail) {
    const uint64_t at = take(t, trail->count + CHECK_SLOTS * trail->checks);
    slot *slots = &t->slots[at & (t->ring - 1)];
    uintptr_t before = sp;
    for (size_t i = 0; i < trail->count; i++) {
        const lm_trail_slot *from = &trail->slots[i];
        const intptr_t bytes = (intptr_t)(from->at - before),
                       step = bytes / (intptr_t)sizeof before;
        if (bytes % (intptr_t)sizeof before != 0 || step != (int16_t)step ||
            from->value >> (64 - VALUE_SHIFT) != 0)
            return false;
        slots[i] = (uint64_t)from->value << VALUE_SHIFT | (uint16_t)step;
        before = from->at;
    }
    for (size_t i = 0; i < trail->checks; i++) {
        const lm_trail_check *check = &trail->check[i];
        slots[trail->count + CHECK_SLOTS * i] = check->place;
        slots[trail->count + CHECK_SLOTS * i + 1] = (uint64_t)check->before << 32 | check->module;
    }
    e->at = at;
    e->count = (uint16_t)trail->count;
    e->checks = (uint16_t)trail->checks;
    return true;
}

void lm_recall_put(uintptr_t pc, uintptr_t sp, const lm_trail *trail, uint32_t id) {
    if (!trail->whole || id == 0)
        return;
    table *t = enter();
    if (!t)
        return;
    /* A handler may have been here since, and be done: then the key isn't this stack's any more. */
    if (t->missed_pc == pc && t->missed_sp == sp) {
        entry *e = place_of(t, t->missed_key);
        e->key = write(t, e, sp, trail) ? t->missed_key : NOBODY;
        e->pc = pc;
        e->sp = sp;
        e->id = id;
        t->missed_pc = 0;
        t->puts++;
        learn(t, pc, sp, trail->caller);
    }
    leave(t);
}

size_t lm_recall_puts(void) {
    return own ? own->puts : 0;
}
