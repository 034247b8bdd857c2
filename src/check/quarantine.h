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

/* Looks at everything that rests, on behalf of `call`. */
void lm_quarantine_look(const char *call);

extern size_t lm_quarantine_limit; /* bytes; set at start */
extern lm_lock lm_quarantine_lock;

#endif
