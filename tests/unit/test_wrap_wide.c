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

enum { W = sizeof(wchar_t) };

static void memory(void **state) {
    (void)state;
    wchar_t *to = block(5 * W), *from = block(9 * W);
    lm_wrap_wmemset(from, L'x', 9);
    GOOD(lm_wrap_wmemcpy(to, from, 5), "wmemcpy", to, 5 * W, WRITE);
    GOOD(lm_wrap_wmemmove(to, from, 5), "wmemmove", from, 5 * W, COPY);
    assert_ptr_equal(lm_wrap_wmempcpy(to, from, 5), to + 5);
    assert_int_equal(lm_wrap_wmemcmp(to, from, 5), 0);
    assert_ptr_equal(lm_wrap_wmemchr(to, L'x', 99), to);
    BAD(lm_wrap_wmemcpy(to, from, 6), "wmemcpy", to, 6 * W, WRITE);
    BAD(lm_wrap_wmemmove(to, from, 6), "wmemmove", to, 6 * W, WRITE);
    BAD(lm_wrap_wmempcpy(to, from, 6), "wmempcpy", to, 6 * W, WRITE);
    BAD(lm_wrap_wmemset(to, 0, 6), "wmemset", to, 6 * W, WRITE);
    BAD(lm_wrap___wmemcpy_chk(to, from, 6, 9), "wmemcpy", to, 6 * W, WRITE);
    BAD(lm_wrap___wmemmove_chk(to, from, 6, 9), "wmemmove", to, 6 * W, WRITE);
    BAD(lm_wrap___wmempcpy_chk(to, from, 6, 9), "wmempcpy", to, 6 * W, WRITE);
    BAD(lm_wrap___wmemset_chk(to, 0, 6, 9), "wmemset", to, 6 * W, WRITE);
    BAD(lm_wrap_wmemcmp(from, to, 6), "wmemcmp", to, 6 * W, READ);
    BAD(lm_wrap_wmemchr(to, L'?', 6), "wmemchr", to, 6 * W, READ);
}

static void copies(void **state) {
    (void)state;
    wchar_t *from = wide(L"abcd"), *room = block(5 * W), *tight = block(4 * W);
    wchar_t *endless = wide_without_end(L"ab"), out[20];
    GOOD(lm_wrap_wcscpy(room, from), "wcscpy", room, 5 * W, WRITE);
    GOOD(lm_wrap_wcsncpy(room, endless, 2), "wcsncpy", endless, 2 * W, READ);
    assert_ptr_equal(lm_wrap_wcpcpy(room, from), room + 4);
    assert_ptr_equal(lm_wrap_wcpncpy(room, from, 5), room + 4);
    BAD(lm_wrap_wcscpy(tight, from), "wcscpy", tight, 5 * W, WRITE);
    BAD(lm_wrap_wcpcpy(tight, from), "wcpcpy", tight, 5 * W, WRITE);
    BAD(lm_wrap_wcsncpy(tight, L"a", 5), "wcsncpy", tight, 5 * W, WRITE);
    BAD(lm_wrap_wcpncpy(tight, L"a", 5), "wcpncpy", tight, 5 * W, WRITE);
    BAD(lm_wrap___wcscpy_chk(tight, from, 9), "wcscpy", tight, 5 * W, WRITE);
    BAD(lm_wrap___wcpcpy_chk(tight, from, 9), "wcpcpy", tight, 5 * W, WRITE);
    BAD(lm_wrap___wcsncpy_chk(tight, from, 5, 9), "wcsncpy", tight, 5 * W, WRITE);
    BAD(lm_wrap___wcpncpy_chk(tight, from, 5, 9), "wcpncpy", tight, 5 * W, WRITE);
    BAD(lm_wrap_wcscpy(out, endless), "wcscpy", endless, 3 * W, READ);
    wcscpy(tight, L"abc");
    BAD(lm_wrap_wcscat(tight, L"d"), "wcscat", tight + 3, 2 * W, WRITE);
    wcscpy(tight, L"abc");
    BAD(lm_wrap_wcsncat(tight, L"def", 2), "wcsncat", tight + 3, 3 * W, WRITE);
    wcscpy(tight, L"abc");
    BAD(lm_wrap___wcscat_chk(tight, L"d", 9), "wcscat", tight + 3, 2 * W, WRITE);
    wcscpy(tight, L"abc");
    BAD(lm_wrap___wcsncat_chk(tight, L"def", 1, 9), "wcsncat", tight + 3, 2 * W, WRITE);
    wchar_t *copy;
    BAD(copy = lm_wrap_wcsdup(endless), "wcsdup", endless, 3 * W, READ);
    free(copy);
}

