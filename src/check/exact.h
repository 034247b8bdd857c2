/* Blocks against guard pages: the access that goes wrong stops the program there and then.
 *
 * A place is a run of pages with a guard page before it; the next place's guard is the one behind. Places of
 * one size lie in a range of their own, so that an address says which place it is about.
 *
 *      at the end     | guard | zeros ... mark | block | slack | guard |      overflow
 *      at the start   | guard | block | mark ... zeros         | guard |      underflow
 *
 * `slack` and `mark` hold a pattern that is looked at when the block is freed. A freed block's pages can't be
 * touched any more; its place rests, with its story, until all others were used since: first freed, first
 * used again.
 *
 * Who gets a place: the first blocks of each call stack, then ever fewer, as long as that takes no more than
 * its share of the run's time, and of memory. */
#ifndef LM_CHECK_EXACT_H
#define LM_CHECK_EXACT_H

#include "base/compiler.h"
#include "check/blocks.h"

typedef enum lm_exact_mode {
    LM_EXACT_MODE_AUTO,
    LM_EXACT_MODE_ALL,
    LM_EXACT_MODE_OFF
} lm_exact_mode;

/* Set before lm_exact_start. */
typedef struct lm_exact_settings {
    lm_exact_mode mode;
    unsigned share;    /* percent of the run's processor time */
    size_t bytes;      /* of pages in live places */
    unsigned mappings; /* that guards may cost where the kernel has no cheap ones */
} lm_exact_settings;

extern lm_exact_settings lm_exact_setting;

/* Once, after lm_os_start. Without it there are no places. */
void lm_exact_start(void);

/* Whether there are places. */
bool lm_exact_ready(void);

/* Whether the next block of this call stack is to be guarded; counts it. */
bool lm_exact_due(uint32_t stack);

/* A block of zeros of `size` bytes in a place, with the story of its allocation (the members allocated...).
 * NULL: none is left, or it is too large. `alignment`: 0 is what malloc owes. */
void *lm_exact_new(size_t size, size_t alignment, const lm_block *story);

/* Frees it; `story` tells of the free (the members freed...). Says what was overwritten beside it. False: `p`
 * is no live block of a place. */
bool lm_exact_free(void *p, const lm_block *story);

/* All places lie between these addresses, and whatever the system put among them: nearly all that is asked for
 * lies elsewhere. Written before the first place is made. */
typedef struct lm_exact_span {
    uintptr_t low;
    size_t size;
} lm_exact_span;

extern lm_exact_span lm_exact_range;

bool lm_exact_has(uintptr_t at);

/* Whether the address lies in the ranges of places. */
LM_INLINE bool lm_exact_owns(const void *p) {
    return LM_UNLIKELY((uintptr_t)p - lm_exact_range.low < lm_exact_range.size) &&
           lm_exact_has((uintptr_t)p);
}

/* The block that the address lies in, or that it misses: of a guard, the nearest block. Any thread, also in
 * handlers of faults; waits for nobody. */
bool lm_exact_find(uintptr_t at, lm_block *block);

/* The live block that begins at this address. */
bool lm_exact_live(uintptr_t start, lm_block *block);

/* Every live block, until `visit` returns false. */
void lm_exact_each(bool (*visit)(const lm_block *block, void *context), void *context);

/* The pages of a live block's place. False: it is none. */
bool lm_exact_pages(uintptr_t at, uintptr_t *start, size_t *bytes);

/* Pages that can't be touched, because they are a guard's or a freed block's: the one of `at` can be touched
 * (`open`), or no longer. False: it is no such page, or the system can't. */
bool lm_exact_page(uintptr_t at, bool open);

/* What is beside the live block was overwritten, and told: not once more when it is freed. */
void lm_exact_forgive(uintptr_t start);

/* Says what was overwritten beside live blocks: when the process ends. */
void lm_exact_look(void);

typedef struct lm_exact_counts {
    _Atomic uint64_t due, made, freed, refused, spent; /* spent: ns */
} lm_exact_counts;
extern lm_exact_counts lm_exact_count;

/* Around a fork: nobody is in the middle of a change, in the child neither. */
void lm_exact_before_fork(void);
void lm_exact_after_fork(bool child);

#endif
