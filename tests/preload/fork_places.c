/* fork from uncommon places: a constructor, while other threads make their first allocation, out of
 * a thread's key destructor, with atfork handlers that allocate; and the other ways to a child:
 * vfork with exec, posix_spawn, popen, system. */
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>

extern char **environ;

enum { BLOCKS = 200 };

static void use_heap(void) {
    char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(i * i + 1);
        CHECK(blocks[i]);
        blocks[i][i * i] = 'x';
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void *use_heap_in_thread(void *argument) {
    use_heap();
    return argument;
}

static void use_all(void) {
    pthread_t thread;
    use_heap();
    CHECK(pthread_create(&thread, NULL, use_heap_in_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    use_heap();
}

static void fork_and_use(void) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        use_all();
        exit(EXIT_SUCCESS);
    }
    expect_success(child);
}

/* ---- A constructor -------------------------------------------------------------------------- */

__attribute__((constructor)) static void early(void) {
    alarm(100);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        use_all();
        _exit(EXIT_SUCCESS);
    }
    expect_success(child);
}

/* ---- Handlers ------------------------------------------------------------------------------- */

static void *from_prepare;
static int handled_in_parent;

static void prepare(void) {
    use_heap();
    from_prepare = malloc(333);
    CHECK(from_prepare);
}

static void in_parent(void) {
    free(from_prepare);
    use_heap();
    handled_in_parent++;
}

static void in_child(void) {
    free(from_prepare);
    use_heap();
}

/* ---- First allocations ---------------------------------------------------------------------- */

static atomic_int starting;

static void *allocate_first(void *argument) {
    atomic_fetch_add(&starting, 1);
    free(malloc((size_t)1 + (size_t)(uintptr_t)argument * 100));
    return NULL;
}

/* Some threads are in the middle of their very first allocation when the process is copied. */
static void fork_at_first_allocations(void) {
    enum { ROUNDS = 50, AT_ONCE = 8 };
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[AT_ONCE];
        for (uintptr_t i = 0; i < AT_ONCE; i++)
            CHECK(pthread_create(&threads[i], NULL, allocate_first, (void *)i) == 0);
        fork_and_use();
        for (int i = 0; i < AT_ONCE; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(atomic_load(&starting) >= ROUNDS * AT_ONCE);
}

/* ---- The end of a thread -------------------------------------------------------------------- */

static pthread_key_t key;
static atomic_int destroyed; /* count of calls */

/* In each round of destructors: the heap's own may have been among those that already ran. */
static void destroy(void *value) {
    int round = *(int *)value + 1;
    free(value);
    fork_and_use();
    atomic_fetch_add(&destroyed, 1);
    int *next = malloc(sizeof *next);
    CHECK(next);
    *next = round;
    if (round < PTHREAD_DESTRUCTOR_ITERATIONS)
        CHECK(pthread_setspecific(key, next) == 0);
    else
        free(next);
}

static void *end_with_fork(void *argument) {
    int *value = calloc(1, sizeof *value);
    CHECK(value && pthread_setspecific(key, value) == 0);
    return argument;
}

static void fork_at_thread_end(void) {
    pthread_t thread;
    atomic_store(&destroyed, 0);
    CHECK(pthread_key_create(&key, destroy) == 0);
    CHECK(pthread_create(&thread, NULL, end_with_fork, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(atomic_load(&destroyed) == PTHREAD_DESTRUCTOR_ITERATIONS);
}

/* ---- Other ways ----------------------------------------------------------------------------- */

static char *const arguments[] = {(char[]){"true"}, NULL};

static void spawn_all(void) {
    char line[16] = "";
    pid_t child = vfork();
    CHECK(child >= 0);
    if (child == 0) {
        execvp("true", arguments);
        _exit(EXIT_FAILURE);
    }
    expect_success(child);
    CHECK(posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0);
    expect_success(child);
    FILE *output = popen("echo hello", "r");
    CHECK(output && fgets(line, sizeof line, output) && strcmp(line, "hello\n") == 0);
    CHECK(pclose(output) == 0);
    CHECK(system("exit 3") == 3 << 8);
}

/* A child of a child of a child, each with a thread. */
static void fork_deeply(int depth) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        use_all();
        if (depth > 0)
            fork_deeply(depth - 1);
        exit(EXIT_SUCCESS);
    }
    expect_success(child);
}

int main(void) {
    use_heap();
    fork_at_first_allocations();
    fork_at_thread_end();
    fork_deeply(5);
    CHECK(pthread_atfork(prepare, in_parent, in_child) == 0);
    for (int i = 0; i < 20; i++)
        fork_and_use();
    CHECK(handled_in_parent == 20);
    fork_at_first_allocations();
    fork_at_thread_end();
    spawn_all();
    return EXIT_SUCCESS;
}
