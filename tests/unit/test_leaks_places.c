// ctest-timeout: 120
// ctest-builds: release clang debug test-mode

/* Not under the sanitizers: what they keep of stacks and of freed memory holds pointers. */

/* Where a block may be held: all kinds of memory, and threads, with their registers. */
#include "support/unit.h"

#include "os/reserved.h"
#include "support/leaky.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Places ------------------------------------------------------------------------------------ */

static __thread void *volatile in_tls;

static void tls(void **state) {
    (void)state;
    put(&in_tls, 10);
    look();
    assert_int_equal(tale_count, 0);
    in_tls = NULL;
    look();
    assert_int_equal(tale_count, 1);
}

static void own_stack(void **state) {
    void *volatile here;
    (void)state;
    put(&here, 10);
    look();
    assert_int_equal(tale_count, 0);
    here = NULL;
    look();
    assert_int_equal(tale_count, 1);
}

static void mapped(int flags) {
    const size_t size = (size_t)1 << 40; /* hardly any of it is touched */
    char *map =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
    if (map == MAP_FAILED)
        return;
    put((void *volatile *)(void *)(map + size / 2 + 8), 10);
    look();
    assert_int_equal(tale_count, 0);
    munmap(map, size);
    look();
    assert_int_equal(tale_count, 1);
    clean(NULL);
}

static void in_mappings(void **state) {
    (void)state;
    mapped(MAP_PRIVATE);
}

static void in_shared_memory(void **state) {
    (void)state;
    char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
    assert_true(map != MAP_FAILED);
    put((void *volatile *)(void *)(map + 4096), 10);
    look();
    assert_int_equal(tale_count, 0);
    const pid_t child = fork(); /* it hasn't touched it */
    if (child == 0) {
        look();
        _exit(tale_count == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    munmap(map, 1 << 20);
}

/* Pages that can't be read amid others that can. */
static void guards_are_passed_over(void **state) {
    (void)state;
    const size_t page = lm_os.page;
    char *map = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    memset(map, 1, 16 * page);
    assert_true(lm_os_guard(map + 3 * page, page, lm_os.guards_by_advice));
    mprotect(map + 7 * page, page, PROT_NONE);
    put((void *volatile *)(void *)(map + 4 * page), 10);
    put((void *volatile *)(void *)(map + 9 * page - 8), 11);
    look();
    assert_int_equal(tale_count, 0);
    munmap(map, 16 * page);
}

static __attribute__((noinline)) void make_large(void) {
    char *large = make(64 << 20, 10);
    global = (void *)large;
    put((void *volatile *)(void *)(large + (40 << 20)), 11);
    char *middle = make(40000, 12);
    put((void *volatile *)(void *)(middle + 39984), 13);
    *(void **)(void *)(large + 16) = middle;
}

static __attribute__((noinline)) void protect_in_large(int protection) {
    mprotect(heap + (20 << 20), lm_os.page, protection);
}

/* Blocks of many pages, some of which can't be read or were never touched. */
static void large_blocks(void **state) {
    (void)state;
    make_large();
    protect_in_large(PROT_NONE);
    look();
    assert_int_equal(tale_count, 0);
    protect_in_large(PROT_READ | PROT_WRITE);
    global = NULL;
    look();
    assert_leak(10, 1, 3);
}

/* ---- Threads ----------------------------------------------------------------------------------- */

static _Atomic bool ready, leave;
static _Atomic uintptr_t given; /* inverted, so that it is no pointer */

/* Only a register holds it. */
static void *hold_in_register(void *argument) {
    (void)argument;
    uintptr_t value = ~atomic_load(&given);
    atomic_store(&ready, true);
    while (!atomic_load(&leave))
        __asm__ volatile("" : "+r"(value));
    return NULL;
}

static void *hold_in_vectors(void *argument) {
    (void)argument;
#if defined(__x86_64__)
    uintptr_t inverted = atomic_load(&given);
    __asm__ volatile("movq %0, %%xmm9\n\tpcmpeqd %%xmm8, %%xmm8\n\tpxor %%xmm8, %%xmm9"
                     :
                     : "r"(inverted)
                     : "xmm8", "xmm9");
    ready = true;
    while (!leave)
        __asm__ volatile("" ::: "memory");
#else
    hold_in_register(NULL);
#endif
    return NULL;
}

static void *hold_on_stack(void *argument) {
    void *volatile here;
    (void)argument;
    put(&here, 10);
    wipe();
    ready = true;
    while (!leave)
        usleep(1000);
    here = NULL;
    return NULL;
}

static void *hold_in_tls(void *argument) {
    (void)argument;
    put(&in_tls, 10);
    wipe();
    ready = true;
    while (!leave)
        usleep(1000);
    return NULL;
}

static void *hold_with_signals_blocked(void *argument) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    return hold_in_register(argument);
}

static __attribute__((noinline)) void give(void) {
    atomic_store(&given, ~(uintptr_t)make(40, 10));
}

static void thread_holds(void *(*function)(void *)) {
    pthread_t thread;
    ready = leave = false;
    give();
    if (function == hold_on_stack || function == hold_in_tls)
        clean(NULL);
    assert_int_equal(pthread_create(&thread, NULL, function, NULL), 0);
    while (!ready)
        usleep(100);
    for (int i = 0; i < 3; i++) {
        look();
        assert_int_equal(tale_count, 0);
    }
    leave = true;
    pthread_join(thread, NULL);
    look();
    assert_int_equal(tale_count, 1); /* its stack is kept, but doesn't count */
    assert_int_equal(note_count, 0);
    clean(NULL);
}

static void threads(void **state) {
    (void)state;
    thread_holds(hold_in_register);
    thread_holds(hold_in_vectors);
    thread_holds(hold_on_stack);
    thread_holds(hold_in_tls);
    thread_holds(hold_with_signals_blocked);
}

static void *give_result(void *argument) {
    (void)argument;
    return make(40, 10);
}

/* What a thread returned is in its control block, until somebody fetches it. */
static void results(void **state) {
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, give_result, NULL), 0);
    usleep(100000);
    look();
    assert_int_equal(tale_count, 0);
    pthread_join(thread, NULL);
    look();
    assert_int_equal(tale_count, 1);
}

