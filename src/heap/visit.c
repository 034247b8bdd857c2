#include "heap/visit.h"

#include "base/system.h"
#include "heap/arena.h"
#include "heap/find.h"
#include "heap/orphans.h"
#include "heap/thread.h"
#include "os/os.h"

/* Threads that have no heap, yet or any more, have no sign either: they share a few. */
enum { GUESTS = 8 };
static _Atomic(const lm_slab *) guests[GUESTS];

LM_NOINLINE _Atomic(const lm_slab *) *lm_visit_guest(const lm_slab *slab) {
    for (unsigned i = 0;; i = (i + 1) % GUESTS) {
        const lm_slab *none = NULL;
        if (atomic_compare_exchange_strong(&guests[i], &none, slab))
            return &guests[i];
        lm_pause();
    }
}

lm_slab *lm_visit_begin(lm_visit *visit, const lm_lookup *lookup, uint64_t offset) {
    lm_heap *self = lm_self;
    lm_slab *slab = lm_record_at(lookup, offset), *before = NULL;
    visit->sign = NULL;
    if (atomic_load_explicit(&slab->owner, memory_order_relaxed) == self)
        return slab;
    visit->sign = LM_LIKELY(self != &lm_heap_none) ? &self->visits : lm_visit_guest(slab);
    for (; slab != before; slab = lm_record_at(lookup, offset)) {
        /* Sequentially consistent, as lm_visit_wait is: either it sees this, or the map has changed. */
        atomic_store(visit->sign, slab);
        before = slab;
    }
    return slab;
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

void lm_visit_wait(const lm_slab *slab) {
    atomic_thread_fence(memory_order_seq_cst);
    for (lm_heap *heap = atomic_load_explicit(&lm_heaps, memory_order_acquire); heap;
         heap = heap->next)
        wait_for(&heap->visits, slab);
    for (unsigned i = 0; i < GUESTS; i++)
        wait_for(&guests[i], slab);
}

void lm_visit_forget(void) {
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        atomic_store(&heap->visits, NULL);
    for (unsigned i = 0; i < GUESTS; i++)
        atomic_store(&guests[i], NULL);
}
