/* Frees that are wrong, and sizes. */
#ifndef LM_CHECK_JUDGE_H
#define LM_CHECK_JUDGE_H

#include "check/table.h"

/* The call passed a pointer that is no live block's first byte. */
void lm_judge_pointer(const char *call, const void *p);

/* What the call says of a live block isn't so, perhaps; the block is freed all the same. */
void lm_judge_form(const lm_place *place, size_t size, size_t alignment, lm_call call,
                   uint32_t stack);

/* No block can have so many bytes. `count` 0: `size` is what was asked for, else both were multiplied. */
void lm_judge_size(lm_call call, size_t count, size_t size);

#endif
