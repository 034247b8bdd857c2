/* Some programs put a header before each block and keep only pointers behind it: strings with their length,
 * objects with what a collector needs, things that are listed by a member. No such pointer is a chance, and no
 * such block is lost. They are known by their number. */
#ifndef LM_CHECK_MARK_HABIT_H
#define LM_CHECK_MARK_HABIT_H

#include "check/mark.h"

#include <stdbool.h>
#include <stddef.h>

/* So many bytes from the start an address may lie behind a header; others are a habit each for itself (sqlite
 * keeps what it knows of a page behind the page's bytes). */
enum { LM_HABIT_HEADER = 64 };

/* After lm_mark_habit_start: counts the blocks that only an address inside is held of, by where they were allocated
 * and which address that is. lm_mark_habit asks for what was counted, now or before: whether the place has enough
 * blocks that are held by one such address. */
void lm_mark_habit_start(void);
void lm_mark_habit_count(const lm_marked *blocks, size_t count);
bool lm_mark_habit(const lm_marked *block);

#endif
