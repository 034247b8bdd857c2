#include "stack/depot.h"

#include "base/bits.h"
#include "heap/limits.h"
#include "os/os.h"
#include "stack/climb.h"
#include "stack/modules.h"
#include "stack/object.h"
#include "stack/recall.h"
#include "stack/room.h"
#include "stack/stack.h"

#include <stdatomic.h>
#include <string.h>

/* Three rooms:
 *
 *     heads     stacks                       words
 *     | n |---->| next, hash, at, count |--->| frames ... | modules ... |
 *
 * A head is the number of the newest stack in its chain, an index into the stacks; each stack names
 * the next. A stack is written whole before its chain names it, and never changes then: whoever reads
 * needs no lock. */
typedef struct stack {
    uint32_t next; /* in the chain; 0: the last */
    uint32_t hash;
    uint32_t at; /* where its frames begin, in words */
    uint16_t count;
    bool exact;
} stack;

enum {
    HEADS = 1 << 17,
    OWN_HERE = 3, /* frames of this file's own in a capture, at most */
};

static _Atomic(_Atomic uint32_t *) heads;
static lm_room stacks; /* the first is that of number 1 */
static lm_room words;

static stack *stack_of(uint32_t id) {
    return (stack *)(void *)lm_room_base(&stacks) + (id - 1);
}

static uint32_t count_all(void) {
    return (uint32_t)(atomic_load_explicit(&stacks.used, memory_order_acquire) / sizeof(stack));
}

static uintptr_t *frames_of(const stack *s) {
    return (uintptr_t *)(void *)lm_room_base(&words) + s->at;
}

static uint32_t *modules_of(const stack *s) {
    return (uint32_t *)(void *)(frames_of(s) + s->count);
}

/* Two threads may both begin; one of them wins. */
static LM_COLD _Atomic uint32_t *begin(void) {
    const size_t size = HEADS * sizeof(uint32_t);
    _Atomic uint32_t *there = NULL, *mine = lm_os_reserve(size, 0);
    if (!mine)
        return NULL;
    if (lm_os_commit(mine, size) && atomic_compare_exchange_strong(&heads, &there, mine))
        return mine;
    lm_os_release(mine, size);
    return there;
}