static _Atomic bool storm;

static void *nothing(void *argument) {
    return argument;
}

static void *make_threads(void *argument) {
    while (storm) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, argument) == 0)
            pthread_join(thread, NULL);
    }
    return NULL;
}

/* Threads come and go all the time. */
static void a_storm_of_threads(void **state) {
    pthread_t makers[4];
    (void)state;
    storm = true;
    for (int i = 0; i < 4; i++)
        pthread_create(&makers[i], NULL, make_threads, NULL);
    global = list(10, 10);
    for (int i = 0; i < 50; i++) {
        look();
        assert_int_equal(tale_count, 0);
    }
    storm = false;
    for (int i = 0; i < 4; i++)
        pthread_join(makers[i], NULL);
    assert_int_equal(note_count, 0);
    global = NULL;
}

static void *wait_for_cancel(void *argument) {
    ready = true;
    for (;;)
        pause();
    return argument;
}

/* The signal is the C library's own; it still does what it did. */
static void cancelling_works(void **state) {
    pthread_t thread;
    void *result;
    (void)state;
    for (int i = 0; i < 3; i++) {
        ready = false;
        pthread_create(&thread, NULL, wait_for_cancel, NULL);
        while (!ready)
            usleep(100);
        look();
        pthread_cancel(thread);
        look();
        pthread_join(thread, &result);
        assert_ptr_equal(result, PTHREAD_CANCELED);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tls, clean),
        cmocka_unit_test_setup(own_stack, clean),
        cmocka_unit_test_setup(in_mappings, clean),
        cmocka_unit_test_setup(in_shared_memory, clean),
        cmocka_unit_test_setup(guards_are_passed_over, clean),
        cmocka_unit_test_setup(large_blocks, clean),
        cmocka_unit_test_setup(threads, clean),
        cmocka_unit_test_setup(results, clean),
        cmocka_unit_test_setup(a_storm_of_threads, clean),
        cmocka_unit_test_setup(cancelling_works, clean),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
