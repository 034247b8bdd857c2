// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/guard.h"
#include "heap/large.h"
#include "heap/limits.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/pattern.h"
#include "support/trap.h"

#include <unistd.h>

static int set_up(void **state) {
    (void)state;
    trap_set();
    loam_trim(0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    loam_trim(0);
    return trap_take() == 0 && lm_verify() == 0 ? 0 : -1;
}

static int touch(void *at) {
    *(volatile char *)at = 1;
    return 7;
}

static char *filled(size_t size, uint64_t id) {
    char *p = loam_malloc(size);
    assert_non_null(p);
    pattern_fill(p, size, id);
    return p;
}

static bool touchable(char *at) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    bool can = write(ends[1], at, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return can;
}

/* How much of a freed block of more than the largest front is hidden. */
enum { PAGE = 1, FRONT, ALL };

static int hidden_of(size_t size) {
    char *p = filled(size, 1);
    lm_span *span = span_of(p);
    loam_free(p);
    assert_false(touchable(p));
    assert_false(touchable(p + lm_os.page - 1));
    bool front = !touchable(p + LM_HIDDEN_MOST - 1), wholly = !touchable(p + size - 1);
    assert_int_equal(span->hidden, front ? LM_SPAN_HIDDEN : LM_SPAN_PAGE_HIDDEN);
    assert_true(front || (lm_guard_is_cheap() && touchable(p + lm_os.page)));
    assert_true(wholly || (!span->cold && touchable(p + LM_HIDDEN_MOST)));
    assert_true(front || !wholly);
    /* Whoever frees it, or grows it, is found whatever is hidden. */
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_null(loam_realloc(p, size * 2));
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    return wholly ? ALL : front ? FRONT : PAGE;
}

/* Comes first: most programs free few, and of those all of the front is hidden. */
static void the_first_ones_are_hidden_further(void **state) {
    (void)state;
    if (!lm_once.protection.hide_large)
        skip();
    for (unsigned i = 0; i < LM_HIDDEN_FIRST; i++)
        assert_in_range(hidden_of(LM_HIDDEN_MOST * 3 / 2), FRONT, ALL);
}

/* Mostly the first page; by chance, or at level 3, all. So who comes back beyond that is found in the end. Comes
 * next. */
static void what_rests_is_hidden_wholly_by_chance(void **state) {
    enum { TRIES = LM_HIDDEN_WHOLE * 30 };
    unsigned times[ALL + 1] = {0};
    (void)state;
    if (!lm_once.protection.hide_large)
        skip();
    for (unsigned i = 0; i < TRIES; i++)
        times[hidden_of(LM_HIDDEN_MOST * 3 / 2)]++;
    if (lm_once.protection.purge_slabs)
        assert_int_equal(times[ALL], TRIES);
    else
        assert_in_range(times[ALL], 1, TRIES / 4);
    if (lm_guard_is_cheap())
        assert_int_equal(times[FRONT], 0);
}

/* Of a block that keeps its memory, the first page at least; of one without, all of it. */
static void what_rests_cannot_be_touched(void **state) {
    (void)state;
    if (!lm_once.protection.hide_large)
        skip();
    size_t size = LM_HIDDEN_MOST * 3 / 2;
    char *p = filled(size, 1);
    lm_span *span = span_of(p);
    loam_free(p);
    assert_true(span->hidden);
    assert_int_equal(in_child(touch, p), -SIGSEGV);
    if (span->hidden == LM_SPAN_HIDDEN)
        assert_int_equal(in_child(touch, p + LM_HIDDEN_MOST - 1), -SIGSEGV);
    if (span->cold)
        assert_int_equal(in_child(touch, p + size - 1), -SIGSEGV);
    size = LM_RESTING_BYTES_MAX * 4;
    p = filled(size, 1);
    span = span_of(p);
    loam_free(p);
    assert_true(span->cold && span->hidden);
    assert_int_equal(in_child(touch, p), -SIGSEGV);
    assert_int_equal(in_child(touch, p + size - 1), -SIGSEGV);
    loam_trim(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_ones_are_hidden_further, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_rests_is_hidden_wholly_by_chance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_rests_cannot_be_touched, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
