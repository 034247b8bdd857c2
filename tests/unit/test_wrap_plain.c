/* The C library's functions past the wrappers. That both kinds do the same is seen in test_wrap_start.c too. */
#include "check/wrap.h"
#include "check/wrap_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>

#include <cmocka.h>

static lm_reals kept;

static int with_loops(void **state) {
    (void)state;
    kept = lm_real;
    memset(&lm_real, 0, sizeof lm_real);
    return 0;
}

static int with_the_real_ones(void **state) {
    (void)state;
    lm_wrap_start();
    kept = lm_real;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lm_real = kept;
    return 0;
}

static int sign(int n) {
    return (n > 0) - (n < 0);
}

static void nothing_at_all(void **state) {
    char a[] = "abc";
    (void)state;
    assert_ptr_equal(lm_plain_memcpy(a, "x", 0), a);
    assert_ptr_equal(lm_plain_memmove(a, a + 1, 0), a);
    assert_ptr_equal(lm_plain_memset(a, 'x', 0), a);
    assert_string_equal(a, "abc");
    assert_int_equal(lm_plain_memcmp(a, "x", 0), 0);
    assert_int_equal(lm_plain_bcmp(a, "x", 0), 0);
    assert_int_equal(lm_plain_strncmp(a, "x", 0), 0);
    assert_null(lm_plain_memchr(a, 'a', 0));
    assert_int_equal(lm_plain_strnlen(a, 0), 0);
    assert_int_equal(lm_plain_strlen(""), 0);
}

static void bytes_are_compared_without_a_sign(void **state) {
    (void)state;
    assert_true(lm_plain_memcmp("\x80", "\x7f", 1) > 0);
    assert_true(lm_plain_strcmp("\x80", "\x7f") > 0);
    assert_true(lm_plain_strncmp("a\x80", "a\x7f", 2) > 0);
    assert_int_equal(sign(lm_plain_strcmp("abc", "abcd")), -1);
    assert_int_equal(sign(lm_plain_strcmp("abcd", "abc")), 1);
    assert_int_equal(lm_plain_strcmp("abc", "abc"), 0);
    assert_int_equal(lm_plain_strncmp("abcX", "abcY", 3), 0);
    assert_int_equal(lm_plain_strncmp("abc", "abc", 99), 0); /* not past their ends */
}

static void characters_are_found(void **state) {
    const char *text = "a-b-c";
    (void)state;
    assert_ptr_equal(lm_plain_strchr(text, '-'), text + 1);
    assert_ptr_equal(lm_plain_strrchr(text, '-'), text + 3);
    assert_ptr_equal(lm_plain_strchr(text, 0), text + 5);
    assert_ptr_equal(lm_plain_strrchr(text, 0), text + 5);
    assert_null(lm_plain_strchr(text, 'x'));
    assert_null(lm_plain_strrchr(text, 'x'));
    assert_ptr_equal(lm_plain_memchr("\x80\xff", 0xff, 2), lm_plain_memchr("\x80\xff", -1, 2));
}

/* Of ranges that overlap, in both directions, byte by byte. */
static void ranges_may_overlap(void **state) {
    (void)state;
    for (size_t from = 0; from < 16; from++)
        for (size_t to = 0; to < 16; to++) {
            char moved[32], wanted[16];
            for (size_t i = 0; i < sizeof moved; i++)
                moved[i] = (char)i;
            for (size_t i = 0; i < sizeof wanted; i++)
                wanted[i] = (char)(from + i);
            lm_plain_memmove(moved + to, moved + from, sizeof wanted);
            for (size_t i = 0; i < sizeof moved; i++)
                assert_int_equal(moved[i], i - to < sizeof wanted ? wanted[i - to] : (char)i);
        }
}

static void strings_are_copied_with_their_end(void **state) {
    char to[] = "xxxxxx";
    (void)state;
    assert_ptr_equal(lm_plain_strcpy(to, "abc"), to);
    assert_memory_equal(to, "abc\0xx", 7);
    lm_plain_strcpy(to, "");
    assert_memory_equal(to, "\0bc\0xx", 7);
}

/* Those that are known stay. */
static void loops_only_stand_in(void **state) {
    (void)state;
    __typeof__(lm_real.strlen) real = lm_real.strlen;
    lm_real.memset = NULL;
    lm_plain_stand_in();
    assert_true(lm_real.strlen == real);
    assert_non_null((void *)(uintptr_t)lm_real.memset);
    assert_true(lm_real.memset != kept.memset);
}

/* ---- The system's calls ---------------------------------------------------------------------- */

static void reading_and_writing(void **state) {
    char to[8] = "";
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(lm_plain_write(ends[1], "abcd", 4), 4);
    assert_int_equal(lm_plain_read(ends[0], to, 2), 2);
    assert_string_equal(to, "ab");
    errno = 0;
    assert_int_equal(lm_plain_read(ends[1], to, 2), -1);
    assert_int_equal(errno, EBADF);
    close(ends[0]);
    close(ends[1]);
}

static void reading_at_a_place(void **state) {
    char to[8] = "";
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(lm_plain_fputs("0123456789", file) >= 0);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lm_plain_pread(fileno(file), to, 3, 4), 3);
    assert_string_equal(to, "456");
    assert_int_equal(lm_plain_pread(fileno(file), to, 3, 100), 0);
    fclose(file);
}

static void reading_links(void **state) {
    char own[4096], wanted[4096];
    (void)state;
    const ssize_t length = lm_plain_readlink("/proc/self/exe", own, sizeof own);
    assert_true(length > 0);
    assert_int_equal(readlink("/proc/self/exe", wanted, sizeof wanted), length);
    assert_memory_equal(own, wanted, (size_t)length);
    assert_int_equal(lm_plain_readlink("/proc/self/exe", own, 3), 3);
    assert_int_equal(lm_plain_readlink("/proc/self", wanted, 0), -1);
}

#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, with_loops, tear_down),                                  \
        cmocka_unit_test_setup_teardown(name, with_the_real_ones, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(nothing_at_all),
        BOTH(bytes_are_compared_without_a_sign),
        BOTH(characters_are_found),
        BOTH(ranges_may_overlap),
        BOTH(strings_are_copied_with_their_end),
        cmocka_unit_test_setup_teardown(loops_only_stand_in, with_the_real_ones, tear_down),
        cmocka_unit_test_setup_teardown(reading_and_writing, with_the_real_ones, tear_down),
        cmocka_unit_test_setup_teardown(reading_at_a_place, with_the_real_ones, tear_down),
        cmocka_unit_test_setup_teardown(reading_links, with_the_real_ones, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