static uint32_t hash_of(const uintptr_t *frames, size_t count, bool exact) {
    uint64_t hash = count * 2 + exact;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ frames[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

/* A stack to be put. */
typedef struct wish {
    const uintptr_t *frames;
    uint32_t modules[LM_DEPOT_FRAMES];
    size_t count;
    uint32_t hash;
    bool exact;
} wish;

/* A return address may lie behind its module. Most frames are in the module of the one before. */
static void find_modules(wish *w) {
    lm_object object = {0};
    uint32_t id = 0;
    for (size_t i = 0; i < w->count; i++) {
        const uintptr_t place = w->frames[i] - !(w->exact && i == 0);
        bool stays;
        if (place - object.start >= object.end - object.start) {
            if (lm_object_find(place, &object))
                id = lm_modules_note(&object, &stays);
            else {
                object.start = object.end = 0;
                id = 0;
            }
        }
        w->modules[i] = id;
    }
}

static bool is(const stack *s, const wish *w) {
    return s->hash == w->hash && s->count == w->count && s->exact == w->exact &&
           memcmp(frames_of(s), w->frames, w->count * sizeof w->frames[0]) == 0 &&
           memcmp(modules_of(s), w->modules, w->count * sizeof w->modules[0]) == 0;
}

static uint32_t find(uint32_t from, uint32_t to, const wish *w) {
    for (uint32_t id = from; id != to; id = stack_of(id)->next)
        if (is(stack_of(id), w))
            return id;
    return 0;
}

static uint32_t write_new(const wish *w) {
    size_t at, id_at;
    const size_t bytes =
        lm_align_up(w->count * (sizeof w->frames[0] + sizeof w->modules[0]), sizeof w->frames[0]);
    if (!lm_room_take(&stacks, LM_DEPOT_STACKS * sizeof(stack), sizeof(stack), &id_at) ||
        !lm_room_take(&words, LM_DEPOT_BYTES, bytes, &at))
        return 0;
    const uint32_t id = (uint32_t)(id_at / sizeof(stack)) + 1;
    stack *s = stack_of(id);
    s->hash = w->hash;
    s->at = (uint32_t)(at / sizeof w->frames[0]);
    s->count = (uint16_t)w->count;
    s->exact = w->exact;
    memcpy(frames_of(s), w->frames, w->count * sizeof w->frames[0]);
    memcpy(modules_of(s), w->modules, w->count * sizeof w->modules[0]);
    return id;
}

static uint32_t put(_Atomic uint32_t *head, const wish *w) {
    uint32_t first = atomic_load_explicit(head, memory_order_acquire), looked_to = 0, mine = 0;
    for (;;) {
        const uint32_t found = find(first, looked_to, w);
        if (found != 0) /* `mine`, if there is one, stays unused: its number is nobody's */
            return found;
        if (mine == 0 && (mine = write_new(w)) == 0)
            return 0;
        looked_to = first;
        stack_of(mine)->next = first;
        if (atomic_compare_exchange_strong_explicit(head, &first, mine, memory_order_acq_rel,
                                                    memory_order_acquire))
            return mine;
    }
}

uint32_t lm_depot_put(const uintptr_t *frames, size_t count, bool exact) {
    _Atomic uint32_t *all = atomic_load_explicit(&heads, memory_order_acquire);
    if (count == 0 || (LM_UNLIKELY(!all) && !(all = begin())))
        return 0;
    wish w;
    w.frames = frames;
    w.count = lm_min(count, LM_DEPOT_FRAMES);
    w.exact = exact;
    w.hash = hash_of(frames, w.count, exact);
    find_modules(&w);
    return put(&all[w.hash % HEADS], &w);
}

/* With all registers, whatever the rules need; `pc` is where this file's caller goes on. */
static LM_NOINLINE uint32_t put_here(uintptr_t pc) {
    uintptr_t frames[LM_DEPOT_FRAMES + OWN_HERE];
    const size_t count = lm_stack_capture(frames, LM_DEPOT_FRAMES + OWN_HERE);
    size_t own = 0;
    if (!lm_object_is_loam(pc))
        while (own < lm_min(OWN_HERE, count) && frames[own] != pc)
            own++;
    return lm_depot_put(frames + own, count - own, false);
}

/* Where the program's own return address lies, or in a test its caller's. */
static void note_caller(lm_trail *trail, const uintptr_t *frames, size_t count, uintptr_t pc) {
    const size_t caller = frames[0] == pc;
    for (size_t i = 0; i < trail->count && caller < count && trail->caller == 0; i++)
        if (trail->slots[i].value == frames[caller])
            trail->caller = trail->slots[i].at;
}

/* Walks from where this file's caller goes on: pc, sp, and the word in which its frame pointer lies, as
 * long as lm_depot_here isn't left. */
static LM_NOINLINE uint32_t walk_here(uintptr_t pc, uintptr_t sp, lm_trail_slot fp) {
    uintptr_t frames[LM_DEPOT_FRAMES];
    lm_climb walk;
    lm_trail trail;
    size_t own = 0;
    walk.registers.at[LM_MACHINE_PC] = pc;
    walk.registers.at[LM_MACHINE_SP] = sp;
    walk.registers.at[LM_MACHINE_FP] = fp.value;
    walk.registers.known =
        (uint64_t)1 << LM_MACHINE_PC | (uint64_t)1 << LM_MACHINE_SP | (uint64_t)1 << LM_MACHINE_FP;
    walk.exact = false;
    trail.fp = fp;
    trail.fp_pending = true;
    if (!lm_object_is_loam(pc))
        frames[own++] = pc;
    const size_t count = own + lm_climb_trail(&walk, frames + own, LM_DEPOT_FRAMES - own, &trail);
    if (trail.lost)
        return put_here(pc);
    const uint32_t id = lm_depot_put(frames, count, false);
    note_caller(&trail, frames, count, pc);
    lm_recall_put(pc, sp, &trail, id);
    return id;
}

LM_NOINLINE uint32_t lm_depot_here(void) {
    if (LM_MACHINE_FRAME_WORDS != 0) {
        const uintptr_t *frame = __builtin_frame_address(0);
        const uintptr_t pc = frame[1], sp = (uintptr_t)(frame + LM_MACHINE_FRAME_WORDS);
        const lm_trail_slot fp = {(uintptr_t)frame, frame[0]};
        const uint32_t id = lm_recall_get(pc, sp);
        return LM_LIKELY(id != 0) ? id : walk_here(pc, sp, fp);
    }
    return put_here((uintptr_t)__builtin_return_address(0));
}

static const stack *known(uint32_t id) {
    return id == 0 || id > count_all() ? NULL : stack_of(id);
}

size_t lm_depot_get(uint32_t id, uintptr_t *frames, size_t max, bool *exact) {
    const stack *s = known(id);
    if (!s)
        return 0;
    memcpy(frames, frames_of(s), lm_min(s->count, max) * sizeof frames[0]);
    if (exact)
        *exact = s->exact;
    return s->count;
}

size_t lm_depot_modules(uint32_t id, uint32_t *modules, size_t max) {
    const stack *s = known(id);
    if (!s)
        return 0;
    memcpy(modules, modules_of(s), lm_min(s->count, max) * sizeof modules[0]);
    return s->count;
}

void lm_depot_forked(void) {}
