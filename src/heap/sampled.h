/* Sampled guards: about one small allocation in `mean` lies by itself in a page between two guard
 * pages, against one of them, with the call stacks of who made and who freed it. An access past the
 * end, or after the free, stops the program at once. The places are few and used in turn, the one
 * that was freed longest ago first; base/samples.h draws them and their table.
 *
 *      block at the page's end:           | guard | ... mark | block | slack | guard |
 *      at its start, by chance as often:  | guard | block | mark ...         | guard |
 *
 * A place's state is claimed by compare-and-swap; lm_sampled_lock guards the queue of places that
 * are free, and the making of them all. Call stacks are taken without any lock. */
#ifndef LM_HEAP_SAMPLED_H
#define LM_HEAP_SAMPLED_H

#include "base/samples.h"
#include "heap/find.h"
#include "heap/protect.h"

extern lm_lock lm_sampled_lock;

/* Counts since start: allocations that were sampled; those that should have been, but had no place. */
extern _Atomic uint64_t lm_sampled_count, lm_sampled_missed;

/* By chance, how many allocations it is until the next sample, that one included: at least 1.
 * `random`: a state for lm_random_next. */
uint64_t lm_sampled_draw(uint64_t *random);

/* A block in a place of its own, all zero; NULL when it is none to be sampled, or there is no place.
 * No lock is held. `kind`: lm_kind_of. */
void *lm_sampled_new(size_t size, uint64_t kind, uint64_t chance);

/* Frees it, after a look at what stands around it and what the caller says of it. False: it is free
 * already. No lock is held. */
bool lm_sampled_free(lm_sample *sample, const lm_way *way, size_t size, size_t alignment);

/* Of several threads that free or resize a live block only one gets true; for the others it is free. Unclaim
 * makes it live as before. */
bool lm_sampled_claim(lm_sample *sample);
void lm_sampled_unclaim(lm_sample *sample);
void lm_sampled_free_claimed(lm_sample *sample);

/* Reports what is wrong with a claimed block, on behalf of a call that resizes it. Gives its size. */
size_t lm_sampled_judge(lm_sample *sample, const lm_way *way, size_t size, size_t alignment);

/* The same for its surroundings only: false, and *finding says what was changed. */
bool lm_sampled_check(const lm_sample *sample, lm_finding *finding, const char *when);

/* The table; NULL before the first sample. */
const lm_samples *lm_sampled_table(void);

/* The sample on whose page the address lies; NULL when it is a guard, or outside. */
lm_sample *lm_sampled_at(uintptr_t address);

LM_INLINE bool lm_sampled_is_live(const lm_sample *sample) {
    return atomic_load_explicit(&sample->state, memory_order_acquire) == LM_SAMPLE_LIVE;
}

/* The places are gone with their arena. */
void lm_sampled_reset(void);

#endif
