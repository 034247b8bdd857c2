/* What the program's calls come to in the checker's library (abi/over_check). Any thread; errno as the C
 * library has it. */
#ifndef LM_CHECK_ENTRY_H
#define LM_CHECK_ENTRY_H

#include "check/calls.h"

/* NULL and ENOMEM when there is no memory. */
void *lm_check_malloc(size_t size, lm_call call);
void *lm_check_calloc(size_t size);

/* `alignment` is a power of two. */
void *lm_check_aligned(size_t alignment, size_t size, lm_call call);

/* `p` is not NULL. Always gives another block; of no bytes: frees it, and returns NULL. */
void *lm_check_realloc(void *p, size_t size, lm_call call);

/* count * size is more than there is. */
void lm_check_overflow(size_t count, size_t size, lm_call call);

/* `size` and `alignment` are what the call says of the block: LM_ANY_SIZE, LM_ANY_ALIGNMENT when nothing. */
void lm_check_free(void *p, size_t size, size_t alignment, lm_call call);

/* What was asked for. `p` is not NULL. */
size_t lm_check_usable(const void *p, const char *call);

void *lm_check_block_of(const void *p, size_t *size);
bool lm_check_visit(bool (*visitor)(void *block, size_t size, void *context), void *context);

#endif
