#include "check/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* No test fails on a time: of two readings only the order is known, and that the counter is near. */
static void never_goes_back(void **state) {
    (void)state;
    lm_clock clock = {0};
    uint64_t last = 0, end = lm_clock_now() + 30 * 1000 * 1000;
    while (lm_clock_now() < end) {
        uint64_t now = lm_clock_read(&clock);
        assert_true(now >= last);
        last = now;
    }
}

static void is_not_ahead(void **state) {
    (void)state;
    const uint64_t slack = 100 * 1000;
    lm_clock clock = {0};
    uint64_t end = lm_clock_now() + 30 * 1000 * 1000;
    while (lm_clock_now() < end) {
        uint64_t before = lm_clock_now(), read = lm_clock_read(&clock), after = lm_clock_now();
        assert_true(read + slack >= before);
        assert_true(read <= after + slack);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(is_not_ahead),
    };
    lm_clock_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
