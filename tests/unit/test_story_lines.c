#include "cli/story_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t bound_of(const char *line) {
    const char *end;
    const char *condition = lm_lines_condition(line, &end);
    return condition == NULL ? 0 : lm_lines_bound(condition, end);
}

static void knows_how_often_a_loop_turns(void **state) {
    (void)state;
    assert_int_equal(bound_of("    for (int i = 0; i < 8; i++)"), 8);
    assert_int_equal(bound_of("for (i = 0; i <= 0x10u; i++) {"), 17);
    assert_int_equal(bound_of("    while (i < 5)"), 5);
    assert_int_equal(bound_of("for (i = 0; i < 8 && go; i++)"), 0);
    assert_int_equal(bound_of("for (i = 0; i < count; i++)"), 0);
    assert_int_equal(bound_of("forward(a < 8);"), 0);
}

static void knows_what_is_counted_down(void **state) {
    (void)state;
    char name[LM_NAME_SIZE];
    assert_true(lm_lines_counted_down("        *last-- = '\\0';", name));
    assert_string_equal(name, "last");
    assert_true(lm_lines_counted_down("--end;", name));
    assert_string_equal(name, "end");
    assert_false(lm_lines_counted_down("a -= 1;", name));
}

/* The line in which `name` is declared and never set before `line` of the text. */
static unsigned never_set(const char *text, unsigned line, unsigned column, char *name) {
    char path[] = "/tmp/loam-lines-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    const lm_story story = {.sources = lm_sources_new()};
    const lm_place place = {.path = path, .line = line, .column = column};
    const unsigned declared = lm_lines_never_set(&story, &place, name);
    lm_sources_free(story.sources);
    unlink(path);
    return declared;
}

static void knows_pointers_that_were_never_set(void **state) {
    (void)state;
    char name[LM_NAME_SIZE];
    assert_int_equal(never_set("int f(void) {\n    int *pi;\n    *pi = 5;\n}\n", 3, 9, name), 2);
    assert_string_equal(name, "pi");
    assert_int_equal(never_set("{\n    char *a, *b;\n    int i;\n    b[2] = 0;\n", 4, 6, name), 2);
    assert_int_equal(never_set("{\n    struct n *node;\n    use(node->next);\n", 3, 13, name), 2);
    /* Set, perhaps set, a parameter, of another function, a product. */
    assert_int_equal(never_set("{\n    int *pi;\n    pi = q;\n    *pi = 5;\n", 4, 9, name), 0);
    assert_int_equal(never_set("{\n    int *pi;\n    set(&pi);\n    *pi = 5;\n", 4, 9, name), 0);
    assert_int_equal(never_set("{\n    int *pi = q;\n    *pi = 5;\n", 3, 9, name), 0);
    assert_int_equal(never_set("int f(int *pi) {\n    *pi = 5;\n", 2, 9, name), 0);
    assert_int_equal(never_set("int *pi;\nint f(void) {\n    *pi = 5;\n", 3, 9, name), 0);
    assert_int_equal(never_set("    int *pi;\n}\nint f(void) {\n    *pi = 5;\n", 4, 9, name), 0);
    assert_int_equal(never_set("{\n    x = 2 * pi;\n    *pi = 5;\n", 3, 9, name), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_how_often_a_loop_turns),
        cmocka_unit_test(knows_what_is_counted_down),
        cmocka_unit_test(knows_pointers_that_were_never_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
