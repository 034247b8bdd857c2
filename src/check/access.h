/* What a call into the C library is about to touch, held against the block that it points into. The wrappers
 * call this before they run the function itself. */
#ifndef LM_CHECK_ACCESS_H
#define LM_CHECK_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

/* COPY: read to be written elsewhere, which is no use of it yet: structures have bytes between their members
 * that nobody ever writes. */
typedef enum lm_access { LM_ACCESS_READ, LM_ACCESS_WRITE, LM_ACCESS_COPY } lm_access;

/* `call` is about to read or write `bytes` bytes at `at`. Tells a finding when they aren't all in one live
 * block, or, read, were never written where that is known; memory that is no block's passes. Returns whether
 * nothing is wrong. Any thread; no lock may be held. */
bool lm_access_check(const char *call, const void *at, size_t bytes, lm_access how);

/* How many bytes from `at` on may be touched: to the end of the live block that it lies in; SIZE_MAX when it
 * lies in none that is known; 0 in a freed block or beside one. */
size_t lm_access_extent(const void *at);

/* memmove, of ranges that nothing was found to be wrong with: what is known of the bytes of one is then known
 * of the other's. False: nothing is known of either, and nothing was moved. */
bool lm_access_move(void *to, const void *from, size_t bytes);

/* A call of the C library has made this block, and written `bytes` of it; it is the program's now. */
void lm_access_given(const void *at, size_t bytes);

/* Where what lies at `at` can be read, to the end of its block, without a fault: `at` itself as a rule. */
const void *lm_access_content(const void *at);

/* Around a system call that is given these bytes: it may touch them, and then has written `written` of them,
 * from the first on. */
void lm_access_lend(const void *at, size_t bytes);
void lm_access_back(const void *at, size_t written);

#endif
