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

/* A visit to wherever the pointer leads; to nothing, when it leads to no arena. */
lm_visit lm_visit_place(const void *p);

/* Where the calling thread says what it visits: NULL before its first visit, and when it must share a place. */
extern _Thread_local _Atomic(const lm_slab *) *lm_visit_sign
    __attribute__((tls_model("initial-exec")));

/* Says what it visits there, or in a shared place, and returns where. */
_Atomic(const lm_slab *) *lm_visit_first(const lm_slab *slab);

/* The same in steps, for a visitor that changes something of the block by an atomic exchange in between: that is a
 * fence, which costs as much as all the rest. The last step says whether the slab was still there. */
LM_INLINE void lm_visit_say(lm_visit *visit, const lm_slab *slab) {
    visit->sign = lm_visit_sign;
    if (LM_LIKELY(visit->sign))
        atomic_store_explicit(visit->sign, slab, memory_order_release);
    else
        visit->sign = lm_visit_first(slab);
}

/* Between the two: whether the map leads there still. Not for sure, but a thread that has said its visit and then
 * finds the slab can lose it in the few nanoseconds only until that shows, at the latest when it loses its
 * processor: in that time nobody releases a slab and makes guards of its pages. So what lies there may be read. */
LM_INLINE bool lm_visit_expects(const lm_lookup *lookup, uint64_t offset, const lm_slab *slab) {
    atomic_signal_fence(memory_order_seq_cst);
    return lm_record_at(lookup, offset) == slab;
}

LM_INLINE bool lm_visit_confirm(const lm_lookup *lookup, uint64_t offset, const lm_slab *slab) {
    lm_fence_after_exchange();
    return lm_record_at(lookup, offset) == slab;
}

/* The calling thread ends, or has a heap now: its own place serves another one. `ends`: it takes none again. */
void lm_visit_leave(bool ends);

/* Waits until nobody visits a slab that the map doesn't lead to any more. */
void lm_visit_wait(const lm_slab *slab);

/* In the child of a fork: nobody visits anything. */
void lm_visit_forget(void);

#endif
