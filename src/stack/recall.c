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
 *     | key, pc, sp, at, count, id |-----> ... | at, value | at, value | ... | check | ...
 *
 * Many stacks start with the same pc and sp. The first of them has the key that these two make; the
 * next has a key made of that one, of the first slot in which the two stacks differ, and of what it
 * holds; and so on. So the stack itself leads to its entry, over few others. */
typedef struct entry {
    uint64_t key;
    uintptr_t pc, sp;
    uint64_t at; /* of its first slot: how many were taken before it */
    uint32_t id;
    uint16_t count, checks;
} entry;

typedef struct table {
    struct table *next; /* in the chain of tables */
    uintptr_t thread;
    /* The thread is in the table: who interrupts it stays out. */
    volatile bool busy;
    size_t entries, ring; /* how many; powers of two */
    uint64_t head;        /* slots that were taken in all */
    size_t puts;
    lm_trail_slot *slots;
    entry entry[];
} table;

enum {
    STEPS_MOST = 12, /* entries on the way to one */
    TABLE_CHAINS = 256,
};

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
    const size_t size = lm_align_up(head + ring * sizeof(lm_trail_slot), lm_os.page);
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
    t->slots = (lm_trail_slot *)(void *)(at + head);
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
    if (t)
        t->busy = false;
    own = t;
    return t;
}

/* NULL when there is none, or this thread was interrupted in it. */
LM_INLINE table *enter(void) {
    table *t = own;
    if (LM_UNLIKELY(!t) && !(t = find_own()))
        return NULL;
    if (LM_UNLIKELY(t->busy))
        return NULL;
    t->busy = true;
    atomic_signal_fence(memory_order_seq_cst);
    return t;
}

LM_INLINE void leave(table *t) {
    atomic_signal_fence(memory_order_seq_cst);
    t->busy = false;
}

/* ---- Entries --------------------------------------------------------------------------------- */

LM_INLINE uint64_t first_key(uintptr_t pc, uintptr_t sp) {
    return (sp ^ pc * SPREAD_PC) * SPREAD | 1; /* not 0, which is nobody's */
}

LM_INLINE uint64_t next_key(uint64_t key, size_t slot, uintptr_t value) {
    return ((key ^ (key >> 32)) * SPREAD_SLOT ^ value * SPREAD_PC ^ slot) * SPREAD | 1;
}

LM_INLINE entry *place_of(table *t, uint64_t key) {
    return &t->entry[key >> 32 & (t->entries - 1)];
}

LM_INLINE lm_trail_slot *slots_of(const table *t, const entry *e) {
    return &t->slots[e->at & (t->ring - 1)];
}

/* Whether the entry has this key and start, and its slots weren't overwritten. */
LM_INLINE bool is_here(const table *t, const entry *e, uint64_t key, uintptr_t pc, uintptr_t sp) {
    return e->key == key && e->pc == pc && e->sp == sp && t->head - e->at <= t->ring;
}

/* How many slots, from `from` on to `to`, hold what they held; ends at the first that doesn't. */
LM_UNWATCHED static inline size_t same_slots(const lm_trail_slot *slots, size_t from, size_t to) {
    while (from < to && *(const lm_extent_word *)slots[from].at == slots[from].value)
        from++;
    return from;
}

LM_UNWATCHED static uintptr_t word_at(const lm_trail_slot *slot) {
    return *(const lm_extent_word *)slot->at;
}

/* The same where objects have to be there still; *gone when one isn't. Their checks follow the slots,
 * each in the words of a slot. */
static LM_NOINLINE size_t same_slots_and_objects(const lm_trail_slot *slots, const entry *e,
                                                 bool *gone) {
    size_t same = 0;
    for (size_t i = 0; i < e->checks; i++) {
        const lm_trail_slot *check = &slots[e->count + i];
        const size_t before = check->value >> 32;
        same = same_slots(slots, same, before);
        if (same < before)
            return same;
        if (!lm_modules_is((uint32_t)check->value, check->at)) {
            *gone = true;
            return same;
        }
    }
    return same_slots(slots, same, e->count);
}

/* Follows the stack to its entry. *found: its stack is the present one; else the result is where such
 * an entry belongs, and *key the key it would have. */
LM_INLINE entry *find(table *t, uintptr_t pc, uintptr_t sp, uint64_t *key, bool *found) {
    *key = first_key(pc, sp);
    *found = false;
    for (unsigned i = 0;; i++) {
        entry *e = place_of(t, *key);
        bool gone = false;
        if (!is_here(t, e, *key, pc, sp))
            return e;
        const lm_trail_slot *slots = slots_of(t, e);
        const size_t same = LM_LIKELY(e->checks == 0) ? same_slots(slots, 0, e->count)
                                                      : same_slots_and_objects(slots, e, &gone);
        if (LM_LIKELY(same == e->count && !gone)) {
            *found = true;
            return e;
        }
        if (gone || i == STEPS_MOST)
            return e;
        *key = next_key(*key, same, word_at(&slots[same]));
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

static void write(table *t, entry *e, const lm_trail *trail) {
    e->at = take(t, trail->count + trail->checks);
    e->count = (uint16_t)trail->count;
    e->checks = (uint16_t)trail->checks;
    lm_trail_slot *slots = slots_of(t, e);
    memcpy(slots, trail->slots, trail->count * sizeof slots[0]);
    for (size_t i = 0; i < trail->checks; i++) {
        const lm_trail_check *check = &trail->check[i];
        slots[trail->count + i] =
            (lm_trail_slot){check->place, (uint64_t)check->before << 32 | check->module};
    }
}

void lm_recall_put(uintptr_t pc, uintptr_t sp, const lm_trail *trail, uint32_t id) {
    if (!trail->whole || id == 0)
        return;
    table *t = enter();
    if (!t)
        return;
    uint64_t key;
    bool found;
    entry *e = find(t, pc, sp, &key, &found);
    if (!found) {
        write(t, e, trail);
        e->key = key;
        e->pc = pc;
        e->sp = sp;
        e->id = id;
        t->puts++;
    }
    leave(t);
}

size_t lm_recall_puts(void) {
    return own ? own->puts : 0;
}
