/* Leaks in groups: one for each kind and stack of allocation. */
#ifndef LM_CHECK_GROUPS_H
#define LM_CHECK_GROUPS_H

#include "check/mark.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_group {
    uint32_t stack;                         /* of the direct blocks' allocation */
    uint8_t reach;                          /* LM_REACH_LOST or LM_REACH_POSSIBLE */
    size_t blocks, bytes;                   /* direct */
    size_t indirect_blocks, indirect_bytes; /* what only the direct ones lead to */
    uintptr_t example;                      /* the first byte of the largest direct block */
    size_t example_size;
} lm_group;

/* Makes them of what was marked; blocks that are old lead none. False: there is no memory. */
bool lm_groups_make(void);

/* The heaviest first. */
const lm_group *lm_groups(size_t *count);

void lm_groups_end(void);

#endif
