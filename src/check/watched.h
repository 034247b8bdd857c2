/* The addresses between which all blocks lie: the first question about an address that a program gives to the C
 * library, which most often is the last. */
#ifndef LM_CHECK_WATCHED_H
#define LM_CHECK_WATCHED_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` bytes from `low` on. */
typedef struct lm_watched_range {
    uintptr_t low;
    size_t size;
} lm_watched_range;

extern LM_HIDDEN lm_watched_range lm_watched;

LM_INLINE bool lm_is_watched(const void *at) {
    return (uintptr_t)at - __atomic_load_n(&lm_watched.low, __ATOMIC_RELAXED) <
           __atomic_load_n(&lm_watched.size, __ATOMIC_RELAXED);
}

/* Whether it is known of any block which of its bytes were written. Only then is a read of a string told that is
 * known to lie in its block: that question costs as much as where the block ends. Set by who keeps track, for good. */
extern LM_HIDDEN bool lm_watched_bytes;

/* Blocks will lie here too. Called with the range that is reserved for them, before the first of them is
 * handed out; whoever calls makes sure that no other thread does at the same time. */
void lm_watched_add(uintptr_t low, size_t size);

#endif
