#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

#include <locale.h>

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static void measures(void **state) {
    (void)state;
    char *string = text("hello"), *endless = text_without_end("hello");
    GOOD(lm_wrap_strlen(string), "strlen", string, 6, READ);
    GOOD(lm_wrap_strnlen(string, 99), "strnlen", string, 6, READ);
    GOOD(lm_wrap_strnlen(endless, 5), "strnlen", endless, 5, READ);
    BAD(lm_wrap_strlen(endless), "strlen", endless, 6, READ);
    BAD(lm_wrap_strnlen(endless, 6), "strnlen", endless, 6, READ);
    BAD(lm_wrap_strlen(string + 6), "strlen", string + 6, 1, READ);
    assert_int_equal(lm_wrap_strlen(endless), 5);
    endless[5] = endless[6] = '!'; /* what really follows is measured all the same */
    assert_int_equal(lm_wrap_strlen(endless), 7);
    assert_int_equal(lm_wrap_strnlen(endless, 6), 6);
}

/* Where nobody knows which bytes were written, only what is wrong is told. */
static void tells_no_more_than_is_wanted(void **state) {
    (void)state;
    char *string = text("hello"), *endless = text_without_end("hello");
    lm_watched_bytes = false;
    forget();
    assert_int_equal(lm_wrap_strlen(string), 5);
    assert_int_equal(lm_wrap_strnlen(endless, 5), 5);
    assert_true(lm_wrap_strcmp(string, "help") < 0);
    assert_ptr_equal(lm_wrap_strchr(string, 'l'), string + 2);
    assert_int_equal(touched_count, 0);
    BAD(lm_wrap_strlen(endless), "strlen", endless, 6, READ);
    BAD(lm_wrap_strnlen(endless, 6), "strnlen", endless, 6, READ);
    BAD(lm_wrap_strcmp("hello", endless), "strcmp", endless, 6, READ);
    BAD(lm_wrap_strchr(endless, 'x'), "strchr", endless, 6, READ);
}

static void compares(void **state) {
    (void)state;
    char *a = text("abcX"), *b = text("abcY"), *endless = text_without_end("abc");
    GOOD(lm_wrap_strcmp(a, b), "strcmp", a, 4, READ);
    GOOD(lm_wrap_strcmp(endless, "abd"), "strcmp", endless, 3,
         READ); /* they differ before the end */
    GOOD(lm_wrap_strncmp(endless, "abc", 3), "strncmp", endless, 3, READ);
    GOOD(lm_wrap_strcasecmp(a, "ABCx"), "strcasecmp", a, 5, READ);
    GOOD(lm_wrap_strncasecmp(endless, "ABC", 3), "strncasecmp", endless, 3, READ);
    BAD(lm_wrap_strcmp("abc", endless), "strcmp", endless, 4, READ);
    BAD(lm_wrap_strcmp(endless, endless), "strcmp", endless, 4, READ);
    BAD(lm_wrap_strncmp(endless, "abcdef", 5), "strncmp", endless, 4, READ);
    BAD(lm_wrap_strcasecmp(endless, "ABC"), "strcasecmp", endless, 4, READ);
    BAD(lm_wrap_strncasecmp("ABC", endless, 4), "strncasecmp", endless, 4, READ);
    BAD(lm_wrap_strcoll(a, endless), "strcoll", endless, 4, READ);
    locale_t plain = newlocale(LC_ALL_MASK, "C", NULL);
    BAD(lm_wrap_strcasecmp_l(endless, "ABC", plain), "strcasecmp_l", endless, 4, READ);
    BAD(lm_wrap_strncasecmp_l(endless, "ABC", 4, plain), "strncasecmp_l", endless, 4, READ);
    BAD(lm_wrap_strcoll_l(a, endless, plain), "strcoll_l", endless, 4, READ);
    char *to = block(3);
    BAD(lm_wrap_strxfrm(to, a, 99), "strxfrm", to, strxfrm(NULL, a, 0) + 1, WRITE);
    BAD(lm_wrap_strxfrm_l(to, a, 4, plain), "strxfrm_l", to, 4, WRITE);
    freelocale(plain);
}

