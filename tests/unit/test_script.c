#include "support/unit.h"

#include "cli/script.h"

#include <string.h>

static lm_script script;

static bool read_line(const char *text) {
    return lm_script_read(text, strlen(text), &script);
}

static void interpreters(void **state) {
    (void)state;
    assert_true(read_line("#!/bin/sh\necho\n"));
    assert_string_equal(script.interpreter, "/bin/sh");
    assert_string_equal(script.command, "");
    assert_true(read_line("#! \t/bin/sh -e -u\n"));
    assert_string_equal(script.interpreter, "/bin/sh");
    assert_true(read_line("#!/bin/sh"));
    assert_string_equal(script.interpreter, "/bin/sh");
}

static void commands_of_env(void **state) {
    static const struct {
        const char *line, *command;
    } lines[] = {
        {"#!/usr/bin/env python3\n", "python3"},
        {"#!/usr/bin/env -S python3 -u\n", "python3"},
        {"#!/usr/bin/env -S A=1 B=2 perl -w\n", "perl"},
        {"#!/usr/bin/env --split-string ruby\n", "ruby"},
        {"#!/usr/bin/env -i python3\n", ""}, /* what that does is env's business */
        {"#!/usr/bin/env\n", ""},
        {"#!/bin/environment python3\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_true(read_line(lines[i].line));
        assert_string_equal(script.command, lines[i].command);
    }
}

static void what_is_no_script(void **state) {
    (void)state;
    assert_false(read_line(""));
    assert_false(read_line("#"));
    assert_false(read_line("#!"));
    assert_false(read_line("#! \t \n/bin/sh"));
    assert_false(read_line(" #!/bin/sh\n"));
    assert_false(read_line("\177ELF"));
}

/* As the kernel, which reads no more than this; and no further than the text goes. */
static void long_lines_are_cut(void **state) {
    enum { READ = 256 };
    char text[2 * READ];
    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "#!/", 3);
    assert_true(lm_script_read(text, sizeof text, &script));
    assert_int_equal(strlen(script.interpreter), READ - 2);
    assert_true(lm_script_read("#!/bin/shell", 9, &script));
    assert_string_equal(script.interpreter, "/bin/sh");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interpreters),
        cmocka_unit_test(commands_of_env),
        cmocka_unit_test(what_is_no_script),
        cmocka_unit_test(long_lines_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
