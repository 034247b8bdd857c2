/* Which blocks the program can still reach. A word that looks like a pointer is taken for one.
 *
 *   reached            a root, or a reached block, holds the address of its first byte, or one of the few
 *                      addresses inside that are known to stand for the whole (mark_inside.c), or
 *                      many of its kind are held in the same way (mark_habit.c)
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

/* There is one for each live block, when the process has all its memory in use: so it is kept short. */
typedef struct lm_marked {
    uint64_t start : 48;
    uint64_t short_size : 16; /* LM_MARKED_LONG: ask lm_marked_size */
    uint32_t stack : 21;      /* of the allocation */
    uint32_t reach : 2;       /* lm_reach */
    uint32_t indirect : 1;
    uint32_t inside : 1; /* an address inside it was met */
    uint32_t array : 1;  /* it was allocated by new[] */
    uint32_t old : 1;
    uint32_t grouped : 1; /* its group is known */
    /* While roots are followed: the least address inside it that was met, from its start. Then the number of the
     * direct block to whose group it belongs: its own when it is direct. */
    uint32_t leader;
} lm_marked;

_Static_assert(sizeof(lm_marked) == 16, "so much of the peak of memory is each live block's");

enum { LM_MARKED_LONG = UINT16_MAX, LM_MARKED_STACKS = (1 << 21) - 1 };

/* Of the few that are long. */
size_t lm_marked_long(const lm_marked *block);

static inline size_t lm_marked_size(const lm_marked *block) {
    return __builtin_expect(block->short_size < LM_MARKED_LONG, 1) ? (size_t)block->short_size
                                                                   : lm_marked_long(block);
}

/* Takes the live blocks and marks them; those allocated before `since` are old. False: there is no memory for it. lm_mark_end must follow. */
bool lm_mark(uint64_t since);
void lm_mark_end(void);

/* All blocks, in the order of their addresses. */
const lm_marked *lm_mark_blocks(size_t *count);

/* The block that an address lies in or, if it has no bytes, begins at; NULL: none. */
const lm_marked *lm_mark_find(uintptr_t at);

#endif
