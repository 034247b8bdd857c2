#include "cli/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void takes_what_is_json(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}",
        " [ ] \n",
        "0",
        "-1.5e+3",
        "1E5",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a \\\"b\\\\ \\u00e4 \\n\"",
        "{\"a\":1,\"b\":[1,{\"c\":[]},\"]}\"],\"d\":null}",
        "{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }",
        "[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!lm_json_is_whole(texts[i]))
            fail_msg("refused: %s", texts[i]);
    }
}

static void refuses_what_is_not(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",           " ",           "{",
        "[",          "}",           "{}}",
        "{} {}",      "[1,]",        "[,1]",
        "[1 2]",      "{\"a\"}",     "{\"a\":}",
        "{\"a\":1,}", "{a:1}",       "{1:1}",
        "\"",         "\"\\",        "\"\\x\"",
        "\"\\u12",    "\"\\u12g4\"", "\"line\nbreak\"",
        "-",          "1.",          "1e",
        ".5",         "+1",          "tru",
        "nul",        "truefalse",   "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (lm_json_is_whole(texts[i]))
            fail_msg("taken: %s", texts[i]);
    }
}

/* The line is cut at every place, as by a full disk: nothing is read past its end (which the
 * address sanitizer watches), and nothing cut is taken for whole. */
static void refuses_every_beginning(void **state) {
    (void)state;
    static const char whole[] =
        "{\"pid\":12,\"program\":\"a\\u0041\\n\",\"by_class\":[{\"size\":16}],"
        "\"t\":true,\"n\":-1.5e3}";
    assert_true(lm_json_is_whole(whole));
    for (size_t length = 0; length < strlen(whole); length++) {
        char *cut = strndup(whole, length);
        assert_non_null(cut);
        assert_false(lm_json_is_whole(cut));
        free(cut);
    }
}

static void finds_members(void **state) {
    (void)state;
    static const char object[] =
        "{ \"a\" : 1, \"live\":[2, {\"live_blocks\":3}], \"live_blocks\" : 4, \"s\":\"live\" }";
    assert_int_equal(lm_json_number(lm_json_member(object, "a")), 1);
    assert_int_equal(lm_json_number(lm_json_member(object, "live_blocks")), 4);
    assert_null(lm_json_member(object, "liv"));
    assert_null(lm_json_member(object, "live_block"));
    assert_null(lm_json_member(object, ""));
    assert_null(lm_json_member("{}", "a"));
    assert_null(lm_json_member("[]", "a"));
    assert_null(lm_json_member("17", "a"));
    assert_null(lm_json_member(NULL, "a"));
    const char *inner = lm_json_next(lm_json_first(lm_json_member(object, "live")));
    assert_int_equal(lm_json_number(lm_json_member(inner, "live_blocks")), 3);
    assert_null(lm_json_next(inner));
}

static void walks_arrays(void **state) {
    (void)state;
    uint64_t sum = 0;
    for (const char *p = lm_json_first("[ 1, 20 ,300]"); p != NULL; p = lm_json_next(p))
        sum += lm_json_number(p);
    assert_int_equal(sum, 321);
    assert_null(lm_json_first("[]"));
    assert_null(lm_json_first("[ ]"));
    assert_null(lm_json_first("{}"));
    assert_null(lm_json_first(NULL));
}

static void reads_numbers(void **state) {
    (void)state;
    assert_int_equal(lm_json_number("0"), 0);
    assert_int_equal(lm_json_number("17,"), 17);
    assert_int_equal(lm_json_number("18446744073709551615"), UINT64_MAX);
    assert_int_equal(lm_json_number("18446744073709551616"), 0);
    assert_int_equal(lm_json_number("-1"), 0);
    assert_int_equal(lm_json_number("1.5"), 0);
    assert_int_equal(lm_json_number("1e3"), 0);
    assert_int_equal(lm_json_number("\"1\""), 0);
    assert_int_equal(lm_json_number("null"), 0);
    assert_int_equal(lm_json_number(NULL), 0);
}

static void string_is(const char *value, const char *expected) {
    char buffer[16];
    lm_json_string(value, buffer, sizeof buffer);
    assert_string_equal(buffer, expected);
}

static void reads_strings(void **state) {
    (void)state;
    string_is("\"ls\"", "ls");
    string_is("\"\"", "");
    string_is("\"a\\\"b\\\\c\\/d\"", "a\"b\\c/d");
    string_is("\"\\u0041\\u006a\\u004A\"", "AjJ");
    string_is("\"\\u00e4\\u0007\\n\\t\\u007f\"", "?????");
    string_is("\"\xc3\xa4\"", "\xc3\xa4");
    string_is("\"0123456789abcdefgh\"", "0123456789abcde");
    string_is("12", "");
    string_is(NULL, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_json),
        cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(refuses_every_beginning),
        cmocka_unit_test(finds_members),
        cmocka_unit_test(walks_arrays),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
