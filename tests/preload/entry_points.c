/* Every function of the heap that the C library has, with the results and errors that ISO C, POSIX
 * and glibc define for them; and that all of them serve from one heap: each block may go to any of
 * the freeing ones. */
#include "check.h"

#include <malloc.h>
#include <stdint.h>

/* C23, and one that glibc has no declaration of any more. */
extern void free_sized(void *p, size_t size) __attribute__((weak));
extern void free_aligned_sized(void *p, size_t alignment, size_t size) __attribute__((weak));
extern void cfree(void *p) __attribute__((weak));

static const size_t sizes[] = {0,    1,    7,     16,    17,    100,     1024,
                               1025, 4096, 60000, 65536, 65537, 1000000, 20000000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* No powers of two. */
static volatile size_t hundred = 100, twenty_four = 24, none = 0;

/* A product that overflows, and the most that a size_t can be; volatile, so that no compiler sees
 * it coming. */
static volatile size_t half = SIZE_MAX / 2 + 1, whole = SIZE_MAX, beyond = (size_t)PTRDIFF_MAX + 1;

static void *good(void *block, size_t size, size_t alignment) {
    CHECK(block && (uintptr_t)block % alignment == 0 && malloc_usable_size(block) >= size);
    memset(block, 0x5a, malloc_usable_size(block));
    return block;
}

/* By an address that may be any: clang takes for granted that aligned_alloc leaves errno alone. */
static void *(*volatile aligned)(size_t alignment, size_t size) = aligned_alloc;

/* The result is volatile: a compiler may leave out a call whose result is only compared. */
static void expect(void *volatile result, int error) {
    CHECK(result == NULL && errno == error);
    errno = 0;
}

static void try_plain(void) {
    for (int i = 0; i < SIZES; i++) {
        free(good(malloc(sizes[i]), sizes[i], 16));
        char *zeros = calloc(sizes[i], 1);
        CHECK(zeros);
        for (size_t at = 0; at < sizes[i]; at++)
            CHECK(zeros[at] == 0);
        free(good(zeros, sizes[i], 16));
        free(good(realloc(NULL, sizes[i]), sizes[i], 16));
        free(good(reallocarray(NULL, sizes[i], 3), sizes[i] * 3, 16));
    }
    void *a = malloc(0), *b = malloc(0);
    CHECK(a && b && a != b);
    free(a);
    free(b);
    free(NULL);
    errno = 0;
    expect(malloc(beyond), ENOMEM);
    expect(malloc(whole), ENOMEM);
    expect(calloc(half, 2), ENOMEM);
    expect(calloc(whole, whole), ENOMEM);
    expect(calloc(beyond, 1), ENOMEM);
}

/* Content survives each change of the size, and failure leaves the block alone. */
static void try_resizing(void) {
    for (int from = 1; from < SIZES; from++) {
        for (int to = 1; to < SIZES; to++) {
            unsigned char *block = malloc(sizes[from]);
            CHECK(block);
            size_t kept = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            for (size_t at = 0; at < kept; at += kept / 9 + 1)
                block[at] = (unsigned char)(at % 251);
            errno = 0;
            unsigned char *volatile same = block; /* compilers think that failure frees it */
            expect(realloc(same, beyond), ENOMEM);
            expect(reallocarray(same, half, 2), ENOMEM);
            block = realloc(block, sizes[to]);
            CHECK(block);
            for (size_t at = 0; at < kept; at += kept / 9 + 1)
                CHECK(block[at] == (unsigned char)(at % 251));
            free(good(block, sizes[to], 16));
        }
    }
}

static void try_aligned(void) {
    for (size_t alignment = 8; alignment <= (size_t)16 << 20; alignment *= 2) {
        for (int i = 0; i < SIZES - 1; i++) {
            void *block = &block;
            CHECK(posix_memalign(&block, alignment, sizes[i]) == 0);
            free(good(block, sizes[i], alignment));
            free(good(aligned_alloc(alignment, sizes[i]), sizes[i], alignment));
            free(good(memalign(alignment, sizes[i]), sizes[i], alignment));
        }
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    free(good(valloc(100), 100, page));
    free(good(pvalloc(page + 1), 2 * page, page));
    free(good(memalign(hundred, 50), 50, 128)); /* rounded up to a power of two */
}

static void try_wrong_alignments(void) {
    void *block = &block;
    errno = 0;
    CHECK(posix_memalign(&block, 24, 100) == EINVAL);
    CHECK(posix_memalign(&block, 0, 100) == EINVAL);
    CHECK(posix_memalign(&block, 4, 100) == EINVAL);
    CHECK(posix_memalign(&block, 64, beyond) == ENOMEM);
    CHECK(block == (void *)&block && errno == 0);
    expect(aligned(twenty_four, 100), EINVAL);
    expect(aligned(none, 100), EINVAL);
    expect(aligned(64, whole - 10), ENOMEM);
    expect(memalign(64, whole - 10), ENOMEM);
    expect(valloc(whole), ENOMEM);
    expect(pvalloc(whole), ENOMEM);
}

static void try_all_ways_to_free(void) {
    for (int i = 0; i < SIZES; i++) {
        if (free_sized)
            free_sized(malloc(sizes[i]), sizes[i]);
        if (free_aligned_sized)
            free_aligned_sized(aligned_alloc(64, sizes[i]), 64, sizes[i]);
        if (cfree)
            cfree(malloc(sizes[i]));
        void *block = realloc(aligned_alloc(256, sizes[i]), sizes[i] + 1);
        free(good(block, sizes[i] + 1, 16));
    }
}

/* POSIX.1-2024: free changes no errno, whatever it does inside. */
static void try_errno(void) {
    enum { BLOCKS = 64 };
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = malloc(i < 32 ? i * 1000 : i * 300000);
    errno = 4321;
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    free(NULL);
    CHECK(errno == 4321);
    void *block = malloc(1000);
    block = realloc(block, 3000000);
    CHECK(block && errno == 4321);
    free(block);
    malloc_trim(0);
    CHECK(malloc_usable_size(NULL) == 0 && errno == 4321);
}

/* What a program asks about its heap changes as it should. */
static void try_questions(void) {
    char text[64 * 1024] = "";
    struct mallinfo2 before = mallinfo2();
    void *block = malloc(5000000);
    struct mallinfo2 after = mallinfo2();
    CHECK(after.hblkhd + after.uordblks >= before.hblkhd + before.uordblks + 5000000);
    free(block);
    FILE *stream = fmemopen(text, sizeof text, "w");
    CHECK(stream && malloc_info(0, stream) == 0 && fclose(stream) == 0);
    CHECK(strncmp(text, "<malloc version=\"1\">", 20) == 0 && strstr(text, "</malloc>"));
    errno = 0;
    CHECK(malloc_info(1, stdout) != 0 && errno == EINVAL);
    CHECK(mallopt(M_MMAP_THRESHOLD, 100000) == 0 || mallopt(M_MMAP_THRESHOLD, 100000) == 1);
    malloc_stats();
}

int main(void) {
    try_plain();
    try_resizing();
    try_aligned();
    try_wrong_alignments();
    try_all_ways_to_free();
    try_errno();
    try_questions();
    return EXIT_SUCCESS;
}
