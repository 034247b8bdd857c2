#include <errno.h>
#include <limits.h>
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

#define INTEGER(name)                                                                              \
    do {                                                                                           \
        char *string = text("  -42x"), *endless = text_without_end("42"), *end = NULL;             \
        GOOD(assert_int_equal(lm_wrap_##name(string, &end, 10), name("  -42x", NULL, 10)), #name,  \
             string, 6, READ);                                                                     \
        assert_ptr_equal(end, string + 5);                                                         \
        GOOD(lm_wrap_##name(endless, NULL, 2), #name, endless, 1, READ);                           \
        BAD(lm_wrap_##name(endless, NULL, 10), #name, endless, 3, READ);                           \
    } while (0)

static void integers(void **state) {
    (void)state;
    INTEGER(strtol);
    INTEGER(strtoul);
    INTEGER(strtoll);
    INTEGER(strtoull);
    INTEGER(strtoimax);
    INTEGER(strtoumax);
}

static void bad_bases_are_the_c_librarys(void **state) {
    (void)state;
    char *mine = (char *)1, *string = text("12");
    forget();
    errno = 0;
    assert_int_equal(lm_wrap_strtol(string, &mine, 99), 0);
    assert_int_equal(errno, EINVAL);
#if !defined(__SANITIZE_ADDRESS__) /* its strtol writes an end nevertheless */
    assert_ptr_equal(mine, (char *)1);
#endif
    errno = 0;
    assert_int_equal(lm_wrap_strtol(text("99999999999999999999"), &mine, 10), LONG_MAX);
    assert_int_equal(errno, ERANGE);
}

static void floats(void **state) {
    (void)state;
    char *string = text("1.5e3,"), *endless = text_without_end("1.5"), *end;
    assert_true(lm_wrap_strtod(string, &end) == 1500 && end == string + 5);
    assert_true(lm_wrap_strtof(string, &end) == 1500 && end == string + 5);
    assert_true(lm_wrap_strtold(string, &end) == 1500 && end == string + 5);
    GOOD(lm_wrap_strtod(string, NULL), "strtod", string, 6, READ);
    BAD(lm_wrap_strtod(endless, NULL), "strtod", endless, 4, READ);
    BAD(lm_wrap_strtof(endless, NULL), "strtof", endless, 4, READ);
    BAD(lm_wrap_strtold(endless, NULL), "strtold", endless, 4, READ);
}

static void plain_ones(void **state) {
    (void)state;
    char *endless = text_without_end("42");
    assert_int_equal(lm_wrap_atoi(text("42")), 42);
    assert_int_equal(lm_wrap_atol(text("-4")), -4);
    assert_int_equal(lm_wrap_atoll(text("7 ")), 7);
    assert_true(lm_wrap_atof(text("0.5")) == 0.5);
    RANGES_FIT();
    BAD(lm_wrap_atoi(endless), "atoi", endless, 3, READ);
    BAD(lm_wrap_atol(endless), "atol", endless, 3, READ);
    BAD(lm_wrap_atoll(endless), "atoll", endless, 3, READ);
    BAD(lm_wrap_atof(endless), "atof", endless, 3, READ);
}

static void wide_ones(void **state) {
    (void)state;
    wchar_t *string = wide(L"12x"), *endless = wide_without_end(L"12"), *end;
    assert_true(lm_wrap_wcstol(string, &end, 10) == 12 && end == string + 2);
    assert_true(lm_wrap_wcstod(string, &end) == 12 && end == string + 2);
    RANGES_FIT();
    BAD(lm_wrap_wcstol(endless, NULL, 10), "wcstol", endless, 12, READ);
    BAD(lm_wrap_wcstoul(endless, NULL, 10), "wcstoul", endless, 12, READ);
    BAD(lm_wrap_wcstoll(endless, NULL, 10), "wcstoll", endless, 12, READ);
    BAD(lm_wrap_wcstoull(endless, NULL, 10), "wcstoull", endless, 12, READ);
    BAD(lm_wrap_wcstod(endless, NULL), "wcstod", endless, 12, READ);
    BAD(lm_wrap_wcstof(endless, NULL), "wcstof", endless, 12, READ);
    BAD(lm_wrap_wcstold(endless, NULL), "wcstold", endless, 12, READ);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(integers, fresh),
        cmocka_unit_test_setup(bad_bases_are_the_c_librarys, fresh),
        cmocka_unit_test_setup(floats, fresh),
        cmocka_unit_test_setup(plain_ones, fresh),
        cmocka_unit_test_setup(wide_ones, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
