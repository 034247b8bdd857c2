/* Sixteen threads allocate 1 GiB together and touch it, and all of it is freed: by the threads
 * themselves, which then sleep; by the main thread while they sleep; after they have ended; or each
 * block by another of the threads. Then the program makes no call at all: its resident memory must
 * be within 64 MiB of what it was before. So it must be after a second and a third time, although the
 * heap has learned by then that the memory is needed again. malloc_trim(0) brings it lower. */
// ctest-builds: release
// ctest-args: owners small
// ctest-args: owners mixed
// ctest-args: owners large
// ctest-args: main small
// ctest-args: main mixed
// ctest-args: main large
// ctest-args: joined small
// ctest-args: joined mixed
// ctest-args: joined large
// ctest-args: neighbours small
// ctest-args: neighbours mixed
// ctest-args: neighbours large
#include "check.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { THREADS = 16, BURSTS = 3, WITHIN_KIB = 64 * 1024 };
static const size_t total = (size_t)1 << 30;

/* A block's first bytes: the next one of the same thread. */
typedef struct block {
    struct block *next;
} block;

static block *blocks[THREADS];
static const char *who, *sizes;
static pthread_barrier_t allocated, measured, freed, end;

static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    if (strcmp(sizes, "small") == 0)
        return 16 + n % 1000;
    if (strcmp(sizes, "large") == 0)
        return 70000 + n % 1000000;
    return n % 3 == 0 ? 16 + n % 1000 : n % 3 == 1 ? 1000 + n % 64000 : 16 + n % 300000;
}

static block *allocate(size_t bytes, unsigned seed) {
    block *first = NULL;
    while (bytes > 0) {
        size_t size = some_size(&seed);
        block *made = malloc(size);
        CHECK(made);
        memset(made, 1, size);
        made->next = first;
        first = made;
        bytes -= size < bytes ? size : bytes;
    }
    return first;
}

static void free_all(block *first) {
    while (first) {
        block *next = first->next;
        free(first);
        first = next;
    }
}

static bool by(const char *name) {
    return strcmp(who, name) == 0;
}

static void *work(void *argument) {
    size_t me = (size_t)argument;
    blocks[me] = allocate(total / THREADS, (unsigned)me + 1);
    pthread_barrier_wait(&allocated);
    pthread_barrier_wait(&measured);
    if (by("owners"))
        free_all(blocks[me]);
    if (by("neighbours"))
        free_all(blocks[(me + 1) % THREADS]);
    if (!by("joined")) {
        pthread_barrier_wait(&freed);
        pthread_barrier_wait(&end);
    }
    return NULL;
}

/* Returns with the memory freed and, unless they have ended, all threads asleep. */
static void burst(pthread_t *threads) {
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    pthread_barrier_wait(&allocated);
    CHECK(resident_kib() >= (long)(total / 1024));
    pthread_barrier_wait(&measured);
    for (int i = 0; i < THREADS && by("joined"); i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < THREADS && (by("main") || by("joined")); i++)
        free_all(blocks[i]);
    if (!by("joined"))
        pthread_barrier_wait(&freed);
}

/* Sleeps until the memory is back, at most ten seconds, without a call of the heap. */
static long settled_kib(long goal) {
    for (int i = 0; i < 100 && resident_kib() > goal; i++)
        usleep(100000);
    return resident_kib();
}

/* For the next burst. */
static void end_threads(const pthread_t *threads) {
    if (by("joined"))
        return;
    pthread_barrier_wait(&end);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    CHECK(argc == 3);
    who = argv[1];
    sizes = argv[2];
    CHECK(pthread_barrier_init(&allocated, NULL, THREADS + 1) == 0);
    CHECK(pthread_barrier_init(&measured, NULL, THREADS + 1) == 0);
    CHECK(pthread_barrier_init(&freed, NULL, THREADS + 1) == 0);
    CHECK(pthread_barrier_init(&end, NULL, THREADS + 1) == 0);
    free(malloc(1));
    long before = resident_kib();
    for (int i = 0; i < BURSTS; i++) {
        burst(threads);
        long after = settled_kib(before + WITHIN_KIB);
        printf("%s, %s: %+ld KiB\n", who, sizes, after - before);
        fflush(stdout);
        CHECK(after - before <= WITHIN_KIB);
        if (i < BURSTS - 1)
            end_threads(threads);
    }
    long after = resident_kib();
    malloc_trim(0);
    long trimmed = resident_kib();
    printf("after malloc_trim(0) %+ld KiB\n", trimmed - before);
    fflush(stdout);
    CHECK(trimmed < after);
    end_threads(threads);
    return EXIT_SUCCESS;
}
