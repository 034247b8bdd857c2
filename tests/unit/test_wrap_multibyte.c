#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

#include <locale.h>

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

enum { W = sizeof(wchar_t) };

static void to_wide(void **state) {
    (void)state;
    char *from = text("abc"), *endless = text_without_end("abc");
    wchar_t *to = block(3 * W);
    GOOD(assert_int_equal(lm_wrap_mbstowcs(to, from, 3), 3), "mbstowcs", to, 3 * W, WRITE);
    GOOD(lm_wrap_mbstowcs(to, "ab", 99), "mbstowcs", to, 3 * W, WRITE); /* it isn't so long */
    assert_int_equal(lm_wrap_mbstowcs(NULL, from, 0), 3);
    BAD(lm_wrap_mbstowcs(to, from, 4), "mbstowcs", to, 4 * W, WRITE);
    BAD(lm_wrap_mbstowcs(NULL, endless, 0), "mbstowcs", endless, 4, READ);
    BAD(lm_wrap___mbstowcs_chk(to, from, 4, 9), "mbstowcs", to, 4 * W, WRITE);
    mbstate_t zero = {0};
    const char *at = from;
    BAD(lm_wrap_mbsrtowcs(to, &at, 4, &zero), "mbsrtowcs", to, 4 * W, WRITE);
    assert_null(at);
    at = from;
    BAD(lm_wrap___mbsrtowcs_chk(to, &at, 4, &zero, 9), "mbsrtowcs", to, 4 * W, WRITE);
}

static void to_multibyte(void **state) {
    (void)state;
    wchar_t *from = wide(L"abc"), *endless = wide_without_end(L"abc");
    char *to = block(3);
    GOOD(assert_int_equal(lm_wrap_wcstombs(to, from, 3), 3), "wcstombs", to, 3, WRITE);
    GOOD(lm_wrap_wcstombs(to, L"ab", 99), "wcstombs", to, 3, WRITE);
    assert_int_equal(lm_wrap_wcstombs(NULL, from, 0), 3);
    BAD(lm_wrap_wcstombs(to, from, 9), "wcstombs", to, 4, WRITE);
    BAD(lm_wrap_wcstombs(NULL, endless, 0), "wcstombs", endless, 4 * W, READ);
    BAD(lm_wrap___wcstombs_chk(to, from, 9, 99), "wcstombs", to, 4, WRITE);
    mbstate_t zero = {0};
    const wchar_t *at = from;
    BAD(lm_wrap_wcsrtombs(to, &at, 9, &zero), "wcsrtombs", to, 4, WRITE);
    assert_null(at);
    at = from;
    BAD(lm_wrap___wcsrtombs_chk(to, &at, 9, &zero, 99), "wcsrtombs", to, 4, WRITE);
}

static void what_cant_be_had_is_left_to_the_c_library(void **state) {
    (void)state;
    char *to = block(2);
    forget();
    errno = 0;
    assert_int_equal(lm_wrap_wcstombs(to, wide(L"\u4e00"), 9), (size_t)-1);
    assert_int_equal(errno, EILSEQ);
    assert_null(first_misfit());
}

int main(void) {
    setlocale(LC_ALL, "C");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(to_wide, fresh),
        cmocka_unit_test_setup(to_multibyte, fresh),
        cmocka_unit_test_setup(what_cant_be_had_is_left_to_the_c_library, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
