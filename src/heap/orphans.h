/* Thread heaps, and what threads leave behind when they end: the next thread takes the whole heap
 * over, with its slabs; until then, threads that need a slab adopt one out of it. */
#ifndef LM_HEAP_ORPHANS_H
#define LM_HEAP_ORPHANS_H

#include "heap/layout.h"

/* Guards the lists of heaps, and all of the heaps that no thread uses. */
extern lm_lock lm_threads_lock;

/* All heaps ever made, newest first; grows only. */
extern _Atomic(lm_heap *) lm_heaps;

/* The heap's thread visits slabs of others' from now on (visit.h), until it gives the heap back. */
void lm_orphans_note_visitor(lm_heap *heap);

/* Calls `look` with the heap of every thread that does. Takes no lock. */
void lm_orphans_each_visitor(void (*look)(lm_heap *heap, const lm_slab *slab), const lm_slab *slab);

/* In the child of a fork: none does. */
void lm_orphans_forget_visitors(void);

/* How many threads have a heap now; at least 1. A hint. */
size_t lm_orphans_count_threads(void);

/* A heap for a thread: one that no thread uses any more, or a new one. NULL when there is no
 * memory. */
lm_heap *lm_orphans_take_heap(void);

/* A thread has ended. */
void lm_orphans_give_heap(lm_heap *heap);

/* A slab of the class with a free slot, now owned by the heap; NULL when there is none. */
lm_slab *lm_orphans_adopt(lm_heap *heap, unsigned class);

/* Takes over what others freed in the slabs of a heap, if no thread uses that heap; releases the
 * empty ones. */
void lm_orphans_tidy(lm_heap *heap);

/* Another thread has freed in a slab of so many bytes of a heap that no thread uses. Returns whether
 * the heap should be tidied. */
bool lm_orphans_owe(lm_heap *heap, size_t bytes);

/* Releases all empty slabs of heaps that no thread uses. */
void lm_orphans_let_go(void);

/* Gives all thread heaps back to the system; no thread uses one any more. */
void lm_orphans_dissolve(void);

/* In the child of a fork: the threads of all heaps but `mine` are gone. What they were doing can't
 * be known, so their heaps are not used again. */
void lm_orphans_lose_threads(lm_heap *mine);

#endif
