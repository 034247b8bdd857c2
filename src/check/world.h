/* Stops all other threads of the process for a while, without ptrace and without a privilege.
 *
 * Each thread gets signal 32 by rt_tgsigqueueinfo. It is the C library's own (it cancels threads by it), and
 * so the C library takes it out of every mask that a program sets: threads that block "all" signals don't
 * block it. Loam's handler knows Loam's signals by what they carry and passes all others on to who had the
 * signal before. The handler saves the thread's registers and waits. A call that a thread waits in may then
 * return EINTR, as with any handler. */
#ifndef LM_CHECK_WORLD_H
#define LM_CHECK_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LM_WORLD_REGISTERS = 40 };

typedef enum lm_world_state {
    LM_WORLD_ASKED = 1, /* it got the signal */
    LM_WORLD_COMING,    /* its handler saves registers */
    LM_WORLD_HERE,      /* it stands still */
    LM_WORLD_GONE,      /* it ended */
    LM_WORLD_MISSING,   /* it didn't come within the time, and runs on */
} lm_world_state;

typedef struct lm_world_thread {
    int id;
    _Atomic uint32_t state; /* lm_world_state */
    uintptr_t sp;           /* 0: not known; the red zone is below it */
    uintptr_t control;      /* its control block; 0: not known */
    uintptr_t vectors;      /* its vector registers, as the kernel laid them down */
    size_t vectors_size;    /* bytes */
    size_t count;           /* of registers */
    uintptr_t registers[LM_WORLD_REGISTERS];
} lm_world_thread;

/* Stops all others. False: the threads can't be listed, or there is no memory to note them; nobody is
 * stopped then. By one thread at a time; lm_world_go must follow. Until then the caller may take no lock
 * that another thread could hold. */
bool lm_world_stop(void);
void lm_world_go(void);

/* The others, between the two; entries whose state is GONE are of no account. */
const lm_world_thread *lm_world_threads(size_t *count);

/* How many of them run on. */
size_t lm_world_missing(void);

/* From now on `called` runs, in a handler, when another process sends the signal with this value
 * (rt_sigqueueinfo, SI_QUEUE): it shall tell of its leaks. `context` is the handler's. */
enum { LM_WORLD_SIGNAL = 32, LM_WORLD_CALL = 0x6c6f616d };
void lm_world_answer(void (*called)(const void *context));

#endif
