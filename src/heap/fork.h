/* fork() at any time: every lock is held while the process is copied, so that the child finds the
 * records of all arenas whole. */
#ifndef LM_HEAP_FORK_H
#define LM_HEAP_FORK_H

/* Registers the handlers with the C library. Once, at start. */
void lm_fork_start(void);

#endif
