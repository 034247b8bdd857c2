#include "heap/visit.h"

#include "base/system.h"
#include "heap/arena.h"
#include "heap/find.h"
#include "heap/orphans.h"
#include "heap/thread.h"
#include "os/os.h"

_Thread_local _Atomic(const lm_slab *) *lm_visit_sign;

/* Threads that have no heap, yet or any more, have no sign there either. Those that only free keep a place here until
 * they end; all others share a few. */
enum { OWN_PLACES = 24, SHARED_PLACES = 8, PLACES = OWN_PLACES + SHARED_PLACES };
static struct {
    _Alignas(LM_CACHE_LINE) _Atomic(const lm_slab *) sign;
    _Atomic bool owned;
} places[PLACES];
static _Atomic unsigned own_places; /* count: those that ever had an owner come first */

enum { NOT_YET = -1, NEVER = -2 };
static _Thread_local int own_place __attribute__((tls_model("initial-exec"))) = NOT_YET;

/* A place for the calling thread; NEVER: there is none left, or nobody would notice its end. */
static int take_place(void) {
    for (int i = 0; i < OWN_PLACES; i++) {
        bool owned = false;
        if (!atomic_compare_exchange_strong(&places[i].owned, &owned, true))
            continue;
        if (!lm_thread_notice_end()) {
            atomic_store(&places[i].owned, false);
            return NEVER;
        }
        unsigned used = atomic_load(&own_places);
        while (used <= (unsigned)i &&
               !atomic_compare_exchange_weak(&own_places, &used, (unsigned)i + 1))
            continue;
        return i;
    }
    return NEVER;
}

void lm_visit_leave(bool ends) {
    lm_visit_sign = NULL;
    if (own_place >= 0)
        atomic_store_explicit(&places[own_place].owned, false, memory_order_release);
    own_place = ends ? NEVER : NOT_YET;
}

static LM_NOINLINE _Atomic(const lm_slab *) *share(const lm_slab *slab) {
    for (unsigned i = 0;; i = (i + 1) % SHARED_PLACES) {
        const lm_slab *none = NULL;
        _Atomic(const lm_slab *) *sign = &places[OWN_PLACES + i].sign;
        if (atomic_compare_exchange_strong(sign, &none, slab))
            return sign;
        lm_pause();
    }
}

/* Whoever releases a slab looks at it from now on: that shows before anything that is said there. */
static _Atomic(const lm_slab *) *take_sign(void) {
    if (lm_self != &lm_heap_none) {
        lm_orphans_note_visitor(lm_self);
        return &lm_self->visits;
    }
    if (own_place == NOT_YET)
        own_place = take_place();
    return own_place >= 0 ? &places[own_place].sign : NULL;
}

LM_COLD _Atomic(const lm_slab *) *lm_visit_first(const lm_slab *slab) {
    lm_visit_sign = take_sign();
    if (!lm_visit_sign)
        return share(slab);
    atomic_store_explicit(lm_visit_sign, slab, memory_order_release);
    return lm_visit_sign;
}

lm_slab *lm_visit_begin(lm_visit *visit, const lm_lookup *lookup, uint64_t offset) {
    lm_heap *self = lm_self;
    lm_slab *slab = lm_record_at(lookup, offset), *before = NULL;
    visit->sign = NULL;
    if (atomic_load_explicit(&slab->owner, memory_order_relaxed) == self)
        return slab;
    lm_visit_say(visit, slab);
    for (; slab != before; slab = lm_record_at(lookup, offset)) {
        /* Sequentially consistent, as lm_visit_wait is: either it sees this, or the map has changed. */
        atomic_store(visit->sign, slab);
        before = slab;
    }
    return slab;
}

lm_visit lm_visit_place(const void *p) {
    lm_visit visit = {NULL};
    const lm_arena *arena = lm_arena_of((uintptr_t)p);
    if (arena)
        lm_visit_begin(&visit, arena->lookup, (uintptr_t)p - arena->lookup->base);
    return visit;
}

/* A visitor may have lost its processor; it takes no lock, so it comes back whoever waits. */
static void wait_for(_Atomic(const lm_slab *) *sign, const lm_slab *slab) {
    enum { SPINS = 100 };
    for (unsigned i = 1; atomic_load_explicit(sign, memory_order_acquire) == slab; i++) {
        if (i % SPINS == 0)
            lm_os_nap();
        lm_pause();
    }
}

static void wait_for_heap(lm_heap *heap, const lm_slab *slab) {
    wait_for(&heap->visits, slab);
}

void lm_visit_wait(const lm_slab *slab) {
    atomic_thread_fence(memory_order_seq_cst);
    lm_orphans_each_visitor(wait_for_heap, slab);
    unsigned owned = atomic_load_explicit(&own_places, memory_order_relaxed);
    for (unsigned i = 0; i < owned; i++)
        wait_for(&places[i].sign, slab);
    for (unsigned i = OWN_PLACES; i < PLACES; i++)
        wait_for(&places[i].sign, slab);
}

void lm_visit_forget(void) {
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        atomic_store(&heap->visits, NULL);
    lm_orphans_forget_visitors();
    if (lm_self != &lm_heap_none)
        lm_visit_sign = NULL;
    for (int i = 0; i < PLACES; i++) {
        atomic_store(&places[i].sign, NULL);
        atomic_store(&places[i].owned, i == own_place);
    }
}
