/* Little address space, little data, little memory at all: the heap starts, serves 300 MiB in
 * blocks of all sizes within a limit of 512 MiB of address space, and where there is no more,
 * malloc says so and the program goes on. */
#include "check.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>

enum { MIB = 1 << 20, BLOCKS_MAX = 300000 };

static char *blocks[BLOCKS_MAX];
static size_t count;

/* ---- What the limited processes do -------------------------------------------------------------
 */

static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    return n % 1000 == 0 ? n % (8 * MIB) : n % 10 == 0 ? n % 60000 : n % 2000;
}

/* Allocates until there are `total` bytes, or no more can be had. Returns how many there are. */
static size_t fill(size_t total) {
    unsigned seed = 7;
    size_t bytes = 0;
    for (count = 0; bytes < total && count < BLOCKS_MAX; count++) {
        size_t size = some_size(&seed) + 1;
        errno = 0;
        blocks[count] = malloc(size);
        if (!blocks[count]) {
            CHECK(errno == ENOMEM);
            break;
        }
        memset(blocks[count], (int)(count % 251), size);
        bytes += size;
    }
    return bytes;
}

static void check_and_free(void) {
    for (size_t i = 0; i < count; i++) {
        CHECK(blocks[i][0] == (char)(i % 251));
        free(blocks[i]);
    }
}

static void expect_no_memory(size_t size) {
    errno = 0;
    CHECK(malloc(size) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(calloc(1, size) == NULL && errno == ENOMEM);
    char *small = malloc(100);
    CHECK(small);
    small[99] = 's';
    errno = 0;
    CHECK(realloc(small, size) == NULL && errno == ENOMEM);
    CHECK(small[99] == 's');
    free(small);
    void *out = &out;
    CHECK(posix_memalign(&out, 64, size) == ENOMEM && out == (void *)&out);
    void *volatile aligned =
        aligned_alloc(4096, size); /* compilers leave out what isn't looked at */
    CHECK(aligned == NULL);
}

static void *use_heap(void *argument) {
    for (size_t i = 0; i < 1000; i++)
        free(malloc(i * 13));
    return argument;
}

/* A process that just does its work within the limit. */
static void work_within(size_t total) {
    pthread_t thread;
    for (int round = 0; round < 3; round++) {
        CHECK(fill(total) >= total);
        CHECK(pthread_create(&thread, NULL, use_heap, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        check_and_free();
    }
}

/* A process that wants more than there is, twice: what it freed is there again. */
static void work_beyond(size_t at_least) {
    for (int round = 0; round < 2; round++) {
        size_t bytes = fill((size_t)64 << 30);
        printf("    %zu MiB until there was no more\n", bytes / MIB);
        fflush(stdout);
        CHECK(bytes >= at_least);
        check_and_free();
    }
    expect_no_memory((size_t)4 << 30);
    for (size_t size = 1; size <= MIB; size *= 2)
        CHECK((blocks[0] = malloc(size)) && (free(blocks[0]), 1));
}

/* ---- Starting them ------------------------------------------------------------------------------
 */

static char *program;

static void run_limited(__rlimit_resource_t resource, rlim_t limit, const char *what) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct rlimit limits = {limit, limit};
        CHECK(setrlimit(resource, &limits) == 0);
        execl(program, program, what, (char *)NULL);
        _exit(126);
    }
    printf("%s\n", what);
    fflush(stdout);
    expect_success(child);
}

int main(int argc, char **argv) {
    program = argv[0];
    if (argc == 1) {
        /* Reserved address space isn't data: neither a limit nor strict overcommit counts it. */
        CHECK(proc_number("/proc/self/status", "VmData:") < 64 * 1024);
        expect_no_memory((size_t)1 << 60);
        expect_no_memory(PTRDIFF_MAX);
        expect_no_memory(SIZE_MAX);
        run_limited(RLIMIT_AS, (rlim_t)512 * MIB, "address space 512 MiB, 300 MiB needed");
        run_limited(RLIMIT_AS, (rlim_t)512 * MIB, "address space 512 MiB, all wanted");
        run_limited(RLIMIT_AS, (rlim_t)64 * MIB, "address space 64 MiB, all wanted");
        run_limited(RLIMIT_DATA, (rlim_t)256 * MIB, "data 256 MiB, 150 MiB needed");
        run_limited(RLIMIT_DATA, (rlim_t)256 * MIB, "data 256 MiB, all wanted");
    } else if (strstr(argv[1], "300 MiB needed")) {
        work_within((size_t)300 * MIB);
    } else if (strstr(argv[1], "150 MiB needed")) {
        work_within((size_t)150 * MIB);
    } else {
        work_beyond(strstr(argv[1], "64 MiB") ? 8 * MIB : (size_t)190 * MIB);
    }
    return EXIT_SUCCESS;
}
