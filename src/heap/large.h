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

#include "heap/protect.h"

/* A block of at least `size` bytes, its address a multiple of `alignment` (a power of two); NULL
 * when there is no memory. With `zero` all its bytes are 0. */
void *lm_large_new(size_t size, size_t alignment, lm_family family, bool zero);

/* Frees a block, on behalf of a call that says this size and alignment of it. Returns false, and
 * changes nothing, when it is free already. */
bool lm_large_free(void *block, const lm_way *way, size_t size, size_t alignment);

/* What a live block was asked for; its size alone may be asked for at any time. */
size_t lm_large_size(const lm_span *span);
lm_asked lm_large_asked(const lm_span *span);

/* Whether what stands behind a live block is as it must be; else *finding says what is wrong. */
bool lm_large_check(const lm_span *span, lm_finding *finding, const char *when);

/* The same, and whether the call is right about it; reports what is wrong. */
lm_asked lm_large_judge(const lm_span *span, const lm_way *way, size_t size, size_t alignment);

/* Takes a live block, so that nobody else can free or resize it meanwhile: who tries finds it freed. NULL
 * when it isn't live. What was claimed is let go of by one of the others. */
lm_span *lm_large_claim(const void *block);
void lm_large_unclaim(lm_span *span);
void lm_large_free_claimed(lm_span *span);

/* A claimed block with a new size, above what a slot has, in place or moved; it is nobody's claim any more. NULL
 * when there is no memory, the old block is then unchanged. */
void *lm_large_resize(lm_span *span, size_t size);

/* Brings the content of a live block to another, as far as both reach, by its pages where that is cheaper: what the
 * first holds then is anything. Both are the caller's alone. */
void lm_large_move_content(const void *to, const void *from);

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
    return (char *)lm_once.lookups[span->arena].base + span->start;
}

#endif
