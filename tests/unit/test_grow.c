#include "support/unit.h"

#include "check/grow.h"
#include "os/os.h"
#include "support/child.h"
#include "support/pattern.h"

#include <string.h>
#include <sys/resource.h>

enum { STEP = 256 << 10, MOST = 4 * STEP };

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

static void grows_in_place(void **state) {
    lm_grow grow = {0};
    (void)state;
    assert_true(lm_grow_to(&grow, 1, MOST));
    char *at = grow.at;
    assert_non_null(at);
    assert_true(all_zero(at, STEP));
    memset(at, 'a', STEP);
    assert_true(lm_grow_to(&grow, STEP, MOST)); /* all of the first step is there */
    assert_int_equal(grow.committed, STEP);
    assert_true(lm_grow_to(&grow, STEP + 1, MOST));
    assert_ptr_equal(grow.at, at);
    assert_int_equal(grow.committed, 2 * STEP);
    assert_int_equal(at[STEP - 1], 'a');
    assert_true(all_zero(at + STEP, STEP));
    assert_true(lm_grow_to(&grow, 5, MOST)); /* never less */
    assert_int_equal(grow.committed, 2 * STEP);
    lm_grow_end(&grow);
}

static void ends_at_what_was_reserved(void **state) {
    lm_grow grow = {0};
    (void)state;
    assert_true(lm_grow_to(&grow, MOST, MOST));
    memset(grow.at, 1, MOST);
    assert_int_equal(grow.reserved, MOST);
    assert_false(lm_grow_to(&grow, MOST + 1, MOST));
    assert_false(lm_grow_to(&grow, MOST + 1, 2 * MOST)); /* what was said first counts */
    assert_int_equal(grow.committed, MOST);
    assert_int_equal(grow.at[MOST - 1], 1);
    lm_grow_end(&grow);
}

static void the_reserve_is_whole_steps(void **state) {
    lm_grow grow = {0};
    (void)state;
    assert_true(lm_grow_to(&grow, 1, STEP + 1));
    assert_int_equal(grow.reserved, 2 * STEP);
    assert_true(lm_grow_to(&grow, 2 * STEP, STEP + 1));
    lm_grow_end(&grow);
}

static void begins_anew_after_the_end(void **state) {
    const lm_grow none = {0};
    lm_grow grow = {0};
    (void)state;
    lm_grow_end(&grow); /* of nothing */
    assert_true(lm_grow_to(&grow, 1, MOST));
    grow.at[0] = 'x';
    lm_grow_end(&grow);
    assert_memory_equal(&grow, &none, sizeof none);
    assert_true(lm_grow_to(&grow, 1, MOST));
    assert_int_equal(grow.at[0], 0);
    lm_grow_end(&grow);
}

/* It asks for what can't be reserved, for what can't be committed, and then for what can. */
static int without_memory(void *argument) {
    const struct rlimit little = {1 << 20, 1 << 20};
    lm_grow grow = {0}, large = {0};
    (void)argument;
    if (!lm_grow_to(&grow, 1, MOST) || setrlimit(RLIMIT_AS, &little) != 0)
        return 1;
    if (lm_grow_to(&large, 1, MOST) || large.at || large.reserved || large.committed)
        return 2;
    lm_grow_end(&large);
    return lm_grow_to(&grow, STEP, MOST) ? 0 : 3;
}

static void too_little_memory(void **state) {
    (void)state;
    assert_int_equal(in_child(without_memory, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_in_place),
        cmocka_unit_test(ends_at_what_was_reserved),
        cmocka_unit_test(the_reserve_is_whole_steps),
        cmocka_unit_test(begins_anew_after_the_end),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