static void searches(void **state) {
    (void)state;
    char *string = text("one two"), *endless = text_without_end("one two");
    GOOD(lm_wrap_strchr(string, 'e'), "strchr", string, 3, READ);
    GOOD(lm_wrap_strchr(endless, 'e'), "strchr", endless, 3, READ);
    GOOD(lm_wrap_strstr(endless, "e t"), "strstr", endless, 5, READ);
    GOOD(lm_wrap_strspn(endless, "enox"), "strspn", endless, 4, READ);
    GOOD(lm_wrap_strcspn(endless, " "), "strcspn", endless, 4, READ);
    GOOD(lm_wrap_strpbrk(endless, "xt"), "strpbrk", endless, 5, READ);
    GOOD(lm_wrap_strrchr(string, 'o'), "strrchr", string, 8, READ);
    BAD(lm_wrap_strchr(endless, 'x'), "strchr", endless, 8, READ);
    BAD(lm_wrap_index(endless, 'x'), "index", endless, 8, READ);
    BAD(lm_wrap_strchrnul(endless, 'x'), "strchrnul", endless, 8, READ);
    BAD(lm_wrap_strrchr(endless, 'o'), "strrchr", endless, 8, READ);
    BAD(lm_wrap_rindex(endless, 'o'), "rindex", endless, 8, READ);
    BAD(lm_wrap_strstr(endless, "three"), "strstr", endless, 8, READ);
    BAD(lm_wrap_strstr("one", endless), "strstr", endless, 8, READ);
    BAD(lm_wrap_strcasestr(endless, "THREE"), "strcasestr", endless, 8, READ);
    BAD(lm_wrap_strspn(endless, "enotw "), "strspn", endless, 8, READ);
    BAD(lm_wrap_strcspn(endless, "!"), "strcspn", endless, 8, READ);
    BAD(lm_wrap_strpbrk(endless, "!"), "strpbrk", endless, 8, READ);
    BAD(lm_wrap_strpbrk("abc", endless), "strpbrk", endless, 8, READ);
}

static void takes_apart(void **state) {
    (void)state;
    char *string = text("a,b"), *endless = text_without_end(",,a"), *rest, *from = endless;
    assert_string_equal(lm_wrap_strtok_r(string, ",", &rest), "a");
    assert_string_equal(lm_wrap___strtok_r(NULL, ",", &rest), "b");
    assert_null(lm_wrap_strtok_r(NULL, ",", &rest));
    RANGES_FIT();
    BAD(lm_wrap_strtok(endless, ","), "strtok", endless, 4, READ);
    memcpy(endless, ",,a", 3);
    BAD(lm_wrap_strtok_r(endless, ",", &rest), "strtok_r", endless, 4, READ);
    BAD(lm_wrap_strsep(&from, "!"), "strsep", endless, 4, READ);
    string = text("x:y");
    GOOD(lm_wrap_strsep(&string, ":"), "strsep", string - 2, 2, READ);
    assert_string_equal(string, "y");
}

/* Random strings of few letters: what comes out is what the C library says, and no range is told that doesn't fit. */
static char *random_text(void) {
    char buffer[32];
    int length = rand() % 30;
    for (int i = 0; i < length; i++)
        buffer[i] = "abAB"[rand() % 4];
    buffer[length] = 0;
    return text(buffer);
}

static int sign(int x) {
    return (x > 0) - (x < 0);
}

static void agrees_with_the_c_library(void **state) {
    (void)state;
    for (int round = 0; round < 20000; round++) {
        forget_blocks();
        const char *a = random_text(), *b = rand() % 2 ? random_text() : text(a);
        const char *piece = random_text() + 0;
        size_t n = (size_t)(rand() % 40);
        int c = "abAB"[rand() % 4] * (rand() % 5 != 0);
        if (strlen(piece) > 3)
            piece += strlen(piece) - 3;
        assert_int_equal(lm_wrap_strlen(a), strlen(a));
        assert_int_equal(lm_wrap_strnlen(a, n), strnlen(a, n));
        assert_int_equal(sign(lm_wrap_strcmp(a, b)), sign(strcmp(a, b)));
        assert_int_equal(sign(lm_wrap_strncmp(a, b, n)), sign(strncmp(a, b, n)));
        assert_int_equal(sign(lm_wrap_strcasecmp(a, b)), sign(strcasecmp(a, b)));
        assert_int_equal(sign(lm_wrap_strncasecmp(a, b, n)), sign(strncasecmp(a, b, n)));
        assert_ptr_equal(lm_wrap_strchr(a, c), strchr(a, c));
        assert_ptr_equal(lm_wrap_strrchr(a, c), strrchr(a, c));
        assert_ptr_equal(lm_wrap_strstr(a, piece), strstr(a, piece));
        assert_ptr_equal(lm_wrap_strcasestr(a, piece), strcasestr(a, piece));
        assert_int_equal(lm_wrap_strspn(a, piece), strspn(a, piece));
        assert_int_equal(lm_wrap_strcspn(a, piece), strcspn(a, piece));
        assert_ptr_equal(lm_wrap_strpbrk(a, piece), strpbrk(a, piece));
        RANGES_FIT();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(measures, fresh),
        cmocka_unit_test_setup(tells_no_more_than_is_wanted, fresh),
        cmocka_unit_test_setup(compares, fresh),
        cmocka_unit_test_setup(searches, fresh),
        cmocka_unit_test_setup(takes_apart, fresh),
        cmocka_unit_test_setup(agrees_with_the_c_library, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
