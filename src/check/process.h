/* The process as the system sees it: its threads, its mappings, its memory. No privilege is needed, and no
 * ptrace: a process may always look at itself.
 *
 * Nothing here allocates, takes a lock or changes errno, and little of the stack is used: it may be one for
 * signals. Lists have one reader at a time. */
#ifndef LM_CHECK_PROCESS_H
#define LM_CHECK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A plain system call: the result, or -errno. */
long lm_process_call(long number, long a, long b, long c, long d, long e, long f);

/* Numbers of all threads, the caller's too. `visit` returns false to stop. False: they can't be listed. */
bool lm_process_threads(bool (*visit)(int id, void *context), void *context);

/* Whether a debugger, or who follows system calls, gets this process's signals first. */
bool lm_process_traced(void);

/* Where a thread that waits in a system call stands: its stack pointer. 0: it runs, or that isn't told. */
uintptr_t lm_process_waiting_sp(int id);

/* Whether a thread is no more. The first thread of a process may end and be listed on. */
bool lm_process_ended(int id);

typedef struct lm_mapping {
    uintptr_t start, end;
    bool readable, writable, runnable, shared;
    uint64_t inode;   /* 0: no file's */
    const char *path; /* "" or "[stack]" or a file's; valid during the visit */
} lm_mapping;

/* All mappings, in the order of addresses. False: they can't be listed. */
bool lm_process_mappings(bool (*visit)(const lm_mapping *mapping, void *context), void *context);

/* Copies memory that may not be accessible; returns how many bytes could be read from `from` on. */
size_t lm_process_read(void *to, uintptr_t from, size_t size);

/* The first run of pages in the range that were touched since they were mapped: only those can hold
 * anything. False: none. Where the kernel doesn't tell, the range itself. */
bool lm_process_touched(uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last);

/* The same for shared memory, in which others may have touched pages: those in memory. */
bool lm_process_resident(uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last);

#endif
