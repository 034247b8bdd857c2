/* The heap in the last moments of threads and of the process: key destructors in all rounds,
 * whatever their order, atexit handlers, constructors and destructors. Each step is printed, so
 * none may be missing. */
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { KEYS = 40, THREADS = 50, BLOCKS = 100 };

static void *early_block;
static void *blocks_of_others[BLOCKS];

/* write, since standard output may be closed by then. */
static void say(const char *text) {
    CHECK(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text));
}

static void use_heap(void) {
    char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(i * i * 4 + 1);
        CHECK(blocks[i]);
        blocks[i][i * i * 4] = 'x';
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = realloc(blocks[i], i * 20 + 1);
        CHECK(blocks[i]);
        free(blocks[i]);
    }
}

__attribute__((constructor(101))) static void first(void) {
    early_block = malloc(1234);
    use_heap();
    say("first constructor\n");
}

__attribute__((constructor)) static void second(void) {
    early_block = realloc(early_block, 200000);
    CHECK(early_block);
    use_heap();
    say("second constructor\n");
}

__attribute__((destructor)) static void last_but_one(void) {
    use_heap();
    say("first destructor\n");
}

__attribute__((destructor(101))) static void last(void) {
    free(early_block);
    use_heap();
    say("second destructor\n");
}

/* ---- Threads ----------------------------------------------------------------------------------
 */

/* Many keys: some are made before the heap's own, some after, and values beyond the first block of
 * keys are in memory that the C library itself allocates and frees at the thread's end. */
static pthread_key_t keys[KEYS];
static atomic_int calls;

typedef struct value {
    pthread_key_t key;
    int round;
} value;

static void set_value(pthread_key_t key, int round) {
    value *new_value = malloc(sizeof *new_value);
    CHECK(new_value);
    *new_value = (value){key, round};
    CHECK(pthread_setspecific(key, new_value) == 0);
}

static void destroy(void *argument) {
    value old = *(value *)argument;
    free(argument);
    use_heap();
    atomic_fetch_add(&calls, 1);
    if (old.round < PTHREAD_DESTRUCTOR_ITERATIONS)
        set_value(old.key, old.round + 1);
}

static void *work(void *argument) {
    size_t me = (size_t)(uintptr_t)argument;
    free(blocks_of_others[me]);
    for (int i = 0; i < KEYS; i++)
        set_value(keys[i], 1);
    blocks_of_others[me] = malloc(me * 100 + 1);
    return NULL;
}

static void run_threads(void) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        blocks_of_others[i] = malloc(i * 1000 + 1);
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        free(blocks_of_others[i]);
    CHECK(atomic_load(&calls) == THREADS * KEYS * PTHREAD_DESTRUCTOR_ITERATIONS);
    say("threads\n");
}

/* A thread that allocates in a destructor only: its first call comes after the heap's own
 * destructor could have been called. */
static void allocate_late(void *argument) {
    (void)argument;
    use_heap();
    say("late first call\n");
}

static void *set_and_end(void *argument) {
    CHECK(pthread_setspecific(*(pthread_key_t *)argument, argument) == 0);
    return NULL;
}

static void run_late_thread(void) {
    static pthread_key_t key;
    pthread_t thread;
    CHECK(pthread_key_create(&key, allocate_late) == 0);
    CHECK(pthread_create(&thread, NULL, set_and_end, &key) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Threads that are cancelled, or end by pthread_exit, with blocks that the cleanup frees. */
static void *be_cancelled(void *argument) {
    void *block = malloc(5000);
    pthread_cleanup_push(free, block);
    for (;;)
        sleep(100);
    pthread_cleanup_pop(1);
    return argument;
}

static void run_cancelled_threads(void) {
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, be_cancelled, NULL) == 0);
        CHECK(pthread_cancel(thread) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    say("cancelled\n");
}

/* ---- The end ----------------------------------------------------------------------------------
 */

static void at_exit(void) {
    use_heap();
    say("atexit\n");
}

static void on_exit_free(int status, void *block) {
    CHECK(status == 0);
    free(block);
    use_heap();
    say("on_exit\n");
}

/* Goes on while the process ends. */
static void *work_until_the_end(void *argument) {
    for (;;)
        use_heap();
    return argument;
}

int main(void) {
    pthread_t thread;
    CHECK(atexit(at_exit) == 0);
    CHECK(on_exit(on_exit_free, malloc(300)) == 0);
    for (int i = 0; i < KEYS; i++)
        CHECK(pthread_key_create(&keys[i], destroy) == 0);
    run_threads();
    run_late_thread();
    run_cancelled_threads();
    for (int i = 0; i < KEYS; i++) /* the main thread's destructors run by pthread_exit only */
        set_value(keys[i], PTHREAD_DESTRUCTOR_ITERATIONS);
    CHECK(pthread_create(&thread, NULL, work_until_the_end, NULL) == 0);
    return EXIT_SUCCESS;
}
