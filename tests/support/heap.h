/* What tests of the heap ask again and again. */
#ifndef TESTS_SUPPORT_HEAP_H
#define TESTS_SUPPORT_HEAP_H

#include "heap/arena.h"
#include "heap/find.h"
#include "heap/verify.h"
#include "loam/loam.h"

/* With cmocka's assertions: all invariants hold. */
#define assert_sound() assert_int_equal(lm_verify(), 0)

static inline lm_slab *slab_of(const void *p) {
    return lm_find(p).slab;
}

static inline lm_span *span_of(const void *p) {
    return lm_find(p).span;
}

static inline loam_stats stats_now(void) {
    loam_stats stats;
    loam_get_stats(&stats);
    return stats;
}

/* Bytes of all arenas that the statistics speak of. */
static inline size_t committed_bytes(void) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < atomic_load(&lm_arena_count); i++)
        bytes += lm_arenas[i].committed;
    return bytes;
}

/* How many slabs of a request's class there are. */
static inline size_t slabs_for(size_t size) {
    return stats_now().by_class[lm_class_of(size)].slabs;
}

#endif
