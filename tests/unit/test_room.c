#include "support/unit.h"

#include "stack/room.h"

#include "os/os.h"
#include "support/pattern.h"
#include "support/thread.h"

#include <string.h>

enum { LIMIT = 1 << 20, THREADS = 4, TAKEN = 16 };

static int start(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

static void gives_what_lies_together(void **state) {
    lm_room room = {NULL, 0, 0};
    size_t at, end = 0;
    (void)state;
    assert_null(lm_room_base(&room));
    for (size_t bytes = 8; bytes < 100000; bytes *= 3) {
        assert_true(lm_room_take(&room, LIMIT, bytes, &at));
        assert_int_equal(at, end);
        assert_true(all_zero(lm_room_base(&room) + at, bytes));
        memset(lm_room_base(&room) + at, 47, bytes);
        end += bytes;
    }
}

static void ends_at_its_limit(void **state) {
    lm_room room = {NULL, 0, 0};
    size_t at;
    (void)state;
    assert_false(lm_room_take(&room, LIMIT, LIMIT + 1, &at));
    assert_false(lm_room_take(&room, LIMIT, SIZE_MAX, &at));
    assert_true(lm_room_take(&room, LIMIT, LIMIT - 8, &at));
    assert_false(lm_room_take(&room, LIMIT, 16, &at));
    assert_true(lm_room_take(&room, LIMIT, 8, &at));
    memset(lm_room_base(&room), 47, LIMIT);
    assert_false(lm_room_take(&room, LIMIT, 1, &at));
}

static lm_room common;

/* Takes all that it gets, and marks it. */
static void *take_all(void *argument) {
    size_t at, taken = 0;
    while (lm_room_take(&common, LIMIT, TAKEN, &at)) {
        memset(lm_room_base(&common) + at, *(const char *)argument, TAKEN);
        taken++;
    }
    return (void *)taken;
}

static void gives_each_part_to_one_thread(void **state) {
    static char marks[THREADS] = {1, 2, 3, 4};
    pthread_t threads[THREADS];
    size_t taken[THREADS], found[THREADS] = {0}, all = 0;
    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, &marks[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        taken[i] = (size_t)result;
        all += taken[i];
    }
    assert_int_equal(all, LIMIT / TAKEN);
    for (size_t at = 0; at < LIMIT; at++)
        found[lm_room_base(&common)[at] - 1]++;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(found[i], taken[i] * TAKEN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_lies_together),
        cmocka_unit_test(ends_at_its_limit),
        cmocka_unit_test(gives_each_part_to_one_thread),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
