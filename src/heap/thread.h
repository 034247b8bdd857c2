/* Which heap the calling thread uses. */
#ifndef LM_HEAP_THREAD_H
#define LM_HEAP_THREAD_H

#include "heap/layout.h"

/* The calling thread's heap. Never NULL: before a thread's first allocation, and after its last
 * rounds of exit, it is lm_heap_none, whose bins are all empty. */
extern _Thread_local lm_heap *lm_self __attribute__((tls_model("initial-exec")));

extern lm_heap lm_heap_none;

/* The calling thread's heap, made if it has none yet. NULL when there is no memory for one, or when
 * the thread has ended its own already: the late heap serves it then (lm_late_take). */
lm_heap *lm_thread_heap(void);

/* The heap of threads that have none any more: thread-exit destructors that run after Loam's. */
lm_heap *lm_late_take(void);
void lm_late_give(void);

/* The same without its lock, for who only looks; NULL as long as nobody has taken it. */
lm_heap *lm_late_heap(void);

/* For the unloading: as if nobody had taken it yet. */
void lm_late_reset(void);

/* Once, when the heap can serve allocations: thread exits are noticed from then on. */
void lm_thread_start(void);

/* The calling thread has no heap: its end is noticed all the same, and lm_visit_leave called. False: it isn't; or
 * that took memory, and now the thread has a heap. */
bool lm_thread_notice_end(void);

/* For the unloading of a library that carries its own copy of Loam: thread exits no longer call
 * into it. */
void lm_thread_stop(void);

extern lm_lock lm_late_lock;

#endif
