#include "support/unit.h"

#include "cli/check_arguments.h"
#include "support/said.h"
#include "support/words.h"

static words line;
static lm_check_arguments got;
static const char *said;

static bool read_line(const char *text) {
    lm_check_arguments_free(&got);
    line = words_of(text);
    words_cut(&line);
    said_begin();
    const bool right = lm_check_arguments_read(line.count, line.at, &got);
    said = said_end();
    assert_int_equal(right, said[0] == '\0'); /* what is wrong is said */
    return right;
}

static void a_program_alone(void **state) {
    (void)state;
    assert_true(read_line("ls -l"));
    assert_int_equal(got.error_exitcode, -1);
    assert_int_equal(got.colour, LM_WHEN_AUTO);
    assert_int_equal(got.format, lm_format_of("text"));
    assert_false(got.help || got.quiet || got.children || got.gen_suppressions);
    assert_null(got.options);
    assert_int_equal(got.suppression_count, 0);
    assert_string_equal(got.program[1], "-l");
}

static void flags(void **state) {
    (void)state;
    assert_true(read_line("-q --children --gen-suppressions ls"));
    assert_true(got.quiet && got.children && got.gen_suppressions);
    assert_true(read_line("--quiet -h"));
    assert_true(got.quiet && got.help);
}

static void values(void **state) {
    (void)state;
    assert_true(read_line("--log-file=log --error-exitcode 7 --color never --format json "
                          "--suppressions a --suppressions=b ls"));
    assert_string_equal(got.log_file, "log");
    assert_int_equal(got.error_exitcode, 7);
    assert_int_equal(got.colour, LM_WHEN_NEVER);
    assert_int_equal(got.format, lm_format_of("json"));
    assert_int_equal(got.suppression_count, 2);
    assert_string_equal(got.suppressions[0], "a");
    assert_string_equal(got.suppressions[1], "b");
    assert_true(read_line("--color=always ls"));
    assert_int_equal(got.colour, LM_WHEN_ALWAYS);
}

/* What was recorded before needs no program. */
static void reading(void **state) {
    (void)state;
    assert_true(read_line("--read folder"));
    assert_string_equal(got.read, "folder");
    assert_null(got.program[0]);
}

/* Some arguments are options of the library. */
static void what_is_passed_on(void **state) {
    (void)state;
    assert_true(read_line("--leaks=no --exact --dangling --quarantine 16M --options harden=1 ls"));
    assert_string_equal(got.options, "leaks=0:exact=all:dangling=1:quarantine=16M:harden=1");
    assert_true(read_line("--leaks yes ls"));
    assert_string_equal(got.options, "leaks=1");
}

static void what_is_wrong(void **state) {
    static const struct {
        const char *line, *says;
    } wrong[] = {
        {"", "needs a program"},
        {"-q", "needs a program"},
        {"--quite ls", "--quite"},
        {"--log-file", "needs a value"},
        {"--error-exitcode 256 ls", "0 to 255"},
        {"--error-exitcode=-1 ls", "0 to 255"},
        {"--error-exitcode 7x ls", "7x"},
        {"--error-exitcode= ls", "0 to 255"},
        {"--color green ls", "green"},
        {"--format yaml ls", "yaml"},
        {"--leaks full ls", "yes or no"},
        {"--leaks", "needs a value"},
        {"--quarantine a:b ls", "':'"},
        {"--quarantine much ls", "much"},
        {"--options hardn=2 ls", "hardn"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(read_line(wrong[i].line));
        if (!strstr(said, wrong[i].says))
            fail_msg("%s: %s", wrong[i].line, said);
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* in one sentence */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_alone),
        cmocka_unit_test(flags),
        cmocka_unit_test(values),
        cmocka_unit_test(reading),
        cmocka_unit_test(what_is_passed_on),
        cmocka_unit_test(what_is_wrong),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lm_check_arguments_free(&got);
    return failed;
}
