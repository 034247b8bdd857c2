/* The names are this program's own: its source is a part of it. */
#include "support/unit.h"

#include "check/exit_names.c"

#include "support/child.h"

#include <stdatomic.h>
#include <sys/mman.h>

/* ---- In the checker's stead, in memory that children share ---------------------------------------- */

static struct { _Atomic int finished, status, noted, order, at_quick_exit; } * seen;

void lm_check_finish(int status) {
    seen->finished++;
    seen->status = status;
}

void lm_check_note_status(int status) {
    seen->noted = status;
    seen->order = seen->at_quick_exit;
}

static int set_up(void **state) {
    (void)state;
    if (!seen)
        seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    seen->finished = seen->at_quick_exit = 0;
    seen->status = seen->noted = seen->order = -1;
    return 0;
}

/* ---- Ways out -------------------------------------------------------------------------------- */

static int by__exit(void *argument) {
    _exit(*(int *)argument);
}

static int by__Exit(void *argument) {
    _Exit(*(int *)argument);
}

static void handler(void) {
    seen->at_quick_exit++;
}

static int by_quick_exit(void *argument) {
    at_quick_exit(handler);
    quick_exit(*(int *)argument);
}

static int by_quick_exit_alone(void *argument) {
    next_quick_exit = NULL;
    quick_exit(*(int *)argument);
}

static void the_checker_is_told_first(void **state) {
    int status = 7;
    (void)state;
    assert_int_equal(in_child(by__exit, &status), 7);
    assert_int_equal(seen->finished, 1);
    assert_int_equal(seen->status, 7);
    status = 8;
    assert_int_equal(in_child(by__Exit, &status), 8);
    assert_int_equal(seen->finished, 2);
    assert_int_equal(seen->status, 8);
}

/* Its handlers run, and may do anything: only after them the process ends. */
static void handlers_run_after_the_status_is_known(void **state) {
    int status = 9;
    (void)state;
    assert_int_equal(in_child(by_quick_exit, &status), 9);
    assert_int_equal(seen->noted, 9);
    assert_int_equal(seen->order, 0);
    assert_int_equal(seen->at_quick_exit, 1);
}

/* A C library without it. */
static void without_the_c_librarys(void **state) {
    int status = 10;
    (void)state;
    assert_non_null(next_quick_exit);
    assert_int_equal(in_child(by_quick_exit_alone, &status), 10);
    assert_int_equal(seen->noted, 10);
    assert_int_equal(seen->finished, 1);
    assert_int_equal(seen->status, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_checker_is_told_first, set_up),
        cmocka_unit_test_setup(handlers_run_after_the_status_is_known, set_up),
        cmocka_unit_test_setup(without_the_c_librarys, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
