/* Slots freed twice at the same time: by the slab's owner and by another thread. Neither could see
 * it; it is found when both bits meet, before the slot is handed out again. That may be under a
 * lock, so it is noted there and said later. */
#ifndef LM_HEAP_TWICE_H
#define LM_HEAP_TWICE_H

#include "heap/layout.h"

/* Takes the bits that are also in the word's remote bits out of `pending`: the other thread's free
 * stands. By the slab's owner. Returns what is left. */
uint64_t lm_twice_sort_out(lm_slab *slab, unsigned word, uint64_t pending);

/* Notes that the calling thread has found slots freed twice; of several the first is said. */
void lm_twice_note(const lm_slab *slab, unsigned word, uint64_t bits);

/* Says what was noted; no lock is held. */
void lm_twice_say_slow(void);

extern _Thread_local const char *lm_twice_noted __attribute__((tls_model("initial-exec")));

LM_INLINE void lm_twice_say(void) {
    if (LM_UNLIKELY(lm_twice_noted != NULL))
        lm_twice_say_slow();
}

#endif
