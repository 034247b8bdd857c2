#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static void numbers(void **state) {
    (void)state;
    int *i = block(4);
    long *l = block(8);
    double *d = block(8);
    short *h = block(2);
    char *c = block(3);
    GOOD(assert_int_equal(lm_wrap_sscanf("1 2 3.5 4 xyz", "%d %ld %lf %hd %3c", i, l, d, h, c), 5),
         "sscanf", c, 3, WRITE);
    assert_true(*i == 1 && *l == 2 && *d == 3.5 && *h == 4 && memcmp(c, "xyz", 3) == 0);
    BAD(lm_wrap_sscanf("1", "%ld", i), "sscanf", i, 8, WRITE);
    BAD(lm_wrap_sscanf("1", "%d", h), "sscanf", h, 4, WRITE);
    BAD(lm_wrap_sscanf("1", "%lf", i), "sscanf", i, 8, WRITE);
    BAD(lm_wrap_sscanf("1", "%Lf", d), "sscanf", d, 16, WRITE);
    BAD(lm_wrap_sscanf("wxyz", "%4c", c), "sscanf", c, 4, WRITE);
    BAD(lm_wrap_sscanf("1", "%*d%n %hhd%hd", h, c, c), "sscanf", h, 4, WRITE);
    BAD(lm_wrap_sscanf("1", "%p", i), "sscanf", i, 8, WRITE);
}

static void texts(void **state) {
    (void)state;
    char *to = block(4), *made = NULL;
    GOOD(assert_int_equal(lm_wrap_sscanf("abc def", "%s", to), 1), "sscanf", to, 4, WRITE);
    GOOD(lm_wrap_sscanf("abcdef", "%3s", to), "sscanf", to, 4, WRITE);
    GOOD(lm_wrap_sscanf("]]x", "%[]]", to), "sscanf", to, 3, WRITE);
    assert_string_equal(to, "]]");
    assert_int_equal(lm_wrap_sscanf("abc", "%ms", &made), 1);
    assert_string_equal(made, "abc");
    free(made);
    BAD(lm_wrap_sscanf("abcd", "%s", to), "sscanf", to, 5, WRITE);
    BAD(lm_wrap_sscanf("abcd", "%4s", to), "sscanf", to, 5, WRITE);
    BAD(lm_wrap_sscanf("abcd", "%[a-z]", to), "sscanf", to, 5, WRITE);
    BAD(lm_wrap_sscanf("1 abcd", "%*d %[^]x]", to), "sscanf", to, 5, WRITE);
    BAD(lm_wrap___isoc99_sscanf("abcd", "%s", to), "sscanf", to, 5, WRITE);
    to[0] = 0;
    forget(); /* what wasn't reached isn't looked at */
    memset(to, 'x', 9);
    assert_int_equal(lm_wrap_sscanf("no", "%d %s", (int *)block(4), to), 0);
    assert_null(first_misfit());
    char *endless = text_without_end("12");
    BAD(lm_wrap_sscanf(endless, "%d", (int *)block(4)), "sscanf", endless, 3, READ);
}

static void files(void **state) {
    (void)state;
    char *to = block(4);
    FILE *file = tmpfile();
    fputs("abcd efgh ijkl", file);
    rewind(file);
    BAD(assert_int_equal(lm_wrap_fscanf(file, "%s", to), 1), "fscanf", to, 5, WRITE);
    assert_string_equal(to, "abcd");
    BAD(assert_int_equal(lm_wrap___isoc99_fscanf(file, "%s", to), 1), "fscanf", to, 5, WRITE);
    assert_string_equal(to, "efgh");
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers, fresh),
        cmocka_unit_test_setup(texts, fresh),
        cmocka_unit_test_setup(files, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
