/* Memory that was never written: of some blocks against guard pages (exact.h), each access is taken, so that
 * it is known which bytes were written. use.h tells which reads of others are told.
 *
 * A tracked block's pages can't be touched. What they hold lies apart; a simple move is done there in the
 * handler; for any other instruction the pages are opened, for it alone. A block is tracked until it has taken
 * its number of faults, is freed, or is handed to a system call (dispatch.h). Only while the process has one
 * thread: another one would see pages open, and its system calls couldn't be taken. */
#ifndef LM_CHECK_SHADOW_H
#define LM_CHECK_SHADOW_H

#include "check/blocks.h"
#include "check/halt.h"

typedef enum lm_shadow_mode {
    LM_SHADOW_MODE_AUTO,
    LM_SHADOW_MODE_ALL,
    LM_SHADOW_MODE_OFF,
} lm_shadow_mode;

typedef struct lm_shadow_settings {
    lm_shadow_mode mode;
    unsigned faults; /* that one block may cost */
    unsigned share;  /* percent of the run's processor time that all may cost */
} lm_shadow_settings;

extern lm_shadow_settings lm_shadow_setting;

/* Once, after lm_catch_start. False: nothing is tracked here. */
bool lm_shadow_start(void);

/* Whether the next block of this call stack is to be tracked. */
bool lm_shadow_due(uint32_t stack);

/* The live block against guards that begins at `p` is tracked from now on; all or none of its bytes were written,
 * by the program. What it holds now is what it seems to hold. */
bool lm_shadow_track(void *p, bool written);

/* Blocks in this range, or all, aren't tracked any more, and their pages are open. Before their memory is
 * touched by who mustn't be stopped: the kernel, the checker itself. */
void lm_shadow_release(const void *at, size_t bytes);
void lm_shadow_release_all(void);

/* Whether any block is tracked. */
bool lm_shadow_tracks(void);

/* Whether all bytes of the range are known to have been written or aren't tracked; else *first is the offset
 * of the first one that wasn't. */
bool lm_shadow_written(const void *at, size_t bytes, size_t *first);

/* memmove with what is known of the bytes, and without faults. False: neither range lies in a tracked block as a
 * whole, and nothing was done. */
bool lm_shadow_move(void *to, const void *from, size_t bytes);

/* Where what a tracked block seems to hold at this address lies; NULL: it isn't tracked, or its pages are open. */
const void *lm_shadow_content(const void *at);

/* The pages of a block are open for a system call that is given a part of it, and are closed again: `written`
 * bytes from there on were written meanwhile. */
void lm_shadow_lend(const void *at, size_t bytes);
void lm_shadow_back(const void *at, size_t written);

/* Blocks at this address aren't tracked any more, unless they are lent. */
void lm_shadow_open(const void *at);

/* In the handler of faults: whether it was about a tracked block, and the program may go on. */
bool lm_shadow_fault(lm_halt *m, uintptr_t at);

/* In the handler of single steps: whether values are being followed (use.h), and so the program steps on. */
bool lm_shadow_look(ucontext_t *context);

/* The place of the latest read that was told, when eight bytes of this value were read there; else 0. */
uintptr_t lm_shadow_told(uintptr_t value, lm_block *block);

/* They are no more followed: the program's own handler is about to run. */
void lm_shadow_look_away(ucontext_t *context);

typedef struct lm_shadow_counts {
    uint64_t looks, tracked, faults, emulated, stepped, released, told;
} lm_shadow_counts;
extern lm_shadow_counts lm_shadow_count;

#endif
