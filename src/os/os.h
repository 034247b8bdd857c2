/* The contract with the system: everything that the heap asks of it, with pre- and postconditions.
 * One file implements it for each system (linux.c).
 *
 * For all functions here: errno is preserved; no memory is allocated; addresses and sizes of memory
 * are multiples of the page size unless it says otherwise; any thread may call them. After start
 * only these system calls are made: mmap, munmap, mremap, mprotect, madvise, futex, write for
 * messages, and gettid when a thread takes a heap. */
#ifndef LM_OS_OS_H
#define LM_OS_OS_H

#include "base/compiler.h"
#include "base/once.h"
#include "base/system.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lm_os_facts {
    size_t page;           /* bytes; a power of two */
    size_t address_limit;  /* bytes: RLIMIT_AS, SIZE_MAX when there is none */
    bool guards_by_advice; /* the kernel knows MADV_GUARD_INSTALL (Linux 6.13) */
    bool wide_vectors;     /* the processor has what src/heap/wide.c is compiled for */
    bool secure;           /* more privileges than the caller's: AT_SECURE */
} LM_ONCE_ALIGNED lm_os_facts;

/* Numbers of system calls made since start, by what they are for. */
typedef struct lm_os_counts {
    _Atomic uint64_t maps;    /* mmap and munmap */
    _Atomic uint64_t commits; /* mprotect that makes memory accessible */
    _Atomic uint64_t purges;  /* madvise that gives memory back */
    _Atomic uint64_t guards;  /* guard pages set or taken away */
    _Atomic uint64_t remaps;  /* mremap */
} lm_os_counts;

extern lm_os_facts lm_os;
extern lm_os_counts lm_os_count;

/* Fills lm_os. Once, before anything else here. */
void lm_os_start(void);

/* How many mappings the system allows a process (vm.max_map_count), a safe guess when it can't be read. Takes
 * a tenth of all that Loam needs to start, so it is for who must know; only at start. */
size_t lm_os_map_limit(void);

/* Reserves address space: nothing accessible, nothing accounted. NULL when it can't be had. `hint`
 * is where it had best be; any place will do. */
void *lm_os_reserve(size_t size, uintptr_t hint);

/* Gives address space back, with what is in it. */
void lm_os_release(void *at, size_t size);

/* Reserved memory becomes readable as zeros, not writable; not accounted. */
bool lm_os_make_readable(void *at, size_t size);

/* Reserved or readable memory becomes writable. False when the system has no more. */
bool lm_os_commit(void *at, size_t size);

/* Gives committed memory back: it stays accessible and reads as zeros. False, and nothing happened, for
 * memory that the program has locked (mlock, mlockall). */
bool lm_os_purge(void *at, size_t size);

/* Fresh committed memory of zeros in place of what is mapped there, so that the kernel can join it
 * with its neighbours again. False leaves the old mapping. */
bool lm_os_renew(void *at, size_t size);

/* Moves pages from `from` to `to`, in place of what is mapped at `to`; `from` is committed zeros
 * afterwards. Both ranges are committed. False leaves everything as it was. */
bool lm_os_move(void *to, void *from, size_t size);

/* Bytes that nobody can foresee. Always succeeds; where the system has none to give, from what little
 * there is. */
void lm_os_random(void *buffer, size_t size);

/* Makes what is written once (base/once.h) read-only, or writable again. Returns how it was. By one thread
 * at a time. */
bool lm_os_seal(bool sealed);

/* Guard pages: any access faults. `advise` chooses the cheap kind, which needs no mapping of its
 * own. */
bool lm_os_guard(void *at, size_t size, bool advise);
bool lm_os_unguard(void *at, size_t size, bool advise);

/* Transparent huge pages for the range: 1 asks for them, -1 asks for none. */
void lm_os_huge_pages(void *at, size_t size, int wish);

/* Appends to a file that the user named, creating it; false when that fails. Not a call of the hot
 * paths. */
bool lm_os_append(const char *path, const char *text, size_t length);

/* Lets other threads run for a moment. */
void lm_os_nap(void);

/* The environment's value of `name`, NULL where there is none. Works before the C library's own
 * initialisation, when nothing is there yet: NULL. */
const char *lm_os_environment(const char *name);

/* Whether the object file that this code is linked into can be unloaded before the process ends: a
 * shared library, unless it was linked with -z nodelete. */
bool lm_os_unloadable(void);

/* Where the running program lies: an absolute path with its NUL, and its length; 0 when that isn't known or
 * it is there no more. May be called at any moment. */
size_t lm_os_program_path(char *buffer, size_t size);

/* The name of the running program, without its path. */
const char *lm_os_program(void);

#endif
