#include "check/budget.h"

#include "check/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static uint64_t used(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* No more than was used, never less than before, and it moves on. */
static void follows_the_process(void **state) {
    (void)state;
    const uint64_t first = lm_budget_time(), wanted = first + 20 * 1000 * 1000;
    uint64_t last = first;
    while (last < wanted) {
        const uint64_t now = lm_budget_time();
        assert_true(now >= last);
        assert_true(now <= used());
        last = now;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
