/* What a thread's control block tells of the thread: where its stack is, whether it ended. The C library
 * doesn't say how the block is laid out, so everything that is read of it must prove itself. */
#ifndef LM_CHECK_CONTROL_H
#define LM_CHECK_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_control {
    uintptr_t low, high; /* the thread's stack; the block lies at its upper end. 0: not known */
    uintptr_t
        dynamic; /* what leads to the thread's blocks for the TLS of libraries; 0: not known */
    bool joined; /* it ended, and its result was fetched */
} lm_control;

/* Reads the block at an address. False: none is there. */
bool lm_control_read(uintptr_t at, lm_control *control);

/* How one is known: it is aligned so, and word 0 and this one hold its own address. 0: not on this
 * processor. */
enum { LM_CONTROL_ALIGNMENT = 64 };
#if defined(__x86_64__)
enum { LM_CONTROL_SELF = 2 };
#else
enum { LM_CONTROL_SELF = 0 };
#endif

/* Learns what it needs from the calling thread's own. */
void lm_control_start(void);

#endif
