#include "support/unit.h"

#include "cli/say.h"
#include "support/said.h"

static void sentences(void **state) {
    static char longer[20000];
    (void)state;
    said_begin();
    lm_say("%d of %s", 3, "these");
    assert_string_equal(said_end(), "loam: 3 of these\n");
    memset(longer, 'x', sizeof longer - 1);
    said_begin();
    lm_say("%s", longer); /* cut, but a line */
    const char *said = said_end();
    assert_true(strlen(said) > 1000 && strlen(said) < sizeof longer);
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static char *wrapped(const char *text, int indent, int width) {
    char *result;
    size_t size;
    FILE *out = open_memstream(&result, &size);
    lm_print_wrapped(out, text, indent, width);
    fclose(out);
    return result;
}

static void assert_wrapped(const char *text, int indent, int width, const char *wanted) {
    char *result = wrapped(text, indent, width);
    assert_string_equal(result, wanted);
    free(result);
}

static void lines_have_a_width(void **state) {
    (void)state;
    assert_wrapped("one two three", 0, 80, "one two three\n");
    assert_wrapped("one two three", 0, 7, "one two\nthree\n"); /* just fits */
    assert_wrapped("one two three", 0, 6, "one\ntwo\nthree\n");
    assert_wrapped("one two three", 2, 9, "  one two\n  three\n");
    assert_wrapped("one  two", 0, 80, "one two\n");
    assert_wrapped("longer-than-a-line a", 1, 8, " longer-than-a-line\n a\n");
    assert_wrapped("", 4, 80, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
        cmocka_unit_test(lines_have_a_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
