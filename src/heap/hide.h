/* Freed large blocks that rest can't be touched: a use of one stops the program. All of one without memory; of one
 * that keeps it, so that it can come back without page faults, mostly only a part. The span is the caller's alone;
 * no lock is held. */
#ifndef LM_HEAP_HIDE_H
#define LM_HEAP_HIDE_H

#include "heap/layout.h"

/* Hides a span that isn't hidden, as much of it as is worth it; when that can't be had, nothing. */
void lm_hide_span(lm_span *span);

/* The same, all of it, whatever it costs. */
void lm_hide_all(lm_span *span);

/* Shows it again. False: a limit of writable memory (RLIMIT_DATA) is reached, and it stays hidden. */
bool lm_hide_end(lm_span *span);

/* For a span that goes: when a guard hides its first page, both that and the guard before it are taken away, by one
 * call. */
void lm_hide_end_with_guard(lm_span *span);

#endif
