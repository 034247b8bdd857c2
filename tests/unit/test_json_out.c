#include "support/unit.h"

#include "cli/json_out.h"

#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;
static lm_json_out json;

static int begin(void **state) {
    (void)state;
    json = (lm_json_out){.out = open_memstream(&text, &size)};
    return json.out ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    free(text);
    return 0;
}

/* Without blanks and newlines outside strings: how it is laid out doesn't matter. */
static void assert_written(const char *wanted) {
    fclose(json.out);
    size_t to = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' && (i == 0 || text[i - 1] != '\\'))
            in_string = !in_string;
        if (in_string || (text[i] != ' ' && text[i] != '\n'))
            text[to++] = text[i];
    }
    text[to] = '\0';
    assert_string_equal(text, wanted);
}

static void commas_come_by_themselves(void **state) {
    (void)state;
    lm_json_open(&json, NULL, '{');
    lm_json_unsigned(&json, "one", 1);
    lm_json_open(&json, "list", '[');
    lm_json_open(&json, NULL, '{');
    lm_json_close(&json, '}');
    lm_json_signed(&json, NULL, -2);
    lm_json_truth(&json, NULL, false);
    lm_json_close(&json, ']');
    lm_json_truth(&json, "last", true);
    lm_json_close(&json, '}');
    assert_written("{\"one\":1,\"list\":[{},-2,false],\"last\":true}");
}

static void numbers(void **state) {
    (void)state;
    lm_json_open(&json, NULL, '[');
    lm_json_unsigned(&json, NULL, UINT64_MAX);
    lm_json_signed(&json, NULL, INT64_MIN);
    lm_json_address(&json, NULL, 0xabc);
    lm_json_close(&json, ']');
    assert_written("[18446744073709551615,-9223372036854775808,\"0xabc\"]");
}

static void strings_are_escaped(void **state) {
    (void)state;
    lm_json_open(&json, NULL, '[');
    lm_json_text(&json, NULL, "a\"b\\c/");
    lm_json_text(&json, NULL, "");
    lm_json_format(&json, NULL, "%d of %s", 3, "\"x\"");
    lm_json_close(&json, ']');
    assert_written("[\"a\\\"b\\\\c/\",\"\",\"3 of \\\"x\\\"\"]");
}

static void control_characters_and_what_is_no_text(void **state) {
    (void)state;
    lm_json_text(&json, NULL,
                 "a\x01"
                 "b\n\x1f"
                 "\xc3\xbc\xff"
                 "c");
    fclose(json.out);
    for (const char *c = text; *c && *c != '\n'; c++)
        assert_true((unsigned char)*c >= 0x20);
    assert_non_null(strstr(text, "\xc3\xbc")); /* a letter stays one */
    assert_non_null(strstr(text, "\\ufffdc"));
    assert_null(strchr(text, 0xff));
    assert_non_null(strstr(text, "\\u0001b"));
}

static void what_isnt_known_isnt_written(void **state) {
    (void)state;
    lm_json_open(&json, NULL, '{');
    lm_json_known(&json, "a", NULL);
    lm_json_known(&json, "b", "x");
    lm_json_known(&json, "c", NULL);
    lm_json_close(&json, '}');
    assert_written("{\"b\":\"x\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commas_come_by_themselves, begin, end),
        cmocka_unit_test_setup_teardown(numbers, begin, end),
        cmocka_unit_test_setup_teardown(strings_are_escaped, begin, end),
        cmocka_unit_test_setup_teardown(control_characters_and_what_is_no_text, begin, end),
        cmocka_unit_test_setup_teardown(what_isnt_known_isnt_written, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
