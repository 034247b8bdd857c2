/* Remembers what the unwind tables say about places that were met before, in a form that takes one
 * or two loads to follow.
 *
 * An entry has two words, and no lock: the rule, and a key made of the place, the rule and the
 * identity of the object. Whoever looks computes the key again from what it has read. So an entry
 * that two threads wrote at once, or one of a library that went and left its addresses to another,
 * is simply not found.
 *
 * The identity is the first eight bytes of the build-id as they stand in memory now, and where the
 * object begins: same place, same build, same address is the same rule. Objects without build-id in
 * their first page aren't remembered, but for the program itself, which never goes. */
#ifndef LM_STACK_CACHE_H
#define LM_STACK_CACHE_H

#include "stack/object.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A rule in one word:
 *
 *     63       48 47              16 15          6 5  4 3    2 1    0
 *     | fp value | CFA value (bytes)| identity / 4 |end| | fp  | CFA |
 *
 * The return address is the word below the CFA. */
typedef uint64_t lm_cache_rule;

enum {
    LM_CACHE_CFA_SP,
    LM_CACHE_CFA_FP,
    LM_CACHE_CFA_LOADED
}; /* sp + v, fp + v, the word at fp + v */
enum {
    LM_CACHE_FP_SAME,
    LM_CACHE_FP_AT_CFA,
    LM_CACHE_FP_AT_FP
}; /* the word at CFA + v, at fp + v */

typedef struct lm_cache_step {
    uint8_t cfa;
    uint8_t fp;
    bool last; /* there is no caller */
    int32_t cfa_value;
    int16_t fp_value;
} lm_cache_step;

typedef struct lm_cache_entry {
    _Atomic uint64_t key;
    _Atomic lm_cache_rule rule;
} lm_cache_entry;

typedef struct lm_cache_table {
    lm_cache_entry *entries; /* 2^log2 of them, all zero at first */
    unsigned log2;
} lm_cache_table;

/* From now on this table is the cache; nothing of it may go. The one that there is without it has few entries, for
 * programs of which stacks are seldom wanted: each takes memory. Any thread. */
void lm_cache_use(const lm_cache_table *other);

/* What was remembered of `pc`, which is an address in `object`. */
bool lm_cache_get(uintptr_t pc, const lm_object *object, lm_cache_step *step);

void lm_cache_put(uintptr_t pc, const lm_object *object, const lm_cache_step *step);

#endif
