#include "support/unit.h"

#include "check/patience.h"
#include "support/thread.h"

#include <stdatomic.h>

static lm_lock lock = LM_LOCK(LM_RANK_CHECK_TALE);

static void has_an_end(void **state) {
    enum { TRIES = 300 };
    unsigned tries = 0, waits = 0;
    (void)state;
    while (lm_patience_wait(&tries))
        waits++;
    assert_int_equal(waits, TRIES);
    assert_false(lm_patience_wait(&tries)); /* and none begins anew */
    tries = TRIES - 1;
    assert_true(lm_patience_wait(&tries));
    assert_false(lm_patience_wait(&tries));
}

static void a_free_lock_is_taken(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(lm_patience_take(&lock));
        lm_lock_give(&lock);
    }
}

static _Atomic bool held, leave;

static void *hold(void *argument) {
    lm_lock_take(&lock);
    held = true;
    while (!leave)
        lm_pause();
    lm_lock_give(&lock);
    return argument;
}

static void *take(void *argument) {
    (void)argument;
    const bool taken = lm_patience_take(&lock);
    if (taken)
        lm_lock_give(&lock);
    return taken ? &lock : NULL;
}

/* Its holder was interrupted, or waits for this very thread. */
static void a_held_lock_is_given_up(void **state) {
    pthread_t holder;
    (void)state;
    held = leave = false;
    assert_int_equal(pthread_create(&holder, NULL, hold, NULL), 0);
    while (!held)
        lm_pause();
    assert_null(in_thread(take, NULL));
    leave = true;
    assert_int_equal(pthread_join(holder, NULL), 0);
    assert_non_null(in_thread(take, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_an_end),
        cmocka_unit_test(a_free_lock_is_taken),
        cmocka_unit_test(a_held_lock_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
