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

/* The class of a request of up to most_in_slot() bytes, at the level of protection that is in force. */
static inline unsigned class_of(size_t size) {
    if (size == 0)
        return lm_once.protection.zero_traps ? LM_CLASS_ZERO : 0;
    return lm_class_of(size + lm_once.tail);
}

static inline size_t most_in_slot(void) {
    return LM_MEDIUM_MAX;
}

/* The largest request that the class serves. */
static inline size_t most_of(unsigned class) {
    return class == LM_CLASS_ZERO ? 0
                                  : lm_min(lm_classes[class].room - lm_once.tail, LM_MEDIUM_MAX);
}

/* Whether requests lead to the class: at the highest level, several may have the same room. */
static inline bool serves(unsigned class) {
    return class_of(most_of(class)) == class;
}

/* What can be used of a block of so many bytes: just those where the heap knows them, else all that
 * its slot has room for. */
static inline size_t usable_of(size_t size) {
    unsigned class = class_of(size);
    return lm_once.tail || class == LM_CLASS_ZERO ? size : lm_classes[class].room;
}

/* How many slabs of a request's class there are. */
static inline size_t slabs_for(size_t size) {
    return stats_now().by_class[class_of(size)].slabs;
}

#endif
