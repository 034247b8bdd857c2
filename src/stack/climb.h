/* A walk up the stack: step after step from wherever it starts. */
#ifndef LM_STACK_CLIMB_H
#define LM_STACK_CLIMB_H

#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/object.h"
#include "stack/step.h"
#include "stack/trail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_climb {
    lm_registers registers;
    bool exact; /* pc isn't a return address: the function stands at it, not behind a call */
    /* What the caller needn't set: */
    bool remember; /* use the cache, which keeps track of pc, sp and fp only */
    bool object_here;
    unsigned signals;
    lm_extent extent;
    lm_object object; /* that of the last step; most callers are in the same */
} lm_climb;

/* Follows the stack from `registers` and `exact` on: writes at most `max` return addresses and returns
 * how many. When a rule needs registers that weren't tracked on the way, it begins again with all. */
size_t lm_climb_follow(lm_climb *walk, uintptr_t *frames, size_t max);

/* The same once only, and keeps a trail, of which the caller has set `fp` and `fp_pending`: where the
 * frame pointer that the walk starts with lies. Where a rule needs other registers, it ends. */
size_t lm_climb_trail(lm_climb *walk, uintptr_t *frames, size_t max, lm_trail *trail);

#endif
