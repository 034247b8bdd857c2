/* Looking at a block in a slab of somebody else's.
 *
 * Its record and its memory stay as long as the block is live. But two threads may free one block at
 * once, and then the owner may release the slab while the slower one still looks. So whoever goes to a
 * slab that isn't his own says which one first, in a place of his own, and then makes sure that the map
 * still leads there. Whoever releases a slab takes it out of the map first, and then waits until nobody
 * says it any more. (Hazard pointers: Michael, 2004.)
 *
 *   visitor   1 says: slab     2 map still leads to it?   3 looks, claims, sets its bit   4 unsays it
 *   releaser  1 out of the map 2 anyone says it? waits    3 its units and record may serve others
 *
 * A visit is short: during it no lock is taken, no memory allocated, and no slab released. */
#ifndef LM_HEAP_VISIT_H
#define LM_HEAP_VISIT_H

#include "heap/find.h"
#include "heap/layout.h"
#include "heap/thread.h"

/* Where a thread says what it visits; NULL: nothing, since the slab is its own. */
typedef struct lm_visit {
    _Atomic(const lm_slab *) *sign;
} lm_visit;

/* Ends it; a second time does nothing. */
LM_INLINE void lm_visit_end(lm_visit *visit) {
    if (visit->sign)
        atomic_store_explicit(visit->sign, NULL, memory_order_release);
    visit->sign = NULL;
}

/* Begins a visit to whatever holds the offset, and returns its record. That stays, with the memory that it
 * describes, until lm_visit_end; the block may be freed meanwhile. Any thread. */
lm_slab *lm_visit_begin(lm_visit *visit, const lm_lookup *lookup, uint64_t offset);

/* The place of a thread without a heap, where it says the slab already. */
_Atomic(const lm_slab *) *lm_visit_guest(const lm_slab *slab);

/* The same as most visits go: to a slab of somebody else's, which stays where it is while this looks. NULL,
 * and nothing was begun: it is one of the others. */
LM_INLINE lm_slab *lm_visit_begin_usual(lm_visit *visit, const lm_lookup *lookup, uint64_t offset) {
    lm_heap *self = lm_self;
    lm_slab *slab = lm_record_at(lookup, offset);
    if (LM_UNLIKELY(atomic_load_explicit(&slab->owner, memory_order_relaxed) == self))
        return NULL;
    if (LM_LIKELY(self != &lm_heap_none)) {
        visit->sign = &self->visits;
        atomic_store(visit->sign, slab); /* as in lm_visit_begin */
    } else {
        visit->sign = lm_visit_guest(slab);
    }
    if (LM_LIKELY(lm_record_at(lookup, offset) == slab))
        return slab;
    lm_visit_end(visit);
    return NULL;
}

/* Waits until nobody visits a slab that the map doesn't lead to any more. */
void lm_visit_wait(const lm_slab *slab);

/* In the child of a fork: nobody visits anything. */
void lm_visit_forget(void);

#endif
