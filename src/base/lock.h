/* Locks with ranks. A thread that holds a lock takes only locks of higher rank; a debug build
 * checks it. fork() takes them all in the order of ranks (heap/fork.c), so that a child finds every
 * record whole. */
#ifndef LM_BASE_LOCK_H
#define LM_BASE_LOCK_H

#include "base/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum lm_rank {
    LM_RANK_INIT = 1,         /* the first call of the process */
    LM_RANK_CHECK_EXACT,      /* places against guard pages */
    LM_RANK_CHECK_THREADS,    /* the checker's list of threads */
    LM_RANK_CHECK_QUARANTINE, /* freed blocks that rest */
    LM_RANK_CHECK_TABLE,      /* memory for the checker's records */
    LM_RANK_CHECK_TALE,       /* what was told, and the file of lines */
    LM_RANK_CHECK_OWN,        /* memory of the checker's own */
    LM_RANK_LATE,             /* the heap for threads whose own is already given back */
    LM_RANK_THREADS,          /* the list of thread heaps, and slabs without a thread */
    LM_RANK_LARGE,            /* resting large blocks */
    LM_RANK_SAMPLED,          /* places of sampled blocks that are free */
    LM_RANK_PURGE,            /* giving memory back to the system */
    LM_RANK_ARENA,            /* units, records and maps of all arenas */
    LM_RANK_NOTE,             /* findings that can't be said yet */
} lm_rank;

typedef struct lm_lock {
    _Atomic uint32_t state; /* 0 free, 1 held, 2 held and somebody may be waiting */
    uint32_t rank;          /* lm_rank */
} lm_lock;

#define LM_LOCK(its_rank)                                                                          \
    { 0, its_rank }

/* Lets the processor know that the thread only waits. */
void lm_pause(void);

/* A full fence, right behind an atomic exchange: which is one by itself on some processors. */
LM_INLINE void lm_fence_after_exchange(void) {
#if defined(__x86_64__) || defined(__i386__)
    atomic_signal_fence(memory_order_seq_cst);
#else
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

void lm_lock_take_slow(lm_lock *lock);
void lm_lock_give_slow(lm_lock *lock);
void lm_lock_note_taken(lm_lock *lock);
void lm_lock_note_given(lm_lock *lock);

/* Begins and ends the time in which the calling thread, which holds all locks, passes through them:
 * between two atfork handlers of Loam's, those of others may allocate. Only one thread at a time,
 * and no other thread can take a lock meanwhile. */
void lm_lock_pass_begin(void);
void lm_lock_pass_end(void);

/* Marks a held lock so that the holder's pass works: whoever takes or gives it takes the slow way.
 */
LM_INLINE void lm_lock_mark(lm_lock *lock) {
    atomic_store_explicit(&lock->state, 2, memory_order_relaxed);
}

/* Waits until the lock is free and holds it. Not from signal handlers; not twice by one thread. */
LM_INLINE void lm_lock_take(lm_lock *lock) {
    uint32_t expected = 0;
    if (LM_UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &lock->state, &expected, 1, memory_order_acquire, memory_order_relaxed)))
        lm_lock_take_slow(lock);
    if (LM_DEBUGGING)
        lm_lock_note_taken(lock);
}

/* The same without waiting; false when somebody else holds it. */
LM_INLINE bool lm_lock_try(lm_lock *lock) {
    uint32_t expected = 0;
    bool taken = atomic_compare_exchange_strong_explicit(
        &lock->state, &expected, 1, memory_order_acquire, memory_order_relaxed);
    if (LM_DEBUGGING && taken)
        lm_lock_note_taken(lock);
    return taken;
}

LM_INLINE void lm_lock_give(lm_lock *lock) {
    if (LM_DEBUGGING)
        lm_lock_note_given(lock);
    uint32_t expected = 1;
    if (LM_UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &lock->state, &expected, 0, memory_order_release, memory_order_relaxed)))
        lm_lock_give_slow(lock);
}

/* In the child of a fork by the thread that held the lock: the waiters are gone with their threads.
 */
LM_INLINE void lm_lock_give_in_child(lm_lock *lock) {
    if (LM_DEBUGGING)
        lm_lock_note_given(lock);
    atomic_store_explicit(&lock->state, 0, memory_order_release);
}

#endif
