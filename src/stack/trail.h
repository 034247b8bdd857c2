/* What a walk up the stack went by: the words of the stack that it read and needed, in the order in
 * which it read them, and the object files whose unwind tables told it where. Whoever finds the same
 * words in the same places would walk the same way (recall.h). */
#ifndef LM_STACK_TRAIL_H
#define LM_STACK_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LM_TRAIL_SLOTS = 96, /* a walk that reads more leaves no whole trail */
    LM_TRAIL_CHECKS = 8,
};

typedef struct lm_trail_slot {
    uintptr_t at;
    uintptr_t value;
} lm_trail_slot;

/* An object file that may be unloaded some day. */
typedef struct lm_trail_check {
    uintptr_t place; /* an address in it */
    uint32_t module;
    uint32_t before; /* the slot from which on its tables led the way */
} lm_trail_check;

typedef struct lm_trail {
    bool whole; /* else the slots don't tell all */
    bool lost;  /* the walk ended where it might go on with registers that weren't tracked */
    size_t count, checks;
    lm_trail_slot slots[LM_TRAIL_SLOTS];
    lm_trail_check check[LM_TRAIL_CHECKS];
    uintptr_t caller; /* the slot whose word says most about which stack it is; 0: none */
    lm_trail_slot fp; /* where the frame pointer was read last, and isn't among the slots yet */
    bool fp_pending;
} lm_trail;

#endif
