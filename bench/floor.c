/*
 * libloam-bench-floor.so: the least that an allocator can do. A block is cut off the end of the
 * thread's chunk, and never used again; free does nothing. What a workload takes with it is about
 * what it would take if the heap cost no time; its memory is the sum of all it ever asked for.
 *
 * Threads take chunks off one large reservation, of which the system gives only what is touched.
 * Nothing is ever reused, so all memory is zero when it is handed out.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#endif

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define API __attribute__((visibility("default")))

enum { ALIGNMENT = 16, PAGE = 4096 };

static const size_t RESERVED = (size_t)8 << 40;
static const size_t FIRST_CHUNK = (size_t)16 << 10; /* then twice as much each time */
static const size_t LARGEST_CHUNK = (size_t)1 << 20;
static const size_t LARGE = (size_t)256 << 10; /* from here on not from a chunk */
static const size_t LARGEST = (size_t)1 << 40; /* what is larger fails */

/* Stands before each block. */
struct header {
    size_t size;     /* as asked for */
    size_t capacity; /* how far it can grow where it is */
};

_Static_assert(sizeof(struct header) == ALIGNMENT, "a header keeps blocks aligned");

static pthread_once_t reserved = PTHREAD_ONCE_INIT;
static _Atomic uintptr_t next_chunk; /* 0: nothing was reserved */
static uintptr_t reservation_end;    /* written once */

static __thread uintptr_t chunk_next __attribute__((tls_model("initial-exec")));
static __thread uintptr_t chunk_end __attribute__((tls_model("initial-exec")));
static __thread size_t chunk_size __attribute__((tls_model("initial-exec")));

static void reserve(void) {
    void *start = mmap(NULL, RESERVED, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return;
    /* Memory that is never used again is faulted in all the time: that must not hide what a block
     * costs. Where the system has no huge pages, it does. */
    (void)madvise(start, RESERVED, MADV_HUGEPAGE);
    reservation_end = (uintptr_t)start + RESERVED;
    atomic_store(&next_chunk, (uintptr_t)start);
}

/* 0: there is no more. */
static uintptr_t take(size_t size) {
    pthread_once(&reserved, reserve);
    if (reservation_end == 0)
        return 0;
    const uintptr_t start = atomic_fetch_add(&next_chunk, size);
    return start >= reservation_end || size > reservation_end - start ? 0 : start;
}

static uintptr_t align_up(uintptr_t address, size_t alignment) {
    return (address + alignment - 1) & ~(uintptr_t)(alignment - 1);
}

static void *block_at(uintptr_t address, size_t size, size_t capacity) {
    struct header *header = (struct header *)(address - sizeof(struct header));
    header->size = size;
    header->capacity = capacity;
    return (void *)address;
}

/* With as much room behind it as it has itself: growing by steps then copies it seldom, and room
 * that isn't touched is no memory. */
static void *large_new(size_t size, size_t alignment) {
    if (size > LARGEST || alignment > LARGEST)
        return NULL;
    const size_t room = align_up(2 * size, PAGE);
    const uintptr_t start = take(room + alignment + PAGE);
    if (start == 0)
        return NULL;
    return block_at(align_up(start + sizeof(struct header), alignment), size, room);
}

static void *chunk_refill(size_t size, size_t alignment);

static inline void *block_new(size_t size, size_t alignment) {
    if (size >= LARGE || alignment > PAGE)
        return large_new(size, alignment);
    const uintptr_t address = align_up(chunk_next + sizeof(struct header), alignment);
    const size_t capacity = align_up(size, ALIGNMENT);
    if (address + capacity > chunk_end)
        return chunk_refill(size, alignment);
    chunk_next = address + capacity;
    return block_at(address, size, capacity);
}

__attribute__((noinline)) static void *chunk_refill(size_t size, size_t alignment) {
    if (chunk_size < LARGEST_CHUNK)
        chunk_size = chunk_size == 0 ? FIRST_CHUNK : 2 * chunk_size;
    const size_t least = size + alignment + 2 * sizeof(struct header);
    const size_t length = chunk_size < least ? align_up(least, PAGE) : chunk_size;
    const uintptr_t start = take(length);
    if (start == 0)
        return NULL;
    chunk_next = start;
    chunk_end = start + length;
    return block_new(size, alignment);
}

static void *or_no_memory(void *block) {
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

static struct header *header_of(void *block) {
    return (struct header *)((uintptr_t)block - sizeof(struct header));
}

static int is_power_of_two(size_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

/* ---- the functions of the C library ---- */

API void *malloc(size_t size) {
    return or_no_memory(block_new(size, ALIGNMENT));
}

API void free(void *block) {
    (void)block;
}

API void *calloc(size_t count, size_t size) {
    size_t all;
    if (__builtin_mul_overflow(count, size, &all))
        return or_no_memory(NULL);
    return or_no_memory(block_new(all, ALIGNMENT));
}

API void *realloc(void *block, size_t size) {
    if (block == NULL)
        return malloc(size);
    struct header *header = header_of(block);
    if (size <= header->capacity) {
        header->size = size;
        return block;
    }
    /* The latest block of the thread's chunk grows where it is. */
    const uintptr_t end = (uintptr_t)block + header->capacity;
    if (end == chunk_next && size < LARGE && (uintptr_t)block + size <= chunk_end) {
        header->size = size;
        header->capacity = align_up(size, ALIGNMENT);
        chunk_next = (uintptr_t)block + header->capacity;
        return block;
    }
    void *other = malloc(size);
    if (other != NULL)
        memcpy(other, block, header->size);
    return other;
}

API void *aligned_alloc(size_t alignment, size_t size) {
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return or_no_memory(block_new(size, alignment < ALIGNMENT ? ALIGNMENT : alignment));
}

API void *memalign(size_t alignment, size_t size) {
    return aligned_alloc(alignment, size);
}

API int posix_memalign(void **result, size_t alignment, size_t size) {
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;
    void *block = block_new(size, alignment < ALIGNMENT ? ALIGNMENT : alignment);
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

API void *valloc(size_t size) {
    return aligned_alloc(PAGE, size);
}

API void *pvalloc(size_t size) {
    if (size > LARGEST)
        return or_no_memory(NULL);
    return aligned_alloc(PAGE, align_up(size, PAGE));
}

API void *reallocarray(void *block, size_t count, size_t size) {
    size_t all;
    if (__builtin_mul_overflow(count, size, &all))
        return or_no_memory(NULL);
    return realloc(block, all);
}

API size_t malloc_usable_size(void *block) {
    return block == NULL ? 0 : header_of(block)->size;
}
