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

static void copies(void **state) {
    (void)state;
    char *from = text("12345678"), *room = block(9), *tight = block(8);
    GOOD(lm_wrap_strcpy(room, from), "strcpy", room, 9, WRITE);
    assert_string_equal(room, from);
    GOOD(lm_wrap___strcpy_chk(room, from, 9), "strcpy", from, 9, READ);
    assert_ptr_equal(lm_wrap_stpcpy(room, from), room + 8);
    assert_ptr_equal(lm_wrap___stpcpy(room, from), room + 8);
    assert_ptr_equal(lm_wrap___stpcpy_chk(room, from, 9), room + 8);
    BAD(lm_wrap_strcpy(tight, from), "strcpy", tight, 9, WRITE);
    BAD(lm_wrap_strcpy(tight, "12345678"), "strcpy", tight, 9, WRITE);
    BAD(lm_wrap___strcpy_chk(tight, from, 99), "strcpy", tight, 9, WRITE);
    BAD(lm_wrap_stpcpy(tight, from), "stpcpy", tight, 9, WRITE);
    BAD(lm_wrap___stpcpy(tight, from), "stpcpy", tight, 9, WRITE);
    BAD(lm_wrap___stpcpy_chk(tight, from, 99), "stpcpy", tight, 9, WRITE);
    char *endless = text_without_end("abc"), out[20];
    BAD(lm_wrap_strcpy(out, endless), "strcpy", endless, 4, READ);
    assert_string_equal(out, "abc");
}

static void copies_padded(void **state) {
    (void)state;
    char *from = text("abc"), *endless = text_without_end("abcd"), *to = block(6), out[20];
    GOOD(lm_wrap_strncpy(to, from, 6), "strncpy", to, 6, WRITE);
    assert_memory_equal(to, "abc\0\0\0", 6);
    GOOD(lm_wrap_strncpy(to, endless, 4), "strncpy", endless, 4, READ);
    GOOD(lm_wrap___strncpy_chk(to, from, 6, 6), "strncpy", from, 4, READ);
    assert_ptr_equal(lm_wrap_stpncpy(to, from, 6), to + 3);
    assert_ptr_equal(lm_wrap___stpncpy(to, from, 6), to + 3);
    assert_ptr_equal(lm_wrap___stpncpy_chk(to, from, 6, 6), to + 3);
    BAD(lm_wrap_strncpy(to, from, 7), "strncpy", to, 7, WRITE);
    BAD(lm_wrap___strncpy_chk(to, from, 7, 99), "strncpy", to, 7, WRITE);
    BAD(lm_wrap_stpncpy(to, from, 7), "stpncpy", to, 7, WRITE);
    BAD(lm_wrap___stpncpy(to, from, 7), "stpncpy", to, 7, WRITE);
    BAD(lm_wrap___stpncpy_chk(to, from, 7, 99), "stpncpy", to, 7, WRITE);
    BAD(lm_wrap_strncpy(out, endless, 5), "strncpy", endless, 5, READ);
}

static void appends(void **state) {
    (void)state;
    char *to = block(7), *full = text("1234");
    strcpy(to, "abc");
    GOOD(lm_wrap_strcat(to, "def"), "strcat", to + 3, 4, WRITE);
    assert_string_equal(to, "abcdef");
    strcpy(to, "abc");
    GOOD(lm_wrap_strncat(to, "defghi", 3), "strncat", to + 3, 4, WRITE);
    assert_string_equal(to, "abcdef");
    BAD(lm_wrap_strcat(full, "x"), "strcat", full + 4, 2, WRITE);
    full[4] = 0;
    BAD(lm_wrap___strcat_chk(full, "x", 99), "strcat", full + 4, 2, WRITE);
    full[4] = 0;
    BAD(lm_wrap_strncat(full, "xyz", 2), "strncat", full + 4, 3, WRITE);
    full[4] = 0;
    BAD(lm_wrap___strncat_chk(full, "xyz", 1, 99), "strncat", full + 4, 2, WRITE);
    char *endless = text_without_end("ab");
    BAD(lm_wrap_strcat(endless, "c"), "strcat", endless, 3, READ);
}

static void copies_bounded(void **state) {
    (void)state;
    char *to = block(6), *from = text("abcdefgh");
    assert_int_equal(lm_wrap_strlcpy(to, from, 6), 8);
    assert_string_equal(to, "abcde");
    GOOD(lm_wrap_strlcpy(to, "ab", 600), "strlcpy", to, 3, WRITE);
    assert_string_equal(to, "ab");
    assert_int_equal(lm_wrap_strlcpy(to, from, 0), 8);
    assert_int_equal(lm_wrap_strlcat(to, from, 6), 10);
    assert_string_equal(to, "ababc");
    assert_int_equal(lm_wrap_strlcat(to, from, 3), 11);
    BAD(lm_wrap_strlcpy(to, from, 7), "strlcpy", to, 7, WRITE);
    strcpy(to, "ab");
    BAD(lm_wrap_strlcat(to, from, 9), "strlcat", to + 2, 7, WRITE);
}

static void duplicates(void **state) {
    (void)state;
    char *from = text("abcd"), *endless = text_without_end("abc");
    char *copies[] = {lm_wrap_strdup(from), lm_wrap___strdup(from), lm_wrap_strndup(from, 9),
                      lm_wrap___strndup(endless, 3)};
    assert_string_equal(copies[0], "abcd");
    assert_string_equal(copies[1], "abcd");
    assert_string_equal(copies[2], "abcd");
    assert_string_equal(copies[3], "abc");
    for (int i = 0; i < 4; i++)
        free(copies[i]);
    char *bad;
    BAD(bad = lm_wrap_strdup(endless), "strdup", endless, 4, READ);
    free(bad);
    BAD(bad = lm_wrap_strndup(endless, 4), "strndup", endless, 4, READ);
    free(bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(copies, fresh),     cmocka_unit_test_setup(copies_padded, fresh),
        cmocka_unit_test_setup(appends, fresh),    cmocka_unit_test_setup(copies_bounded, fresh),
        cmocka_unit_test_setup(duplicates, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
