/* 64 threads, one after the other, run the same job: 50 MB allocated, touched and freed. They end
 * after it, or they stay, as those of a thread pool do. The resident memory at the end is at most
 * twice that after the first one. */
// ctest-builds: release
// ctest-args: ended small
// ctest-args: ended mixed
// ctest-args: ended large
// ctest-args: alive small
// ctest-args: alive mixed
// ctest-args: alive large
#include "check.h"

#include <pthread.h>
#include <semaphore.h>

enum { THREADS = 64, BLOCKS_MAX = 400000 };
static const size_t job_bytes = 50 * 1000 * 1000;

static int stay;
static const char *sizes;
static sem_t done, end;
static void *blocks[BLOCKS_MAX];

static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    if (strcmp(sizes, "small") == 0)
        return 16 + n % 500;
    if (strcmp(sizes, "large") == 0)
        return 70000 + n % 1000000;
    return n % 3 == 0 ? 200 + n % 1000 : n % 3 == 1 ? 1000 + n % 64000 : 16 + n % 300000;
}

static void run_job(void) {
    unsigned seed = 1;
    size_t count = 0;
    for (size_t bytes = 0; bytes < job_bytes;) {
        size_t size = some_size(&seed);
        CHECK(count < BLOCKS_MAX && (blocks[count] = malloc(size)));
        memset(blocks[count++], 1, size);
        bytes += size;
    }
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
}

static void *work(void *argument) {
    run_job();
    sem_post(&done);
    if (stay)
        sem_wait(&end);
    return argument;
}

static void join(pthread_t thread) {
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    long after_one = 0;
    CHECK(argc == 3);
    stay = strcmp(argv[1], "alive") == 0;
    sizes = argv[2];
    CHECK(sem_init(&done, 0, 0) == 0 && sem_init(&end, 0, 0) == 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
        CHECK(sem_wait(&done) == 0);
        if (!stay)
            join(threads[i]);
        if (i == 0)
            after_one = resident_kib();
    }
    long after_all = resident_kib();
    for (int i = 0; i < THREADS && stay; i++)
        sem_post(&end);
    for (int i = 0; i < THREADS && stay; i++)
        join(threads[i]);
    printf("%s, %s: after one thread %ld KiB, after %d %ld KiB\n", argv[1], sizes, after_one,
           THREADS, after_all);
    fflush(stdout);
    CHECK(after_all <= 2 * after_one);
    CHECK(resident_kib() <= 2 * after_one);
    return EXIT_SUCCESS;
}
