/* Loam: a heap manager for C and C++ programs on Linux.
 *
 * Everything here also works beside another heap: the names are Loam's own. With libloam.so preloaded
 * or linked, malloc and its kin are the same functions under the C library's names.
 *
 * Unless a function says otherwise: any thread may call it, at any time between the first instruction of
 * the process and the last, also in constructors, thread-exit destructors, atexit handlers and atfork
 * handlers; no signal handler may. Sizes are in bytes. Blocks are aligned to at least 16 bytes.
 */
#ifndef LOAM_LOAM_H
#define LOAM_LOAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LOAM_API        __attribute__((visibility("default")))
#define LOAM_ALLOCATES  __attribute__((malloc, warn_unused_result))
#define LOAM_SIZED(...) __attribute__((alloc_size(__VA_ARGS__)))
#else
#define LOAM_API
#define LOAM_ALLOCATES
#define LOAM_SIZED(...)
#endif

/* ---- The four, and their kin (ISO C 7.24.3, POSIX, C23) ---------------------------------------------
 *
 * A request that can't be met returns NULL with errno ENOMEM and leaves the heap as it was: memory or
 * address space exhausted, more than PTRDIFF_MAX bytes, or a product of count and size that overflows.
 * A request of zero bytes returns a block of its own, to be freed like any other. */

/* A block of `size` bytes whose content is unspecified. */
LOAM_API LOAM_ALLOCATES LOAM_SIZED(1) void *loam_malloc(size_t size);

/* A block for `count` elements of `size` bytes, all bytes zero. */
LOAM_API LOAM_ALLOCATES LOAM_SIZED(1, 2) void *loam_calloc(size_t count, size_t size);

/* The block `p` with a new size and the old content up to the smaller of both sizes; the address may
 * change. NULL for `p` is malloc. A size of zero returns a block of size zero (the C library's heap frees
 * and returns NULL: ISO C leaves it open, and C23 undefined). On failure NULL, and `p` stays valid. */
LOAM_API LOAM_SIZED(2) void *loam_realloc(void *p, size_t size);

/* realloc for `count` elements of `size` bytes, with the overflow of the product checked. */
LOAM_API LOAM_SIZED(2, 3) void *loam_reallocarray(void *p, size_t count, size_t size);

/* Gives a block back. NULL is allowed and does nothing. errno is preserved (POSIX.1-2024).
 * Anything else that is no live block is a finding: see the option on_error. */
LOAM_API void loam_free(void *p);

/* C23: free by a caller that knows the size (as requested), and the alignment. */
LOAM_API void loam_free_sized(void *p, size_t size);
LOAM_API void loam_free_aligned_sized(void *p, size_t alignment, size_t size);

/* A block whose address is a multiple of `alignment`, a power of two; otherwise NULL and errno EINVAL.
 * `size` need not be a multiple of it (ISO C17 7.22.3.1). */
LOAM_API LOAM_ALLOCATES LOAM_SIZED(2) void *loam_aligned_alloc(size_t alignment, size_t size);

/* As aligned_alloc; an alignment that is no power of two is rounded up to one, as in the C library. */
LOAM_API LOAM_ALLOCATES LOAM_SIZED(2) void *loam_memalign(size_t alignment, size_t size);

/* POSIX: stores the block in *out and returns 0, or returns EINVAL (alignment no power of two or no
 * multiple of sizeof(void *)) or ENOMEM and leaves *out alone. errno is not touched. */
LOAM_API int loam_posix_memalign(void **out, size_t alignment, size_t size);

/* A block aligned to a page; pvalloc also rounds the size up to whole pages. */
LOAM_API LOAM_ALLOCATES LOAM_SIZED(1) void *loam_valloc(size_t size);
LOAM_API LOAM_ALLOCATES void *loam_pvalloc(size_t size);

/* ---- Questions about blocks -------------------------------------------------------------------- */

/* Bytes that may be read and written at `p`, at least as many as were asked for; 0 for NULL.
 * A pointer that is no live block is a finding. */
LOAM_API size_t loam_usable_size(const void *p);

/* The largest size that would get just as much memory as a request of `size` bytes; 0 when it could never
 * be met. */
LOAM_API size_t loam_good_size(size_t size);

/* Whether `p` points to or into a live block of this heap. Safe for any value of `p`: nothing is
 * dereferenced. Another thread that frees the block meanwhile makes the answer old, not wrong. */
