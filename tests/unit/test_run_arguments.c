#include "support/unit.h"

#include "cli/run_arguments.h"
#include "support/said.h"
#include "support/words.h"

static words line;
static lm_run_arguments got;
static const char *said;

static bool read_line(const char *text) {
    free(got.options);
    line = words_of(text);
    words_cut(&line);
    said_begin();
    const bool right = lm_run_arguments_read(line.count, line.at, &got);
    said = said_end();
    assert_int_equal(right, said[0] == '\0'); /* what is wrong is said */
    return right;
}

static void a_program_alone(void **state) {
    (void)state;
    assert_true(read_line("ls -l /"));
    assert_false(got.help || got.stats);
    assert_null(got.options);
    assert_null(got.json);
    assert_string_equal(got.program[0], "ls");
    assert_string_equal(got.program[2], "/");
    assert_null(got.program[3]);
}

static void everything_before_it(void **state) {
    (void)state;
    assert_true(
        read_line("--stats --stats-json=out --options harden=3 --options=sample=0 ls --stats"));
    assert_true(got.stats);
    assert_string_equal(got.json, "out");
    assert_string_equal(got.options, "harden=3:sample=0");
    assert_string_equal(got.program[0], "ls");
    assert_string_equal(got.program[1], "--stats"); /* the program's own */
}

static void two_dashes_end_it(void **state) {
    (void)state;
    assert_true(read_line("--stats -- --help"));
    assert_true(got.stats);
    assert_false(got.help);
    assert_string_equal(got.program[0], "--help");
}

static void help_needs_no_program(void **state) {
    (void)state;
    assert_true(read_line("--help"));
    assert_true(got.help);
    assert_true(read_line("-h"));
    assert_true(got.help);
}

static void what_is_wrong(void **state) {
    (void)state;
    assert_false(read_line(""));
    assert_non_null(strstr(said, "needs a program"));
    assert_false(read_line("--stats"));
    assert_false(read_line("--stats --"));
    assert_false(read_line("--statz ls"));
    assert_non_null(strstr(said, "--statz"));
    assert_false(read_line("--options"));
    assert_non_null(strstr(said, "needs a value"));
    assert_false(read_line("--options hardn=2 ls"));
    assert_non_null(strstr(said, "hardn"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_alone),   cmocka_unit_test(everything_before_it),
        cmocka_unit_test(two_dashes_end_it), cmocka_unit_test(help_needs_no_program),
        cmocka_unit_test(what_is_wrong),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(got.options);
    return failed;
}
