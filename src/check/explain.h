/* Why a program crashed: NULL from an allocation that failed, a pointer that was read from memory never written
 * or freed, a place in or beside a block, the stack's end, or nowhere. */
#ifndef LM_CHECK_EXPLAIN_H
#define LM_CHECK_EXPLAIN_H

#include "check/halt.h"

#include <signal.h>

/* Tells what there is to tell. With `sure`, only what is a mistake whatever the program's handler makes of the
 * fault; false: there is more, for a program that ends by it. */
bool lm_explain(int number, const siginfo_t *info, const lm_halt *m, bool sure);

/* "fresh" or "freed" when the value, or one a little beside it, is what the checker fills such memory with;
 * else NULL. */
const char *lm_explain_fill(uintptr_t value);

#endif
