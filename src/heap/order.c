#include "heap/order.h"

#include "base/random.h"

/* With fewer slots at a time what it takes to come to the next ones would count. */
enum { FEW = 12 };

void lm_order_begin(lm_heap *heap, lm_slab *slab, lm_pair *pair) {
    const uint64_t at_even_places = 0x5555555555555555;
    slab->rest = 0;
    if (!lm_once.protection.random || lm_once.protection.scatter)
        return;
    uint64_t avail = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    uint64_t odd = lm_random_next(&heap->random) >> 63;
    uint64_t first = avail & at_even_places << odd;
    if (lm_count_bits(first) < FEW)
        return;
    slab->rest = avail & ~first;
    uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
    /* Whoever visits all blocks must not find one there in between. */
    atomic_store_explicit(&pair->pending, pending | slab->rest, memory_order_release);
    atomic_store_explicit(&pair->avail, first, memory_order_release);
}
