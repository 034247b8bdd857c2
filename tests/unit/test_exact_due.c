/* Who gets a place, without any places: test_exact.c has those. */
#include "support/unit.h"

#include "check/amounts.h"
#include "check/budget.h"
#include "check/exact.h"

#include <stdatomic.h>

/* ---- In the stead of exact.c and budget.c ------------------------------------------------------ */

lm_exact_settings lm_exact_setting;
lm_exact_counts lm_exact_count;
static bool ready;
static uint64_t run_time; /* ns */

bool lm_exact_ready(void) {
    return ready;
}

uint64_t lm_budget_time(void) {
    return run_time;
}

enum { ALLOWANCE = 20000000 };

static uint32_t next_stack = 1000;

static int set_up(void **state) {
    (void)state;
    ready = true;
    run_time = 0;
    lm_exact_setting.mode = LM_EXACT_MODE_AUTO;
    lm_exact_setting.share = 5;
    lm_exact_count.due = 0;
    lm_exact_count.spent = 0;
    next_stack++; /* none of these shares its counter with another: they differ by few */
    return 0;
}

static unsigned due_of(unsigned calls) {
    unsigned due = 0;
    for (unsigned i = 0; i < calls; i++)
        due += lm_exact_due(next_stack);
    return due;
}

/* Eight at once, eight of each second, eight of each fourth, and so on. */
static void each_phase_has_eight(void **state) {
    (void)state;
    for (unsigned phase = 0; phase < 14; phase++) {
        const unsigned step = 1u << phase;
        for (unsigned turn = 0; turn < 8; turn++) {
            assert_true(lm_exact_due(next_stack)); /* the first of so many */
            assert_int_equal(due_of(step - 1), 0);
        }
    }
    assert_int_equal(lm_exact_count.due, 14 * 8);
}

static void stacks_count_for_themselves(void **state) {
    enum { STACKS = 500 };
    (void)state;
    assert_int_equal(due_of(8), 8);
    assert_int_equal(due_of(2), 1);
    for (int i = 0; i < STACKS; i++) {
        next_stack++;
        assert_int_equal(due_of(9), 9); /* the ninth is the first of the second phase */
    }
}

static void by_mode(void **state) {
    (void)state;
    lm_exact_setting.mode = LM_EXACT_MODE_OFF;
    assert_int_equal(due_of(100), 0);
    lm_exact_setting.mode = LM_EXACT_MODE_ALL;
    assert_int_equal(due_of(100), 100);
    lm_exact_setting.mode = LM_EXACT_MODE_AUTO;
    assert_int_equal(due_of(8), 8); /* none of those before was counted */
}

static void without_places_nobody(void **state) {
    (void)state;
    ready = false;
    assert_int_equal(due_of(10), 0);
    lm_exact_setting.mode = LM_EXACT_MODE_ALL;
    assert_int_equal(due_of(10), 0);
    ready = true;
    lm_exact_setting.mode = LM_EXACT_MODE_AUTO;
    assert_int_equal(due_of(8), 8);
}

static bool is_due_after(uint64_t spent, uint64_t time) {
    lm_exact_count.spent = spent;
    run_time = time;
    next_stack++;
    return lm_exact_due(next_stack);
}

/* Five of a hundred, and the allowance. */
static void time_is_a_share(void **state) {
    (void)state;
    lm_exact_count.due = LM_EXACT_FREE;
    assert_true(is_due_after(ALLOWANCE - 1, 0));
    assert_false(is_due_after(ALLOWANCE, 0));
    assert_true(is_due_after(ALLOWANCE, 100));
    assert_true(is_due_after(ALLOWANCE + 4999, 100000));
    assert_false(is_due_after(ALLOWANCE + 5000, 100000));
    assert_false(is_due_after(UINT64_MAX, 100000));
    lm_exact_setting.share = 0;
    assert_false(is_due_after(ALLOWANCE, UINT64_MAX / 2));
    assert_true(is_due_after(ALLOWANCE - 1, 0));
}

/* However slow the machine was. */
static void the_first_of_all_need_no_time(void **state) {
    (void)state;
    lm_exact_count.due = LM_EXACT_FREE - 1;
    assert_true(is_due_after(UINT64_MAX, 0));
    assert_int_equal(lm_exact_count.due, LM_EXACT_FREE);
    assert_false(is_due_after(UINT64_MAX, 0));
    assert_int_equal(lm_exact_count.due, LM_EXACT_FREE);
}

/* One that comes when there is no time has had its turn. */
static void a_turn_that_is_missed_is_over(void **state) {
    (void)state;
    lm_exact_count.due = LM_EXACT_FREE;
    lm_exact_count.spent = UINT64_MAX;
    assert_int_equal(due_of(8), 0);
    lm_exact_count.spent = 0;
    assert_int_equal(due_of(16), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_phase_has_eight, set_up),
        cmocka_unit_test_setup(stacks_count_for_themselves, set_up),
        cmocka_unit_test_setup(by_mode, set_up),
        cmocka_unit_test_setup(without_places_nobody, set_up),
        cmocka_unit_test_setup(time_is_a_share, set_up),
        cmocka_unit_test_setup(the_first_of_all_need_no_time, set_up),
        cmocka_unit_test_setup(a_turn_that_is_missed_is_over, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
