/* A process forks over and over while eight other threads allocate and free all the time. Every
 * child uses the heap: allocates, frees blocks of its parent, its own thread's and those of other
 * threads, and starts a thread that allocates. make test forks 3,000 times, make soak 100,000
 * times. */
// ctest-args: 3000
// ctest-builds: release
// ctest-timeout: 500
// ctest-args: 300
// ctest-builds: debug test-mode
// ctest-args: 100000
// ctest-label: soak
// ctest-timeout: 5400
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

enum { THREADS = 8, HELD = 64, SHELF = 256, HANGS_AFTER = 20 };

/* Blocks that other threads made, here for the children to free. The threads replace them all the
 * time. */
static _Atomic(char *) shelf[SHELF];
static _Atomic bool stop;

static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    return n % 64 == 0 ? 70000 + n % 200000 : n % 8 == 0 ? n % 20000 : n % 500;
}

static char *filled(size_t size) {
    char *block = malloc(size + 1);
    CHECK(block);
    block[0] = block[size] = 'x';
    return block;
}

static void *allocate_all_the_time(void *argument) {
    unsigned seed = (unsigned)(uintptr_t)argument;
    char *held[HELD] = {0};
    /* They run whenever the forking thread leaves them a processor, and stop at any place. */
    setpriority(PRIO_PROCESS, (id_t)gettid(), 15);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        unsigned i = next_random(&seed) % HELD;
        free(held[i]);
        held[i] = filled(some_size(&seed));
        if (i == 0)
            free(atomic_exchange(&shelf[next_random(&seed) % SHELF], filled(some_size(&seed))));
    }
    for (int i = 0; i < HELD; i++)
        free(held[i]);
    return NULL;
}

static void *allocate_a_little(void *argument) {
    unsigned seed = *(unsigned *)argument;
    for (int i = 0; i < 100; i++)
        free(filled(some_size(&seed)));
    return NULL;
}

static void run_child(char **mine, unsigned seed) {
    pthread_t thread;
    char *own[HELD];
    alarm(HANGS_AFTER);
    for (int i = 0; i < HELD; i++)
        own[i] = filled(some_size(&seed));
    for (int i = 0; i < HELD; i++)
        free(mine[i]);
    for (int i = 0; i < SHELF; i++)
        free(atomic_exchange(&shelf[i], NULL));
    CHECK(pthread_create(&thread, NULL, allocate_a_little, &seed) == 0);
    for (int i = 0; i < HELD; i++)
        own[i] = realloc(own[i], some_size(&seed) + 1);
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < HELD; i++)
        free(own[i]);
    exit(EXIT_SUCCESS);
}

static void fork_once(char **mine, unsigned seed) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        run_child(mine, seed);
    alarm(HANGS_AFTER + 10);
    expect_success(child);
}

int main(int argc, char **argv) {
    int forks = argc > 1 ? atoi(argv[1]) : 100;
    pthread_t threads[THREADS];
    char *mine[HELD];
    unsigned seed = 1;
    for (int i = 0; i < HELD; i++)
        mine[i] = filled(some_size(&seed));
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, allocate_all_the_time, (void *)(i + 1)) == 0);
    for (int i = 0; i < forks; i++) {
        unsigned n = next_random(&seed) % HELD;
        free(mine[n]);
        mine[n] = filled(some_size(&seed));
        fork_once(mine, next_random(&seed));
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%d forks\n", forks);
    return EXIT_SUCCESS;
}
