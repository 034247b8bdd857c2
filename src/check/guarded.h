/* Between the program's calls (entry.h) and blocks against guard pages (exact.h): who gets one, and what is wrong
 * with how it is freed or handed to the C library. */
#ifndef LM_CHECK_GUARDED_H
#define LM_CHECK_GUARDED_H

#include "check/access.h"
#include "check/calls.h"
#include "check/exact.h"

/* By the options. Once, when the process's blocks are served. */
void lm_guarded_start(void);

/* A block against guards for the call whose stack this is, when it is due and there is a place; else NULL. */
void *lm_guarded_new(size_t size, size_t alignment, lm_call call, bool zeros, uint32_t stack);

/* `p` lies in the ranges of exact.h; it is freed, or is told to be none of its blocks. */
void lm_guarded_free(void *p, size_t size, size_t alignment, lm_call call);

/* The live block that begins at `p`, whose bytes may be read from now on. */
bool lm_guarded_live(void *p, lm_block *block);

/* As lm_access_check and lm_access_extent, for addresses in the ranges of exact.h. */
bool lm_guarded_check(const char *call, const void *at, size_t bytes, lm_access how);
size_t lm_guarded_extent(const void *at);

/* The C library has made the block, and written that much of it: its bytes may be looked after from now on. */
void lm_guarded_given(const void *at, size_t bytes);

#endif
