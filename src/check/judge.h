/* Frees that are wrong, and sizes. */
#ifndef LM_CHECK_JUDGE_H
#define LM_CHECK_JUDGE_H

#include "check/calls.h"
#include "check/table.h"
#include "check/tale.h"

/* The call passed a pointer that is no live block's first byte. */
void lm_judge_pointer(const char *call, const void *p);

/* What the call says of a live block isn't so, perhaps; the block is freed all the same. */
void lm_judge_form(const lm_place *place, size_t size, size_t alignment, lm_call call,
                   uint32_t stack);

/* How a block was made. */
typedef struct lm_form {
    const lm_way *way;
    size_t size;
    size_t alignment; /* 0: none was asked for */
} lm_form;

/* Whether the call that frees it says something else: what it says is put into the tale. */
bool lm_judge_differs(lm_tale *tale, const lm_form *made, size_t size, size_t alignment,
                      lm_call call);

/* No block can have so many bytes. `count` 0: `size` is what was asked for, else both were multiplied. */
void lm_judge_size(lm_call call, size_t count, size_t size);

#endif
