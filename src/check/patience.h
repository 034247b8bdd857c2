/* Locks for who may have interrupted the thread that holds them: a handler of signals that ends the process, or
 * tells of a fault. It waits a moment, and then does without. */
#ifndef LM_CHECK_PATIENCE_H
#define LM_CHECK_PATIENCE_H

#include "base/lock.h"

/* Takes the lock; false when it can't be had. */
bool lm_patience_take(lm_lock *lock);

/* Waits a moment. False when that was done `*tries` too often. */
bool lm_patience_wait(unsigned *tries);

#endif
