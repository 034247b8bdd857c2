#include "support/unit.h"

#include "cli/arguments.h"
#include "support/said.h"
#include "support/words.h"

enum { WORDS = 7 };
static words line;

static lm_rest from(int first) {
    line = words_of("--name value --name=other --names --name= --flag --name");
    words_cut(&line);
    assert_int_equal(line.count, WORDS);
    return (lm_rest){WORDS - first, line.at + first};
}

static void values(void **state) {
    bool wrong = false;
    (void)state;
    lm_rest rest = from(0);
    assert_string_equal(lm_rest_value(&rest, "--name", "run", &wrong), "value");
    assert_int_equal(rest.count, WORDS - 2);
    assert_string_equal(lm_rest_value(&rest, "--name", "run", &wrong), "other");
    assert_int_equal(rest.count, WORDS - 3);
    assert_null(lm_rest_value(&rest, "--name", "run", &wrong)); /* --names is another */
    assert_int_equal(rest.count, WORDS - 3);
    rest = from(4);
    assert_string_equal(lm_rest_value(&rest, "--name", "run", &wrong), "");
    assert_false(wrong);
}

static void values_that_are_missing(void **state) {
    bool wrong = false;
    (void)state;
    lm_rest rest = from(WORDS - 1);
    said_begin();
    assert_null(lm_rest_value(&rest, "--name", "check", &wrong));
    assert_string_equal(said_end(), "loam: --name needs a value; loam help check shows how\n");
    assert_true(wrong);
}

static void flags(void **state) {
    (void)state;
    lm_rest rest = from(5);
    assert_false(lm_rest_flag(&rest, "--fla"));
    assert_false(lm_rest_flag(&rest, "--flags"));
    assert_int_equal(rest.count, WORDS - 5);
    assert_true(lm_rest_flag(&rest, "--flag"));
    assert_int_equal(rest.count, WORDS - 6);
    assert_ptr_equal(rest.next, line.at + 6);
}

static void options_are_joined(void **state) {
    char *joined = NULL;
    (void)state;
    assert_true(lm_options_join(&joined, "harden=3", "--options"));
    assert_string_equal(joined, "harden=3");
    assert_true(lm_options_join(&joined, "sample=0:hide=off", "--options"));
    assert_string_equal(joined, "harden=3:sample=0:hide=off");
    free(joined);
}

static void options_that_are_wrong(void **state) {
    char *joined = NULL;
    (void)state;
    assert_true(lm_options_join(&joined, "harden=3", "--options"));
    said_begin();
    assert_false(lm_options_join(&joined, "hardn=2", "--options"));
    assert_non_null(strstr(said_end(), "hardn"));
    assert_string_equal(joined, "harden=3"); /* as it was */
    said_begin();
    assert_false(lm_options_join(&joined, "harden=much", "here"));
    assert_non_null(strstr(said_end(), "here"));
    free(joined);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(values_that_are_missing),
        cmocka_unit_test(flags),
        cmocka_unit_test(options_are_joined),
        cmocka_unit_test(options_that_are_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
