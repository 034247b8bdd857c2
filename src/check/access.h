/* What a call into the C library is about to touch, held against the block that it points into. The wrappers
 * call this before they run the function itself. */
#ifndef LM_CHECK_ACCESS_H
#define LM_CHECK_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum lm_access { LM_ACCESS_READ, LM_ACCESS_WRITE } lm_access;

/* `call` is about to read or write `bytes` bytes at `at`. Tells a finding when they aren't all in one live
 * block, or, read, were never written where that is known; memory that is no block's passes. Returns whether
 * nothing is wrong. Any thread; no lock may be held. */
bool lm_access_check(const char *call, const void *at, size_t bytes, lm_access how);

/* How many bytes from `at` on may be touched: to the end of the live block that it lies in; SIZE_MAX when it
 * lies in none that is known; 0 in a freed block or beside one. */
size_t lm_access_extent(const void *at);

#endif
