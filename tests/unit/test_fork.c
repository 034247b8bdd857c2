// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "support/child.h"
#include "support/heap.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* The thread sanitizer would end a child of a process with threads that makes one itself. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "die_after_fork=0";
}

enum { BLOCKS = 500 };
static char *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static void take_all(void) {
    random_state r = {5};
    for (unsigned i = 0; i < BLOCKS; i++) {
        sizes[i] = random_size(&r);
        blocks[i] = loam_malloc(sizes[i]);
        pattern_fill(blocks[i], sizes[i], i);
    }
}

static bool all_hold(void) {
    for (unsigned i = 0; i < BLOCKS; i++)
        if (!pattern_holds(blocks[i], sizes[i], sizes[i], i))
            return false;
    return true;
}

static void *use(void *argument) {
    random_state r = {(uintptr_t)argument};
    for (unsigned i = 0; i < 300; i++) {
        char *p = loam_malloc(1 + random_size(&r));
        if (!p)
            return NULL;
        p[0] = 'x';
        loam_free(p);
    }
    return blocks; /* all went well */
}

/* All of the interface works in the child: what the parent allocated is there and can be freed,
 * threads can be made, every invariant holds. Ends with 7. */
static int live_in_child(void *argument) {
    (void)argument;
    if (!all_hold())
        return 1;
    int broken = lm_verify();
    if (broken)
        return 100 + broken;
    for (unsigned i = 0; i < BLOCKS; i += 2)
        loam_free(blocks[i]);
    if (!use((void *)1) || !in_thread(use, (void *)2))
        return 3;
    for (unsigned i = 1; i < BLOCKS; i += 2)
        if (!(blocks[i] = loam_realloc(blocks[i], sizes[i] + 100)))
            return 4;
    for (unsigned i = 1; i < BLOCKS; i += 2)
        loam_free(blocks[i]);
    loam_trim(0);
    broken = lm_verify();
    return broken ? 200 + broken : 7;
}

static void of_a_single_thread(void **state) {
    (void)state;
    take_all();
    assert_int_equal(in_child(live_in_child, NULL), 7);
    assert_true(all_hold()); /* what the child did is the child's */
    assert_sound();
}

static int fork_again(void *argument) {
    return in_child(live_in_child, argument) == 7 ? live_in_child(argument) : 9;
}

static void a_child_of_a_child(void **state) {
    (void)state;
    assert_int_equal(in_child(fork_again, NULL), 7);
}

static void *fork_in_thread(void *argument) {
    return in_child(live_in_child, argument) == 7 ? argument : NULL;
}

static void out_of_a_thread(void **state) {
    (void)state;
    assert_non_null(in_thread(fork_in_thread, blocks));
}

/* ---- While other threads allocate
 * ------------------------------------------------------------------------- */

enum { THREADS = 3 };
static atomic_bool enough;
static atomic_int started;
static _Atomic(char *) passed_on[16];

static void *allocate_all_the_time(void *argument) {
    random_state r = {(uintptr_t)argument};
    atomic_fetch_add(&started, 1);
    while (!atomic_load(&enough)) {
        char *p = loam_malloc(random_size(&r));
        loam_free(atomic_exchange(&passed_on[random_below(&r, 16)], p));
        if (random_once_in(&r, 500))
            loam_trim(0);
    }
    return NULL;
}

static void while_others_allocate(void **state) {
    pthread_t threads[THREADS];
    (void)state;
    atomic_store(&enough, false);
    atomic_store(&started, 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, allocate_all_the_time, (void *)(i + 1));
    /* A thread that just begins may hold a lock of the address sanitizer's heap, which no child survives. */
    while (atomic_load(&started) < THREADS)
        sched_yield();
    for (int i = 0; i < 60; i++) {
        assert_int_equal(in_child(live_in_child, NULL), 7);
        sched_yield();
    }
    atomic_store(&enough, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 16; i++)
        loam_free(atomic_exchange(&passed_on[i], NULL));
    assert_true(all_hold());
    assert_sound();
}

/* ---- Handlers of others that allocate
 * --------------------------------------------------------------------- */

static void allocate_in_handler(void) {
    loam_free(loam_malloc(100));
    loam_free(loam_malloc(20000));
    loam_free(loam_realloc(loam_calloc(1, 200000), 400000));
}

static void handlers_allocate(void **state) {
    (void)state;
    pthread_atfork(allocate_in_handler, allocate_in_handler, allocate_in_handler);
    for (int i = 0; i < 10; i++)
        assert_int_equal(in_child(live_in_child, NULL), 7);
    assert_sound();
    while_others_allocate(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_single_thread), cmocka_unit_test(a_child_of_a_child),
        cmocka_unit_test(out_of_a_thread),    cmocka_unit_test(while_others_allocate),
        cmocka_unit_test(handlers_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
