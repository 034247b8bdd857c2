/* The checker's beginning and end in a process. */
#ifndef LM_CHECK_START_H
#define LM_CHECK_START_H

#include "base/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>

extern _Atomic bool lm_check_ready;

bool lm_check_start_slow(void);

/* Makes heap and checker ready; whatever allocates first. False: there is no memory for them. */
LM_INLINE bool lm_check_start(void) {
    return LM_LIKELY(atomic_load_explicit(&lm_check_ready, memory_order_acquire)) ||
           lm_check_start_slow();
}

/* The process ends with this status: looks at everything, tells what there is to tell, and the end. Once;
 * not in a process that shares its memory with the one that started (vfork). */
void lm_check_finish(int status);

/* The status that quick_exit was called with, for when its handlers are done. */
void lm_check_note_status(int status);

#endif
