#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

#include <fcntl.h>

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-zero-length"

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static FILE *nowhere;

static void room(void **state) {
    (void)state;
    char *to = block(6);
    GOOD(assert_int_equal(lm_wrap_sprintf(to, "%d", 12345), 5), "sprintf", to, 6, WRITE);
    assert_string_equal(to, "12345");
    GOOD(assert_int_equal(lm_wrap_snprintf(to, 6, "%d", 1234567), 7), "snprintf", to, 6, WRITE);
    assert_string_equal(to, "12345");
    GOOD(lm_wrap_snprintf(to, 600, "%s", "abc"), "snprintf", to, 4, WRITE);
    assert_int_equal(lm_wrap_snprintf(to, 0, "%s", "abc"), 3);
    assert_int_equal(lm_wrap_snprintf(NULL, 0, "%s", "abc"), 3);
    GOOD(lm_wrap___sprintf_chk(to, 1, 6, "%s", "abcde"), "sprintf", to, 6, WRITE);
    GOOD(lm_wrap___snprintf_chk(to, 6, 1, 6, "%s", "abcde"), "snprintf", to, 6, WRITE);
    BAD(lm_wrap_sprintf(to, "%d", 123456), "sprintf", to, 7, WRITE);
    BAD(lm_wrap_snprintf(to, 99, "%d", 1234567), "snprintf", to, 8, WRITE);
    BAD(lm_wrap_snprintf(to, 7, "%d", 1234567), "snprintf", to, 7, WRITE);
    BAD(lm_wrap___sprintf_chk(to, 1, 99, "%d", 123456), "sprintf", to, 7, WRITE);
    BAD(lm_wrap___snprintf_chk(to, 99, 1, 99, "%d", 123456), "snprintf", to, 7, WRITE);
}

static void error_number_survives_measuring(void **state) {
    (void)state;
    char *to = block(200), expected[200];
    errno = ENOENT;
    sprintf(expected, "%m %ls", L"x");
    errno = ENOENT;
    lm_wrap_sprintf(to, "%m %ls", L"x");
    assert_string_equal(to, expected);
}

static void wide_room(void **state) {
    (void)state;
    enum { W = sizeof(wchar_t) };
    wchar_t *to = block(4 * W);
    GOOD(assert_int_equal(lm_wrap_swprintf(to, 4, L"%d", 123), 3), "swprintf", to, 4 * W, WRITE);
    GOOD(lm_wrap_swprintf(to, 99, L"%d", 123), "swprintf", to, 4 * W, WRITE);
    BAD(lm_wrap_swprintf(to, 99, L"%d", 1234), "swprintf", to, 99 * W, WRITE);
    BAD(lm_wrap___swprintf_chk(to, 99, 1, 99, L"%d", 1234), "swprintf", to, 99 * W, WRITE);
}

static void strings(void **state) {
    (void)state;
    char *string = text("abc"), *endless = text_without_end("abc"), out[200];
    wchar_t *wide_endless = wide_without_end(L"abc");
    GOOD(lm_wrap_sprintf(out, "%s", string), "sprintf", string, 4, READ);
    GOOD(lm_wrap_sprintf(out, "%.3s", endless), "sprintf", endless, 3, READ);
    GOOD(lm_wrap_sprintf(out, "%*.*s", 9, 3, endless), "sprintf", endless, 3, READ);
    BAD(lm_wrap_sprintf(out, "%s", endless), "sprintf", endless, 4, READ);
    BAD(lm_wrap_sprintf(out, "%.4s", endless), "sprintf", endless, 4, READ);
    BAD(lm_wrap_sprintf(out, "%-20s", endless), "sprintf", endless, 4, READ);
    BAD(lm_wrap_sprintf(out, "%ls", wide_endless), "sprintf", wide_endless, 16, READ);
    BAD(lm_wrap_sprintf(out, "%S", wide_endless), "sprintf", wide_endless, 16, READ);
    BAD(lm_wrap_printf(text_without_end("")), "printf", touched_list[0].at, 1, READ);
    BAD(lm_wrap_fprintf(nowhere, "%s", endless), "fprintf", endless, 4, READ);
    BAD(lm_wrap_dprintf(fileno(nowhere), "%s", endless), "dprintf", endless, 4, READ);
    BAD(lm_wrap___fprintf_chk(nowhere, 1, "%s", endless), "fprintf", endless, 4, READ);
    BAD(lm_wrap___dprintf_chk(fileno(nowhere), 1, "%s", endless), "dprintf", endless, 4, READ);
    char *made;
    BAD(lm_wrap_asprintf(&made, "%s", endless), "asprintf", endless, 4, READ);
    assert_string_equal(made, "abc");
    free(made);
    BAD(lm_wrap___asprintf_chk(&made, 1, "%s", endless), "asprintf", endless, 4, READ);
    free(made);
    const char *volatile null = NULL; /* kept from the compiler, which would refuse it */
    lm_wrap_sprintf(out, "%s %.2s", null, null);
    int *count = block(2);
    BAD(lm_wrap_sprintf(out, "ab%n", count), "sprintf", count, 4, WRITE);
    assert_int_equal(*count, 2);
}

