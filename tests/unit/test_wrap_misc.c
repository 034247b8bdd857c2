#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static int compare(const void *a, const void *b) {
    return *(const char *)a - *(const char *)b;
}

static int compare_with(const void *a, const void *b, void *context) {
    ++*(int *)context;
    return compare(a, b);
}

static void arrays(void **state) {
    (void)state;
    char *array = block(6);
    int calls = 0;
    memcpy(array, "fedcba", 6);
    GOOD(lm_wrap_qsort(array, 6, 1, compare), "qsort", array, 6, WRITE);
    assert_memory_equal(array, "abcdef", 6);
    GOOD(lm_wrap_qsort_r(array, 6, 1, compare_with, &calls), "qsort_r", array, 6, WRITE);
    assert_true(calls > 0);
    GOOD(assert_ptr_equal(lm_wrap_bsearch("d", array, 6, 1, compare), array + 3), "bsearch", array,
         6, READ);
    BAD(lm_wrap_qsort(array, 7, 1, compare), "qsort", array, 7, WRITE);
    BAD(lm_wrap_qsort_r(array, 7, 1, compare_with, &calls), "qsort_r", array, 7, WRITE);
    BAD(lm_wrap_bsearch("d", array, 7, 1, compare), "bsearch", array, 7, READ);
    forget();
    lm_wrap_qsort(array, 0, 1, compare);
    assert_int_equal(touched_count, 0);
}

static void dates(void **state) {
    (void)state;
    time_t *moment = block(sizeof *moment);
    struct tm *parts = block(sizeof *parts);
    char *to = block(26), *tight = block(10);
    *moment = 0;
    *parts = (struct tm){.tm_year = 70, .tm_mday = 1};
    GOOD(lm_wrap_asctime_r(parts, to), "asctime_r", to, 26, WRITE);
    assert_string_equal(to + 19, " 1970\n");
    GOOD(lm_wrap_ctime_r(moment, to), "ctime_r", moment, sizeof *moment, READ);
    GOOD(assert_int_equal(lm_wrap_strftime(to, 26, "%Y-%m-%d", parts), 10), "strftime", to, 26,
         WRITE);
    GOOD(lm_wrap_strftime(to, 99, "%Y-%m-%d", parts), "strftime", to, 11,
         WRITE); /* enough, as it happens */
    BAD(lm_wrap_strftime(tight, 99, "%Y-%m-%d", parts), "strftime", tight, 11, WRITE);
    BAD(lm_wrap_asctime_r(parts, tight), "asctime_r", tight, 26, WRITE);
    BAD(lm_wrap_ctime_r(moment, tight), "ctime_r", tight, 26, WRITE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(arrays, fresh),
        cmocka_unit_test_setup(dates, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
