#include "support/unit.h"

#include "base/lock.h"
#include "support/child.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { THREADS = 4, TIMES = 20000 };

static lm_lock lock = LM_LOCK(LM_RANK_LARGE);
static lm_lock higher = LM_LOCK(LM_RANK_ARENA);
static long guarded; /* by lock, without atomics: two holders at a time would lose counts */

static void *count_up(void *argument) {
    (void)argument;
    for (int i = 0; i < TIMES; i++) {
        lm_lock_take(&lock);
        guarded++;
        if (i % 1000 == 0)
            sched_yield(); /* holds it for long: others must sleep and be woken */
        lm_lock_give(&lock);
    }
    return NULL;
}

static void excludes(void **state) {
    pthread_t threads[THREADS];
    (void)state;
    guarded = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count_up, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(guarded, THREADS * TIMES);
    assert_int_equal(atomic_load(&lock.state), 0);
}

static atomic_bool got_it;

static void *take_and_give(void *argument) {
    (void)argument;
    lm_lock_take(&lock);
    atomic_store(&got_it, true);
    lm_lock_give(&lock);
    return NULL;
}

/* A waiter that has gone to sleep is woken. */
static void wakes(void **state) {
    pthread_t thread;
    (void)state;
    atomic_store(&got_it, false);
    lm_lock_take(&lock);
    pthread_create(&thread, NULL, take_and_give, NULL);
    while (atomic_load(&lock.state) != 2)
        sched_yield();
    assert_false(atomic_load(&got_it));
    lm_lock_give(&lock);
    pthread_join(thread, NULL);
    assert_true(atomic_load(&got_it));
}

static int ascend(void *argument) {
    (void)argument;
    lm_lock_take(&lock);
    lm_lock_take(&higher);
    lm_lock_give(&higher);
    lm_lock_give(&lock);
    return 7;
}

static int descend(void *argument) {
    (void)argument;
    lm_lock_take(&higher);
    lm_lock_take(&lock);
    return 7;
}

static int take_twice(void *argument) {
    (void)argument;
    lm_lock_take(&lock);
    lm_lock_note_taken(&lock);
    return 7;
}

/* Only debug builds check the ranks. */
static void keeps_ranks(void **state) {
    (void)state;
    assert_int_equal(in_child(ascend, NULL), 7);
    if (!LM_DEBUGGING)
        return;
    assert_true(in_child(descend, NULL) < 0);
    assert_true(in_child(take_twice, NULL) < 0);
}

static int give_what_the_parent_held(void *argument) {
    lm_lock *held = argument;
    lm_lock_give_in_child(held);
    lm_lock_take(held);
    lm_lock_give(held);
    return 7;
}

static void passes_through_a_fork(void **state) {
    (void)state;
    lm_lock_take(&lock);
    assert_int_equal(in_child(give_what_the_parent_held, &lock), 7);
    assert_int_equal(atomic_load(&lock.state), 1);
    lm_lock_give(&lock);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(excludes),
        cmocka_unit_test(wakes),
        cmocka_unit_test(keeps_ranks),
        cmocka_unit_test(passes_through_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
