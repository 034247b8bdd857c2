#include "support/unit.h"

#include "check/amounts.h"
#include "check/failed.h"
#include "check/watcher.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static uint32_t other; /* thread */

static void *fail_elsewhere(void *argument) {
    other = lm_watcher_here()->number;
    lm_failed_note(LM_CALL_REALLOC, 77, ENOMEM);
    return argument;
}

static void the_latest_of_each_thread(void **state) {
    lm_failed failed;
    pthread_t thread;
    const uint32_t mine = lm_watcher_here()->number;
    (void)state;
    assert_false(lm_failed_latest(0, &failed));
    assert_int_equal(lm_failed_count(), 0);
    lm_failed_note(LM_CALL_MALLOC, 1000, ENOMEM);
    lm_failed_note(LM_CALL_CALLOC, 2000, ENOMEM);
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    assert_int_equal(lm_failed_count(), 3);
    assert_true(lm_failed_latest(mine, &failed));
    assert_int_equal(failed.size, 2000);
    assert_string_equal(failed.call, "calloc");
    assert_int_equal(failed.error, ENOMEM);
    assert_true(lm_failed_latest(other, &failed));
    assert_int_equal(failed.size, 77);
    assert_true(lm_failed_latest(0, &failed));
    assert_int_equal(failed.thread, other);
    assert_false(lm_failed_latest(other + 1000, &failed));
}

static void only_the_latest_are_kept(void **state) {
    lm_failed failed;
    (void)state;
    for (size_t i = 0; i < LM_FAILED_MOST; i++)
        lm_failed_note(LM_CALL_MALLOC, i, ENOMEM);
    assert_false(lm_failed_latest(other, &failed));
    assert_true(lm_failed_latest(0, &failed));
    assert_int_equal(failed.size, LM_FAILED_MOST - 1);
    assert_int_equal(lm_failed_count(), LM_FAILED_MOST + 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_of_each_thread),
        cmocka_unit_test(only_the_latest_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
