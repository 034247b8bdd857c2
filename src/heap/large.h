/* Large blocks: each a span, a run of units of its own between two guards.
 *
 *   | guard | block: whole pages               | guard | rest of the last unit |
 *   ^ first unit                                                               ^ first + units
 *           ^ start        start + bytes       ^
 *
 * A freed span rests for a while with its guards and its memory, for the next request of about its
 * size: a loop over large blocks then needs no system call. Any thread may call everything here; no
 * lock is held. */
#ifndef LM_HEAP_LARGE_H
#define LM_HEAP_LARGE_H

#include "conf/options.h"
#include "heap/layout.h"

/* Settings, written once before the first call of anything here. */
typedef struct lm_large_settings {
    lm_guards guards; /* not LM_GUARDS_AUTO */
    size_t mappings;  /* count: how many mappings of their own guards and moved blocks may cost */
} lm_large_settings;

extern lm_large_settings lm_large_setting;

/* A block of at least `size` bytes, its address a multiple of `alignment` (a power of two); NULL
 * when there is no memory. With `zero` all its bytes are 0. */
void *lm_large_new(size_t size, size_t alignment, bool zero);

/* Frees a block. Returns false, and changes nothing, when it is free already. */
bool lm_large_free(void *block);

/* The block with a new size, above LM_SLOT_MAX, in place or moved; NULL when there is no memory,
 * the old block is then unchanged. */
void *lm_large_resize(lm_span *span, size_t size);

/* Gives the resting spans' units back. */
void lm_large_flush(void);

/* Bytes of the blocks of resting spans. */
size_t lm_large_resting(void);

/* How many blocks were made since start. */
extern _Atomic uint64_t lm_large_count;

extern lm_lock lm_large_lock;

/* The largest block and alignment, in bytes: units are counted in 32 bits. */
static const size_t LM_LARGE_MAX = (size_t)1 << 43;

LM_INLINE char *lm_span_address(const lm_span *span) {
    return (char *)lm_lookups[span->arena].base + span->start;
}

#endif
