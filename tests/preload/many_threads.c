/* 2,000 threads alive at once, with small stacks: each has blocks, which another one frees; then
 * all end. And the same again: the memory of the first time is used again. */
// ctest-builds: release test-mode
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <stdint.h>

enum { THREADS = 2000, BLOCKS = 20, STACK = 64 * 1024, PER_THREAD_KIB = 100 };

static pthread_barrier_t all_have_blocks;
static char *blocks[THREADS][BLOCKS];

static void *work(void *argument) {
    size_t me = (size_t)(uintptr_t)argument, other = (me + 1) % THREADS;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[me][i] = malloc(i * i * 5 + 1);
        CHECK(blocks[me][i]);
        blocks[me][i][i * i * 5] = 'x';
    }
    pthread_barrier_wait(&all_have_blocks);
    for (size_t i = 0; i < BLOCKS; i++) {
        CHECK(blocks[other][i][i * i * 5] == 'x');
        free(blocks[other][i]);
    }
    return NULL;
}

static void run_all(void) {
    static pthread_t threads[THREADS];
    pthread_attr_t attributes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, STACK) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        int error = pthread_create(&threads[i], &attributes, work, (void *)(uintptr_t)i);
        if (error == EAGAIN && i < 200) {
            printf("skipped: this system gives a process only %zu threads\n", i);
            fflush(stdout);
            _exit(77);
        }
        CHECK(error == 0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
}

int main(void) {
    long before = peak_kib();
    CHECK(pthread_barrier_init(&all_have_blocks, NULL, THREADS) == 0);
    run_all();
    long once = peak_kib();
    for (int i = 0; i < 3; i++)
        run_all();
    printf("%d threads: peak %ld KiB, after four times %ld KiB\n", THREADS, once, peak_kib());
    fflush(stdout);
    CHECK(once - before <= (long)THREADS * PER_THREAD_KIB);
    CHECK(peak_kib() <= once + once / 4);
    return EXIT_SUCCESS;
}
