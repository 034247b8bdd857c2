#include "support/unit.h"

#include "stack/extent.h"
#include "support/thread.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uintptr_t here(void) {
    return (uintptr_t)__builtin_frame_address(0);
}

/* Every byte that is said to be mapped can be read. */
static void read_all(const lm_extent *extent, uintptr_t end) {
    uintptr_t value;
    const lm_extent all = {extent->low, end, end};
    for (uintptr_t at = (extent->low + 7) & ~(uintptr_t)7; at + sizeof value <= end; at += 8)
        assert_true(lm_extent_read(&all, at, &value));
}

static void of_the_first_thread(void **state) {
    (void)state;
    const lm_extent extent = lm_extent_of(here());
    assert_true(extent.low <= here());
    assert_true(extent.end > (uintptr_t)environ[0] - 4096);
    assert_int_equal(extent.sure, extent.end);
    read_all(&extent, extent.sure);
}

static void *look(void *argument) {
    const lm_extent extent = lm_extent_of(here());
    assert_true(extent.end > here());
    read_all(&extent, extent.end);
    read_all(&extent, extent.sure);
    return argument;
}

static void of_another_thread(void **state) {
    assert_non_null(in_thread(look, state));
}

static void of_a_stack_that_nobody_knows(void **state) {
    static _Alignas(4096) char stack[8192];
    (void)state;
    const uintptr_t sp = (uintptr_t)stack + 1000;
    const lm_extent extent = lm_extent_of(sp);
    assert_int_equal(extent.sure, (uintptr_t)stack + 4096);
    assert_true(extent.end > sp);
    assert_true(extent.end - sp <= 1 << 20);
}

static void reads_only_within(void **state) {
    static uintptr_t words[4] = {1, 2, 3, 4};
    const uintptr_t start = (uintptr_t)words;
    const lm_extent extent = {start + 8, start + 24, 0};
    uintptr_t value = 47;
    (void)state;
    assert_false(lm_extent_read(&extent, start, &value));
    assert_false(lm_extent_read(&extent, start + 24, &value));
    assert_false(lm_extent_read(&extent, start + 17, &value));
    assert_false(lm_extent_read(&extent, UINTPTR_MAX - 7, &value));
    assert_false(lm_extent_read(&extent, 0, &value));
    assert_int_equal(value, 47);
    assert_true(lm_extent_read(&extent, start + 8, &value));
    assert_int_equal(value, 2);
    assert_true(lm_extent_read(&extent, start + 16, &value));
    assert_int_equal(value, 3);
}

static void of_nonsense(void **state) {
    static const uintptr_t bad[] = {0, 1, 8, 4096, UINTPTR_MAX, UINTPTR_MAX - 4096};
    uintptr_t value;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const lm_extent extent = lm_extent_of(bad[i]);
        assert_true(extent.low <= bad[i] && extent.low <= extent.end);
        assert_false(lm_extent_read(&extent, bad[i] + (64 << 10) + 4096, &value));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_first_thread),
        cmocka_unit_test(of_another_thread),
        cmocka_unit_test(of_a_stack_that_nobody_knows),
        cmocka_unit_test(reads_only_within),
        cmocka_unit_test(of_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
