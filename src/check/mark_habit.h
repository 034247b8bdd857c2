/* Some programs put a header before each block and keep only pointers behind it: strings with their length,
 * objects with what a collector needs, things that are listed by a member. No such pointer is a chance, and no
 * such block is lost. They are known by their number. */
#ifndef LM_CHECK_MARK_HABIT_H
#define LM_CHECK_MARK_HABIT_H

#include "check/mark.h"

#include <stdbool.h>
#include <stddef.h>

/* The farthest address in a block that counts, in bytes from its start. */
enum { LM_HABIT_FARTHEST = 64 };

/* Counts the blocks that only an address inside is held of, by where they were allocated and which address that
 * is. lm_mark_habit asks for what was counted: whether there are enough blocks like this one. */
void lm_mark_habit_count(const lm_marked *blocks, size_t count);
bool lm_mark_habit(const lm_marked *block);

#endif
