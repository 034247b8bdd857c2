#include "stack/depot.h"

#include "base/bits.h"
#include "heap/limits.h"
#include "os/os.h"
#include "stack/object.h"
#include "stack/stack.h"

#include <stdatomic.h>
#include <string.h>

/* One reserved range, committed as it fills:
 *
 *     | heads | stacks .............. | words ............................ |
 *       |        ^    |                  ^
 *       +--------+    +------------------+
 *
 * A head is the number of the newest stack in its chain, an index into `stacks`; each stack names the
 * next. A stack is written whole before its chain names it, and never changes then: whoever reads
 * needs no lock. */
typedef struct stack {
    uint32_t next; /* in the chain; 0: the last */
    uint32_t hash;
    uint32_t at; /* where its frames begin, an index into words */
    uint16_t count;
    bool exact;
} stack;

/* A part of the range of which ever more is in use. */
typedef struct part {
    _Atomic uint64_t used;      /* units */
    _Atomic uint64_t committed; /* bytes */
} part;

enum { HEADS_LOG2 = 17, STEP = 256 << 10 };

#define HEADS_SIZE  lm_align_up(sizeof(uint32_t) << HEADS_LOG2, STEP)
#define STACKS_SIZE lm_align_up(LM_DEPOT_STACKS * sizeof(stack), STEP)
#define WORDS_SIZE  lm_align_up(LM_DEPOT_BYTES, STEP)

static _Atomic(char *) depot;
static part stacks = {1, 0}; /* 0 is no number */
static part words;

static _Atomic uint32_t *head_of(char *base, uint32_t hash) {
    return (_Atomic uint32_t *)(void *)base + (hash & ((1u << HEADS_LOG2) - 1));
}

static stack *stack_of(char *base, uint32_t id) {
    return (stack *)(void *)(base + HEADS_SIZE) + id;
}

static uintptr_t *frames_of(char *base, const stack *s) {
    return (uintptr_t *)(void *)(base + HEADS_SIZE + STACKS_SIZE) + s->at;
}

/* Two threads may both begin; one of them wins. */
static LM_COLD char *begin(void) {
    const size_t size = HEADS_SIZE + STACKS_SIZE + WORDS_SIZE;
    char *base = lm_os_reserve(size, 0), *there = NULL;
    if (!base)
        return NULL;
    if (lm_os_commit(base, HEADS_SIZE) && atomic_compare_exchange_strong(&depot, &there, base))
        return base;
    lm_os_release(base, size);
    return there;
}

static bool commit(part *p, char *at, uint64_t end, uint64_t limit) {
    uint64_t committed = atomic_load_explicit(&p->committed, memory_order_acquire);
    if (end > limit)
        return false;
    if (end <= committed)
        return true;
    const uint64_t wanted = lm_align_up(end, STEP);
    if (!lm_os_commit(at + committed, wanted - committed))
        return false;
    while (committed < wanted &&
           !atomic_compare_exchange_weak_explicit(&p->committed, &committed, wanted,
                                                  memory_order_release, memory_order_acquire))
        ;
    return true;
}

/* Where the next `units` of a part begin; false when it is full. */
static bool take(part *p, char *at, uint64_t limit, uint64_t unit, uint64_t units,
                 uint32_t *start) {
    uint64_t used = atomic_load_explicit(&p->used, memory_order_relaxed);
    do {
        if (!commit(p, at, (used + units) * unit, limit))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&p->used, &used, used + units,
                                                    memory_order_relaxed, memory_order_relaxed));
    *start = (uint32_t)used;
    return true;
}

static uint32_t hash_of(const uintptr_t *frames, size_t count, bool exact) {
    uint64_t hash = count * 2 + exact;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ frames[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

static bool is(char *base, const stack *s, uint32_t hash, const uintptr_t *frames, size_t count,
               bool exact) {
    return s->hash == hash && s->count == count && s->exact == exact &&
           memcmp(frames_of(base, s), frames, count * sizeof frames[0]) == 0;
}

static uint32_t find(char *base, uint32_t from, uint32_t to, uint32_t hash, const uintptr_t *frames,
                     size_t count, bool exact) {
    for (uint32_t id = from; id != to; id = stack_of(base, id)->next)
        if (is(base, stack_of(base, id), hash, frames, count, exact))
            return id;
    return 0;
}

static uint32_t write_new(char *base, uint32_t hash, const uintptr_t *frames, size_t count,
                          bool exact) {
    uint32_t at, id;
    if (!take(&words, base + HEADS_SIZE + STACKS_SIZE, WORDS_SIZE, sizeof frames[0], count, &at) ||
        !take(&stacks, base + HEADS_SIZE, STACKS_SIZE, sizeof(stack), 1, &id))
        return 0;
    stack *s = stack_of(base, id);
    s->hash = hash;
    s->at = at;
    s->count = (uint16_t)count;
    s->exact = exact;
    memcpy(frames_of(base, s), frames, count * sizeof frames[0]);
    return id;
}

uint32_t lm_depot_put(const uintptr_t *frames, size_t count, bool exact) {
    char *base = atomic_load_explicit(&depot, memory_order_acquire);
    if (count == 0 || (!base && !(base = begin())))
        return 0;
    count = lm_min(count, LM_DEPOT_FRAMES);
    const uint32_t hash = hash_of(frames, count, exact);
    _Atomic uint32_t *head = head_of(base, hash);
    uint32_t first = atomic_load_explicit(head, memory_order_acquire), looked_to = 0, mine = 0;
    for (;;) {
        const uint32_t found = find(base, first, looked_to, hash, frames, count, exact);
        if (found != 0) /* `mine`, if there is one, stays unused: its number is nobody's */
            return found;
        if (mine == 0 && (mine = write_new(base, hash, frames, count, exact)) == 0)
            return 0;
        looked_to = first;
        stack_of(base, mine)->next = first;
        if (atomic_compare_exchange_strong_explicit(head, &first, mine, memory_order_release,
                                                    memory_order_acquire))
            return mine;
    }
}

LM_NOINLINE uint32_t lm_depot_here(void) {
    uintptr_t frames[LM_DEPOT_FRAMES + 1];
    const size_t count = lm_stack_capture(frames, LM_DEPOT_FRAMES + 1);
    uintptr_t here;
    uint32_t (*function)(void) = lm_depot_here;
    memcpy(&here, &function, sizeof here);
    const size_t own =
        !lm_object_is_loam(here) && count > 0; /* then the first is into this function */
    return lm_depot_put(frames + own, count - own, false);
}

size_t lm_depot_get(uint32_t id, uintptr_t *frames, size_t max, bool *exact) {
    char *base = atomic_load_explicit(&depot, memory_order_acquire);
    if (!base || id == 0 || id >= atomic_load_explicit(&stacks.used, memory_order_acquire))
        return 0;
    const stack *s = stack_of(base, id);
    memcpy(frames, frames_of(base, s), lm_min(s->count, max) * sizeof frames[0]);
    if (exact)
        *exact = s->exact;
    return s->count;
}

void lm_depot_forked(void) {}
