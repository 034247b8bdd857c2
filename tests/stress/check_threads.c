/* Threads that allocate, resize and free their own blocks and each other's through the checker, while one
 * sweeps over all of them, and some fork. Nothing may be told, and no content may change. */
// ctest-args: 600
// ctest-builds: release debug
// ctest-args: 200
// ctest-builds: test-mode asan ubsan
// ctest-args: 60000
// ctest-label: soak
// ctest-timeout: 900
#include "check/entry.h"
#include "check/sweep.h"
#include "check/tale.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 6, PLACES = 512, STEPS = 200 };

typedef struct block {
    size_t size;
    unsigned char bytes[];
} block;

static _Atomic(block *) places[PLACES];
static _Atomic bool stop;
static _Atomic unsigned told;

static void fail(const char *what) {
    fprintf(stderr, "failed: %s\n", what);
    _exit(1);
}

static void tell(const lm_tale *tale) {
    (void)tale;
    atomic_fetch_add(&told, 1);
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static size_t some_size(uint32_t *seed) {
    uint32_t n = next(seed);
    return sizeof(block) + (n % 50 == 0 ? n % 300000 : n % 7 == 0 ? n % 5000 : n % 300);
}

static block *make(uint32_t *seed) {
    size_t size = some_size(seed);
    block *b = next(seed) % 9 == 0
                   ? lm_check_aligned((size_t)32 << next(seed) % 8, size, LM_CALL_MEMALIGN)
                   : lm_check_malloc(size, LM_CALL_MALLOC);
    if (!b)
        fail("no memory");
    b->size = size;
    memset(b->bytes, (int)(size % 251), size - sizeof *b);
    return b;
}

static void check(const block *b, size_t size) {
    for (size_t i = 0; i < size - sizeof *b; i += 1 + i / 8)
        if (b->bytes[i] != b->size % 251)
            fail("content");
}

static block *resize(block *b, uint32_t *seed) {
    size_t had = b->size, size = some_size(seed);
    b = lm_check_realloc(b, size, LM_CALL_REALLOC);
    check(b, had < size ? had : size);
    b->size = size;
    memset(b->bytes, (int)(size % 251), size - sizeof *b);
    return b;
}

static void work(uint32_t *seed) {
    for (int i = 0; i < STEPS; i++) {
        block *b = make(seed);
        if (next(seed) % 4 == 0)
            b = resize(b, seed);
        b = atomic_exchange(&places[next(seed) % PLACES], b);
        if (!b)
            continue;
        check(b, b->size);
        lm_check_free(b, LM_ANY_SIZE, LM_ANY_ALIGNMENT, LM_CALL_FREE);
    }
}

static void fork_once(uint32_t *seed) {
    pid_t child = fork();
    if (child == 0) {
        work(seed);
        lm_sweep_all();
        _exit(atomic_load(&told) ? 1 : 0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        fail("child");
}

static void *run(void *argument) {
    uint32_t seed = (uint32_t)(uintptr_t)argument;
    work(&seed);
    if (seed % 64 == 0)
        fork_once(&seed);
    return NULL;
}

static void *sweep(void *argument) {
    while (!atomic_load(&stop))
        lm_sweep_all();
    return argument;
}

int main(int argc, char **argv) {
    int rounds = argc == 2 ? atoi(argv[1]) : 100;
    pthread_t sweeper, threads[THREADS];
    lm_tale_hook = tell;
    pthread_create(&sweeper, NULL, sweep, NULL);
    for (int round = 0; round < rounds / THREADS; round++) {
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, run, (void *)(uintptr_t)(round * THREADS + i + 1));
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    atomic_store(&stop, true);
    pthread_join(sweeper, NULL);
    if (atomic_load(&told))
        fail("something was told");
    return 0;
}