LOAM_API bool loam_owns(const void *p);

/* The live block that `p` points to or into: its first byte, and in *size (unless NULL) its usable
 * size. NULL where there is none. Safe for any value of `p`. */
LOAM_API void *loam_block_of(const void *p, size_t *size);

/* ---- The heap as a whole ------------------------------------------------------------------------- */

/* Gives free memory back to the system, but for about `keep` bytes. Returns whether any was given back. */
LOAM_API bool loam_trim(size_t keep);

/* Called with each live block: first byte and usable size. Return false to stop. */
typedef bool loam_visitor(void *block, size_t size, void *context);

/* Visits all live blocks of all threads, in the order of addresses within each arena. Blocks that other
 * threads allocate or free during the visit may be seen or missed. The visitor may allocate and free.
 * Returns false when the visitor stopped it. */
LOAM_API bool loam_visit(loam_visitor *visitor, void *context);

/* Statistics. Every member is in bytes unless its name says otherwise. At any moment at which no other
 * thread allocates or frees: live + slack + cached + purged = the arenas' committed bytes. */
#define LOAM_STATS_VERSION 2
#define LOAM_CLASSES_MAX   96

typedef struct loam_class_stats {
    size_t size;          /* bytes of one slot */
    size_t live_blocks;   /* count */
    size_t free_slots;    /* count: slots in slabs of this class without a live block */
    size_t slabs;         /* count */
    uint64_t allocations; /* count since start: blocks of this class handed out */
} loam_class_stats;

typedef struct loam_stats {
    size_t version;     /* LOAM_STATS_VERSION */
    size_t live;        /* in live blocks: slots and spans, as usable size */
    size_t live_blocks; /* count */
    size_t slack;       /* in slabs and spans in use, but in no live block */
    size_t cached;      /* free units whose memory is kept for reuse */
    size_t purged;      /* free units whose memory was given back to the system, or never touched */
    size_t metadata;    /* records, maps and thread heaps, committed */
    size_t peak;        /* the most that slabs and spans ever held at one time */
    size_t reserved;    /* address space of all arenas */
    size_t large_live;  /* live bytes in large blocks (each a span of its own) */
    size_t large_blocks;        /* count */
    uint64_t large_allocations; /* count since start */
    size_t arenas;              /* count */
    size_t heaps;               /* count: thread heaps ever made; they are reused */
    size_t heaps_in_use;        /* count: those of living threads */
    uint64_t commits;           /* count of system calls since start: memory made accessible */
    uint64_t purges;            /* count of system calls since start: memory given back */
    uint64_t guards;  /* count of system calls since start: guard pages set or taken away */
    uint64_t remaps;  /* count of system calls since start: blocks moved or grown by mremap */
    uint64_t maps;    /* count of system calls since start: mmap and munmap */
    uint64_t sampled; /* count since start: allocations that lay between guards of their own */
    uint64_t sample_missed; /* count since start: those that should have, but there was no place */
    size_t sampled_live;    /* count: such blocks now; among live_blocks, in no class */
    size_t sampled_resting; /* count: freed ones whose places rest */
    size_t classes;         /* count: how many members of by_class are filled */
    loam_class_stats by_class[LOAM_CLASSES_MAX];
} loam_stats;

/* Fills *out. Takes the heap's locks one at a time; other threads go on meanwhile. */
LOAM_API void loam_get_stats(loam_stats *out);

/* The same as one JSON object, NUL-terminated, at most `size` bytes into `buffer`. Returns the length
 * it has or would have had, without the NUL, like snprintf. */
LOAM_API size_t loam_stats_json(char *buffer, size_t size);

/* "major.minor.patch" of the library. */
LOAM_API const char *loam_version(void);

/* ---- Options -------------------------------------------------------------------------------------
 *
 * Read once at the first allocation: first the string loam_default_options, if the program defines it,
 * then the environment's LOAM_OPTIONS, both as key=value:key=value. docs/options.md lists the keys. */

/* The value in force of the option `key` as text, NUL-terminated into `buffer`. Returns its length as
 * snprintf does, or -1 for an unknown key. */
LOAM_API int loam_option(const char *key, char *buffer, size_t size);

/* A program may define this: its own defaults. */
extern const char loam_default_options[] __attribute__((weak));

#ifdef __cplusplus
}
#endif

#endif
