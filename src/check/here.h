/* Who calls, and when. */
#ifndef LM_CHECK_HERE_H
#define LM_CHECK_HERE_H

#include "check/clock.h"
#include "check/table.h"
#include "check/watcher.h"
#include "stack/depot.h"

LM_INLINE uint32_t lm_here(void) {
    return lm_depot_here();
}

LM_INLINE lm_moment lm_moment_here(lm_watcher *watcher) {
    return lm_moment_of(lm_clock_read(&watcher->clock), watcher->number);
}

#endif
