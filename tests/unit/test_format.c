#include "check/format.h"

#include "support/unit.h"

#define PRINT(format, c, l, w, p)                                                                  \
    same(lm_format_print, format, (lm_directive){c, l, w, p, false, false})
#define SCAN(format, c, l, w, skips, allocates)                                                    \
    same(lm_format_scan, format, (lm_directive){c, l, w, LM_FORMAT_NONE, skips, allocates})

/* The first directive of `format`, and that `!` comes next. */
static void same(const char *(*next)(const char *, lm_directive *), const char *format,
                 lm_directive expected) {
    lm_directive found;
    const char *rest = next(format, &found);
    assert_non_null(rest);
    assert_int_equal(*rest, '!');
    assert_int_equal(found.conversion, expected.conversion);
    assert_int_equal(found.length, expected.length);
    assert_int_equal(found.width, expected.width);
    assert_int_equal(found.precision, expected.precision);
    assert_int_equal(found.skips, expected.skips);
    assert_int_equal(found.allocates, expected.allocates);
}

enum { NONE = LM_FORMAT_NONE, GIVEN = LM_FORMAT_ARGUMENT };

static void of_printf(void **state) {
    (void)state;
    PRINT("text %d!", 'd', LM_LENGTH_NONE, NONE, NONE);
    PRINT("%-+ #0'5.3lld!", 'd', LM_LENGTH_LONGER, 5, 3);
    PRINT("%*.*s!", 's', LM_LENGTH_NONE, GIVEN, GIVEN);
    PRINT("%.s!", 's', LM_LENGTH_NONE, NONE, 0);
    PRINT("%hhx!", 'x', LM_LENGTH_CHAR, NONE, NONE);
    PRINT("%hn!", 'n', LM_LENGTH_SHORT, NONE, NONE);
    PRINT("%zu!", 'u', LM_LENGTH_LONG, NONE, NONE);
    PRINT("%Lf!", 'f', LM_LENGTH_LONGER, NONE, NONE);
    PRINT("%%!", '%', LM_LENGTH_NONE, NONE, NONE);
    PRINT("%1$!", 0, LM_LENGTH_NONE, 1, NONE); /* by place */
    PRINT("%Q!", 0, LM_LENGTH_NONE, NONE, NONE);
}

static void of_scanf(void **state) {
    (void)state;
    SCAN("%d!", 'd', LM_LENGTH_NONE, NONE, false, false);
    SCAN(" %*5ld!", 'd', LM_LENGTH_LONG, 5, true, false);
    SCAN("%ms!", 's', LM_LENGTH_NONE, NONE, false, true);
    SCAN("%9[^]a-z]!", '[', LM_LENGTH_NONE, 9, false, false);
    SCAN("%[]]!", '[', LM_LENGTH_NONE, NONE, false, false);
    SCAN("%a!", 'a', LM_LENGTH_NONE, NONE, false, false);
}

static void ends(void **state) {
    (void)state;
    lm_directive found;
    assert_null(lm_format_print("nothing", &found));
    assert_null(lm_format_scan("", &found));
    const char *cut[] = {"%", "%-", "%5", "%.", "%l", "%["};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        const char *rest = lm_format_print(cut[i], &found);
        assert_true(rest && !*rest && found.conversion == 0 ? true : cut[i][1] == '[');
        rest = lm_format_scan(cut[i], &found);
        assert_true(rest && !*rest);
    }
    lm_format_scan("%as", &found); /* two meanings */
    assert_int_equal(found.conversion, 0);
}

static void sizes(void **state) {
    (void)state;
    assert_int_equal(lm_format_integer_size(LM_LENGTH_CHAR), 1);
    assert_int_equal(lm_format_integer_size(LM_LENGTH_SHORT), 2);
    assert_int_equal(lm_format_integer_size(LM_LENGTH_NONE), 4);
    assert_int_equal(lm_format_integer_size(LM_LENGTH_LONG), sizeof(long));
    assert_int_equal(lm_format_integer_size(LM_LENGTH_LONGER), 8);
    assert_int_equal(lm_format_float_size(LM_LENGTH_NONE), 4);
    assert_int_equal(lm_format_float_size(LM_LENGTH_LONG), 8);
    assert_int_equal(lm_format_float_size(LM_LENGTH_LONGER), sizeof(long double));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_printf), cmocka_unit_test(of_scanf),
                                       cmocka_unit_test(ends), cmocka_unit_test(sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
