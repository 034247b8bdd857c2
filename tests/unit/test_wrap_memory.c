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
    char *to = block(10), *from = block(20);
    memset(from, 'x', 20);
    GOOD(lm_wrap_memcpy(to, from, 10), "memcpy", to, 10, WRITE);
    assert_memory_equal(to, from, 10);
    GOOD(lm_wrap_memmove(to, from, 10), "memmove", from, 10, COPY);
    GOOD(lm_wrap_bcopy(from, to, 3), "bcopy", to, 3, WRITE);
    GOOD(lm_wrap___memcpy_chk(to, from, 10, 10), "memcpy", to, 10, WRITE);
    GOOD(lm_wrap___memmove_chk(to, from, 10, 10), "memmove", to, 10, WRITE);
    GOOD(lm_wrap___mempcpy_chk(to, from, 10, 10), "mempcpy", to, 10, WRITE);
    assert_ptr_equal(lm_wrap_mempcpy(to, from, 7), to + 7);
    assert_ptr_equal(lm_wrap___mempcpy(to, from, 7), to + 7);
    BAD(lm_wrap_memcpy(to, from, 11), "memcpy", to, 11, WRITE);
    BAD(lm_wrap_memcpy(from, to, 12), "memcpy", to, 12, COPY);
    BAD(lm_wrap_memmove(to + 3, to, 8), "memmove", to + 3, 8, WRITE);
    BAD(lm_wrap_mempcpy(to, from, 11), "mempcpy", to, 11, WRITE);
    BAD(lm_wrap_bcopy(from, to, 11), "bcopy", to, 11, WRITE);
    BAD(lm_wrap___memcpy_chk(to, from, 11, 99), "memcpy", to, 11, WRITE);
    BAD(lm_wrap_memcpy(to - 1, from, 2), "memcpy", to - 1, 2, WRITE);
}

static void passes_what_is_no_block(void **state) {
    (void)state;
    char here[8], there[8] = "abcdefg";
    forget();
    assert_ptr_equal(lm_wrap_memcpy(here, there, 8), here);
    assert_memory_equal(here, there, 8);
    assert_ptr_equal(lm_wrap_memset(here, 1, 8), here);
    assert_int_equal(touched_count, 0);
    lm_wrap_memcpy(block(1), here, 0); /* no bytes: nothing is touched */
    assert_int_equal(touched_count, 0);
}

static void copies_to_a_byte(void **state) {
    (void)state;
    char *from = text("ab:cd"), *to = block(3);
    GOOD(lm_wrap_memccpy(to, from, ':', 99), "memccpy", to, 3, WRITE);
    assert_memory_equal(to, "ab:", 3);
    BAD(lm_wrap_memccpy(to, from, 'd', 6), "memccpy", to, 5, WRITE);
    BAD(lm_wrap_memccpy(block(50), from, '!', 50), "memccpy", from, 50, READ);
}

static void fills(void **state) {
    (void)state;
    char *at = block(10);
    GOOD(lm_wrap_memset(at, 'x', 10), "memset", at, 10, WRITE);
    assert_int_equal(at[9], 'x');
    GOOD(lm_wrap_bzero(at, 10), "bzero", at, 10, WRITE);
    assert_int_equal(at[9], 0);
    GOOD(lm_wrap___memset_chk(at, 'y', 10, 10), "memset", at, 10, WRITE);
    GOOD(lm_wrap_explicit_bzero(at, 10), "explicit_bzero", at, 10, WRITE);
    GOOD(lm_wrap___explicit_bzero_chk(at, 10, 10), "explicit_bzero", at, 10, WRITE);
    BAD(lm_wrap_memset(at, 0, 11), "memset", at, 11, WRITE);
    BAD(lm_wrap___memset_chk(at, 0, 11, 11), "memset", at, 11, WRITE);
    BAD(lm_wrap_bzero(at + 10, 1), "bzero", at + 10, 1, WRITE);
    BAD(lm_wrap_explicit_bzero(at, 11), "explicit_bzero", at, 11, WRITE);
}

static void compares(void **state) {
    (void)state;
    char *a = text("abcd"), *b = text("abce");
    GOOD(lm_wrap_memcmp(a, b, 5), "memcmp", b, 5, READ);
    assert_true(lm_wrap_memcmp(a, b, 5) < 0 && lm_wrap_memcmp(a, b, 3) == 0);
    assert_true(lm_wrap_bcmp(a, b, 5) != 0 && lm_wrap_bcmp(a, b, 3) == 0);
    assert_true(lm_wrap___memcmpeq(a, b, 5) != 0 && lm_wrap___memcmpeq(a, b, 3) == 0);
    BAD(lm_wrap_memcmp(a, b, 6), "memcmp", a, 6, READ);
    BAD(lm_wrap_bcmp("abcdefg", b, 6), "bcmp", b, 6, READ);
    BAD(lm_wrap___memcmpeq("abcdefg", b, 6), "memcmp", b, 6, READ);
}

static void searches(void **state) {
    (void)state;
    char *at = text("hello");
    GOOD(lm_wrap_memchr(at, 'l', 6), "memchr", at, 3, READ);
    GOOD(lm_wrap_memchr(at, 'l', 600), "memchr", at, 3, READ); /* it stops there */
    assert_ptr_equal(lm_wrap_memchr(at, 'l', 6), at + 2);
    assert_null(lm_wrap_memchr(at, '!', 6));
    assert_ptr_equal(lm_wrap_memrchr(at, 'l', 6), at + 3);
    assert_ptr_equal(lm_wrap_rawmemchr(at, 'o'), at + 4);
    assert_ptr_equal(lm_wrap_memmem(at, 6, "lo", 2), at + 3);
    GOOD(lm_wrap_rawmemchr(at, 'o'), "rawmemchr", at, 5, READ);
    BAD(lm_wrap_memchr(at, '!', 7), "memchr", at, 7, READ);
    BAD(lm_wrap_memrchr(at, 'l', 7), "memrchr", at, 7, READ);
    BAD(lm_wrap_memmem(at, 7, "lo", 2), "memmem", at, 7, READ);
    BAD(lm_wrap_memmem("hello", 5, at, 9), "memmem", at, 9, READ);
    at[9] = 'z';
    BAD(lm_wrap_rawmemchr(at, 'z'), "rawmemchr", at, 7, READ);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(copies, fresh),
        cmocka_unit_test_setup(passes_what_is_no_block, fresh),
        cmocka_unit_test_setup(copies_to_a_byte, fresh),
        cmocka_unit_test_setup(fills, fresh),
        cmocka_unit_test_setup(compares, fresh),
        cmocka_unit_test_setup(searches, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