static void reads(void **state) {
    (void)state;
    wchar_t *string = wide(L"one two"), *endless = wide_without_end(L"one two"), *rest;
    GOOD(lm_wrap_wcslen(string), "wcslen", string, 8 * W, READ);
    GOOD(lm_wrap_wcsnlen(endless, 7), "wcsnlen", endless, 7 * W, READ);
    GOOD(lm_wrap_wcscmp(endless, L"onf"), "wcscmp", endless, 3 * W, READ);
    GOOD(lm_wrap_wcschr(endless, L' '), "wcschr", endless, 4 * W, READ);
    GOOD(lm_wrap_wcscspn(endless, L" "), "wcscspn", endless, 4 * W, READ);
    BAD(lm_wrap_wcslen(endless), "wcslen", endless, 8 * W, READ);
    BAD(lm_wrap_wcsnlen(endless, 9), "wcsnlen", endless, 8 * W, READ);
    BAD(lm_wrap_wcscmp(string, endless), "wcscmp", endless, 8 * W, READ);
    BAD(lm_wrap_wcsncmp(string, endless, 8), "wcsncmp", endless, 8 * W, READ);
    BAD(lm_wrap_wcscasecmp(L"ONE TWO", endless), "wcscasecmp", endless, 8 * W, READ);
    BAD(lm_wrap_wcsncasecmp(L"ONE TWO", endless, 8), "wcsncasecmp", endless, 8 * W, READ);
    BAD(lm_wrap_wcscoll(string, endless), "wcscoll", endless, 8 * W, READ);
    BAD(lm_wrap_wcschr(endless, L'x'), "wcschr", endless, 8 * W, READ);
    BAD(lm_wrap_wcschrnul(endless, L'x'), "wcschrnul", endless, 8 * W, READ);
    BAD(lm_wrap_wcsrchr(endless, L'x'), "wcsrchr", endless, 8 * W, READ);
    BAD(lm_wrap_wcsstr(endless, L"x"), "wcsstr", endless, 8 * W, READ);
    BAD(lm_wrap_wcsspn(endless, L"enotw "), "wcsspn", endless, 8 * W, READ);
    BAD(lm_wrap_wcscspn(endless, L"!"), "wcscspn", endless, 8 * W, READ);
    BAD(lm_wrap_wcspbrk(endless, L"!"), "wcspbrk", endless, 8 * W, READ);
    BAD(lm_wrap_wcstok(endless, L"!", &rest), "wcstok", endless, 8 * W, READ);
    BAD(lm_wrap_wcslen((wchar_t *)((char *)endless + 25)), "wcslen", (char *)endless + 25, W, READ);
}

static void agrees_with_the_c_library(void **state) {
    (void)state;
    for (int round = 0; round < 5000; round++) {
        wchar_t buffer[2][12] = {{0}, {0}};
        forget_blocks();
        for (int i = 0; i < 2; i++)
            for (int j = rand() % 10; j-- > 0;)
                buffer[i][j] = (wchar_t)(L"ab\u00e4B")[rand() % 4];
        wchar_t *a = wide(buffer[0]), *b = wide(buffer[1]);
        size_t n = (size_t)(rand() % 12);
        assert_int_equal(lm_wrap_wcslen(a), wcslen(a));
        assert_int_equal(lm_wrap_wcscmp(a, b) > 0, wcscmp(a, b) > 0);
        assert_int_equal(lm_wrap_wcsncmp(a, b, n) < 0, wcsncmp(a, b, n) < 0);
        assert_ptr_equal(lm_wrap_wcsstr(a, b), wcsstr(a, b));
        assert_ptr_equal(lm_wrap_wcschr(a, L'b'), wcschr(a, L'b'));
        assert_int_equal(lm_wrap_wcsspn(a, b), wcsspn(a, b));
        assert_int_equal(lm_wrap_wcscspn(a, b), wcscspn(a, b));
        assert_ptr_equal(lm_wrap_wcspbrk(a, b), wcspbrk(a, b));
        RANGES_FIT();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(memory, fresh),
        cmocka_unit_test_setup(copies, fresh),
        cmocka_unit_test_setup(reads, fresh),
        cmocka_unit_test_setup(agrees_with_the_c_library, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
