/* In which order a word's slots are given, where chance has a part in it below level 3: first the even ones or the
 * odd ones, and chance has which; the others right behind them.
 *
 *   slot    0 1 2 3 4 5 6 7 8 ... 63
 *   first     x   x   x   x   ...  x     available; the others are pending meanwhile, and in slab->rest
 *   rest    x   x   x   x   x ...        available when the first ones are used up
 *
 * So two blocks that are asked for one after the other don't lie side by side. A program that follows pointers through
 * what it allocated goes in even steps all the same, which the processor foresees, and comes to the other half of
 * each line while it still has it. */
#ifndef LM_HEAP_ORDER_H
#define LM_HEAP_ORDER_H

#include "heap/layout.h"

/* A word of the heap's CURRENT slab, which is of a small class, is put in use: of its available slots those stay so
 * that come first. */
void lm_order_begin(lm_heap *heap, lm_slab *slab, lm_pair *pair);

/* Of the word in use, the slots that are still to come. One of them may turn out to have been freed twice meanwhile:
 * then it isn't pending any more. */
LM_INLINE uint64_t lm_order_rest(const lm_slab *slab, const lm_pair *pair) {
    return slab->rest & atomic_load_explicit(&pair->pending, memory_order_relaxed);
}

/* Makes them available: `rest` is what lm_order_rest said. */
LM_INLINE void lm_order_go_on(lm_slab *slab, lm_pair *pair, uint64_t rest) {
    uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
    slab->rest = 0;
    atomic_store_explicit(&pair->avail, rest, memory_order_release);
    atomic_store_explicit(&pair->pending, pending & ~rest, memory_order_release);
}

#endif
