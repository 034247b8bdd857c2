/* Which blocks the program can still reach. A word that looks like a pointer is taken for one.
 *
 *   reached            a root, or a reached block, holds the address of its first byte, or one of the few
 *                      addresses inside that are known to stand for the whole (mark_inside.c)
 *   possible           only addresses inside it are held; or only possible blocks lead to it
 *   lost               nothing leads to it, but perhaps other lost blocks
 *
 * Of the possible and of the lost ones, those that another one leads to are indirect: they belong to its
 * group. In a ring one is direct. The address one past a block's end is not in it.
 *
 * While the world is stopped, between lm_roots_start and lm_roots_end. */
#ifndef LM_CHECK_MARK_H
#define LM_CHECK_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum lm_reach { LM_REACH_LOST, LM_REACH_POSSIBLE, LM_REACH_REACHED } lm_reach;

/* No block is larger: keeps compilers content. */
#define LM_MARKED_SIZE (((uint64_t)1 << 56) - 1)

typedef struct lm_marked {
    uintptr_t start;
    uint64_t size : 56;
    uint64_t reach : 4; /* lm_reach */
    uint64_t indirect : 1;
    uint64_t inside : 1; /* an address inside it was met */
    uint64_t array : 1;  /* it was allocated by new[] */
    uint64_t old : 1;
    uint32_t stack; /* of the allocation */
    uint32_t
        leader; /* number of the direct block to whose group it belongs: its own when it is direct */
} lm_marked;

/* Takes the live blocks and marks them; those allocated before `since` are old. False: there is no memory for it. lm_mark_end must follow. */
bool lm_mark(uint64_t since);
void lm_mark_end(void);

/* All blocks, in the order of their addresses. */
const lm_marked *lm_mark_blocks(size_t *count);

/* The block that an address lies in or, if it has no bytes, begins at; NULL: none. */
const lm_marked *lm_mark_find(uintptr_t at);

#endif
