/* Texts of a given width. */
#include "cli/paper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void wraps_between_words(void **state) {
    (void)state;
    lm_paper paper = {.width = 16};
    lm_paper_put(&paper, "ab: ");
    lm_paper_wrap(&paper, 4, "one two  three averyveryverylongword x");
    assert_string_equal(paper.text, "ab: one two\n    three\n    averyveryverylongword\n    x\n");
    lm_paper_clear(&paper);
    lm_paper_wrap(&paper, 2, "a  b");
    assert_string_equal(paper.text, "a  b\n");
    lm_paper_free(&paper);
}

static void lets_nobody_command_the_terminal(void **state) {
    (void)state;
    lm_paper paper = {.width = 80};
    lm_paper_put(&paper, "%s", "a\033[31mb\tc\n");
    lm_paper_wrap(&paper, 0, "%s", "x\033y\177");
    assert_string_equal(paper.text, "a?[31mb?c\nx?y?\n");
    lm_paper_free(&paper);
}

static void counts_columns(void **state) {
    (void)state;
    lm_paper paper = {.width = 80, .colour = true};
    assert_int_equal(lm_paper_column(&paper), 0);
    lm_paper_put(&paper, "line\nh\xc3\xa9");
    lm_paper_tone(&paper, LM_TONE_ERROR);
    lm_paper_put(&paper, "x");
    lm_paper_tone(&paper, LM_TONE_PLAIN);
    assert_int_equal(lm_paper_column(&paper), 3);
    assert_non_null(strstr(paper.text, "\033[1;31mx\033[0m"));
    lm_paper_free(&paper);
}

static void has_no_colour_unless_wanted(void **state) {
    (void)state;
    lm_paper paper = {.width = 80};
    lm_paper_tone(&paper, LM_TONE_ERROR);
    lm_paper_put(&paper, "x");
    assert_string_equal(paper.text, "x");
    lm_paper_free(&paper);
}

static void grows(void **state) {
    (void)state;
    lm_paper paper = {.width = 80};
    lm_paper_fill(&paper, 'x', 100000);
    assert_int_equal(strlen(paper.text), 100000);
    lm_paper_free(&paper);
}

static void asks_for_columns(void **state) {
    (void)state;
    setenv("COLUMNS", "120", 1);
    assert_int_equal(lm_paper_width_of(-1), 120);
    setenv("COLUMNS", "3", 1);
    assert_true(lm_paper_width_of(-1) >= 40);
    unsetenv("COLUMNS");
    assert_int_equal(lm_paper_width_of(-1), 80);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wraps_between_words),
        cmocka_unit_test(lets_nobody_command_the_terminal),
        cmocka_unit_test(counts_columns),
        cmocka_unit_test(has_no_colour_unless_wanted),
        cmocka_unit_test(grows),
        cmocka_unit_test(asks_for_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
