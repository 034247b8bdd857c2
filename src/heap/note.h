/* Findings that are made where nothing can be said: under a lock, or in the middle of a change. They
 * are noted there, all of them, and said when the locks are given: by the thread that noted them, or by
 * another one that has noted something too. */
#ifndef LM_HEAP_NOTE_H
#define LM_HEAP_NOTE_H

#include "heap/layout.h"

/* Slots freed twice at the same time, by the slab's owner and by another thread: neither could see
 * it. It is found when both bits meet, before the slot is handed out again. */
void lm_note_twice(const lm_slab *slab, unsigned word, uint64_t bits);

/* Takes the bits that are also in the word's remote bits out of `pending`, and notes them: the other
 * thread's free stands. By the slab's owner. Returns what is left. */
uint64_t lm_note_sort_out(lm_slab *slab, unsigned word, uint64_t pending);

/* A slot of the calling thread's slab, whose surroundings aren't as they must be. */
void lm_note_damage(const char *slot);

/* Says what was noted; no lock is held. */
void lm_note_say_slow(void);

/* Whether the thread has noted anything that may not be said yet. */
extern _Thread_local bool lm_noted __attribute__((tls_model("initial-exec")));

extern lm_lock lm_note_lock;

LM_INLINE void lm_note_say(void) {
    if (LM_UNLIKELY(lm_noted))
        lm_note_say_slow();
}

#endif