/* Every argument before the string must have been passed over by its right type. */
static void arguments_of_all_types(void **state) {
    (void)state;
    char *endless = text_without_end("abc"), mine[500], expected[500];
#define EACH(format, ...)                                                                          \
    do {                                                                                           \
        BAD(lm_wrap_sprintf(mine, format "%s", __VA_ARGS__, endless), "sprintf", endless, 4,       \
            READ);                                                                                 \
        sprintf(expected, format "%s", __VA_ARGS__, endless);                                      \
        assert_string_equal(mine, expected);                                                       \
    } while (0)
    EACH("%d%i%u%x%X%o%c", 1, 2, 3U, 4U, 5U, 6U, 'c');
    EACH("%hhd%hd%ld%lld%jd%zd%td", 1, 2, 3L, 4LL, (intmax_t)5, (size_t)6, (ptrdiff_t)7);
    EACH("%e%f%g%a%E%F%G%A", 1., 2., 3., 4., 5., 6., 7., 8.);
    EACH("%Lf%Le%d%Lg", 1.L, 2.L, 3, 4.L);
    EACH("%p%%%lc%5d%-5d%+d%05.2f", (void *)endless, L'x', 1, 2, 3, 4.);
    EACH("%*d%.*f%1.2f", 3, 4, 5, 6., 7.);
    EACH("%d%f%d%f%d%f%d%f%d%f%d%f%d%f%d%f%d%f", 1, 1., 2, 2., 3, 3., 4, 4., 5, 5., 6, 6., 7, 7., 8,
         8., 9, 9.);
    forget(); /* by place: not looked at, but right */
    lm_wrap_sprintf(mine, "%2$s %1$d", 7, endless);
    assert_string_equal(mine, "abc 7");
    assert_null(first_misfit());
}

static int list(int (*print)(char *, const char *, va_list), char *to, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = print(to, format, args);
    va_end(args);
    return n;
}

static int to_nowhere(char *to, const char *format, va_list args) {
    (void)to;
    return lm_wrap_vfprintf(nowhere, format, args);
}

static int bounded(char *to, const char *format, va_list args) {
    return lm_wrap_vsnprintf(to, 99, format, args);
}

static void lists(void **state) {
    (void)state;
    char *to = block(3), *endless = text_without_end("abc");
    BAD(assert_int_equal(list(lm_wrap_vsprintf, to, "%d", 123), 3), "vsprintf", to, 4, WRITE);
    BAD(list(bounded, to, "%d", 123), "vsnprintf", to, 4, WRITE);
    BAD(list(to_nowhere, to, "%s", endless), "vfprintf", endless, 4, READ);
}

int main(void) {
    nowhere = fopen("/dev/null", "w");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(room, fresh),
        cmocka_unit_test_setup(error_number_survives_measuring, fresh),
        cmocka_unit_test_setup(wide_room, fresh),
        cmocka_unit_test_setup(strings, fresh),
        cmocka_unit_test_setup(arguments_of_all_types, fresh),
        cmocka_unit_test_setup(lists, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
