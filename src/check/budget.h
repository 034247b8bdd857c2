/* The processor time that the process has used: what the parts that take a share of it ask for.
 *
 * To ask the system costs as much as dozens of blocks, so it is asked once in a while; in between the answer is
 * that of before, which is a little less. */
#ifndef LM_CHECK_BUDGET_H
#define LM_CHECK_BUDGET_H

#include <stdint.h>

/* ns. Any thread, handlers too. */
uint64_t lm_budget_time(void);

#endif
