/* Freed blocks rest here, filled, before the heap may use their places again: first in, first out. */
#ifndef LM_CHECK_QUARANTINE_H
#define LM_CHECK_QUARANTINE_H

#include "check/table.h"
#include "check/watcher.h"

/* A block in state BUSY that was just freed: fills it, or takes its memory away, sets its state, and keeps
 * it. `call` is what frees it. */
void lm_quarantine_put(lm_watcher *watcher, const lm_place *place);

/* Hands over what a thread has. */
void lm_quarantine_flush(lm_watcher *watcher);

/* Until lm_quarantine_let_go nothing leaves the quarantine, so every block that lives or rests stays where it
 * is. By one thread at a time. False: not now. */
bool lm_quarantine_hold(void);
void lm_quarantine_let_go(void);

/* In a child of fork. */
void lm_quarantine_forked(void);

/* Bytes; set at start. */
#define LM_QUARANTINE_AUTO SIZE_MAX
extern size_t lm_quarantine_limit;
extern lm_lock lm_quarantine_lock;

#endif
