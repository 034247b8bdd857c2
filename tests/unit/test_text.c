#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHECK_FORMAT(expected, ...)                                                                \
    do {                                                                                           \
        char buffer_[200];                                                                         \
        lm_text text_;                                                                             \
        lm_text_init(&text_, buffer_, sizeof buffer_);                                             \
        lm_text_format(&text_, __VA_ARGS__);                                                       \
        assert_string_equal(buffer_, expected);                                                    \
        assert_int_equal(text_.length, strlen(expected));                                          \
    } while (0)

/* The same arguments to both: what this writer knows it does as the C library does. */
#define CHECK_LIKE_PRINTF(...)                                                                     \
    do {                                                                                           \
        char libc_[200];                                                                           \
        snprintf(libc_, sizeof libc_, __VA_ARGS__);                                                \
        CHECK_FORMAT(libc_, __VA_ARGS__);                                                          \
    } while (0)

static void formats_as_printf_does(void **state) {
    (void)state;
    CHECK_LIKE_PRINTF("plain");
    CHECK_LIKE_PRINTF("100 %%|%c|%5c|%-5c|", 'x', 'y', 'z');
    CHECK_LIKE_PRINTF("%s|%8s|%-8s|%.2s|%8.3s|%-8.3s|%.0s|", "abcd", "abcd", "abcd", "abcd", "abcd",
                      "abcd", "abcd");
    CHECK_LIKE_PRINTF("%.*s|%.*s|%.*s|", 2, "abcd", 9, "abcd", -1, "abcd");
    CHECK_LIKE_PRINTF("%d|%d|%d|%d|", 0, -1, INT_MIN, INT_MAX);
    CHECK_LIKE_PRINTF("%ld|%lld|%zd|", LONG_MIN, LLONG_MIN, (ssize_t)-5);
    CHECK_LIKE_PRINTF("%6d|%-6d|%06d|%06d|%-6d|", 42, 42, 42, -42, -42);
    CHECK_LIKE_PRINTF("%u|%lu|%llu|%zu|", UINT_MAX, ULONG_MAX, ULLONG_MAX, SIZE_MAX);
    CHECK_LIKE_PRINTF("%x|%lx|%zx|%llx|%08x|%-8x|%2x|", 0xbeefU, 0xdeadbeefUL, (size_t)0xff,
                      0x123456789abcdefULL, 0xabcU, 0xabcU, 0x12345U);
    CHECK_LIKE_PRINTF("%20llu|%020llu|%-25llu|", ULLONG_MAX, 7ULL, 8ULL);
    CHECK_LIKE_PRINTF("%p|%20p|%-20p|", (void *)0x7ffff000, (void *)0x10, (void *)0x10);
}

static void formats_null(void **state) {
    (void)state;
    const char *volatile null = NULL; /* kept from the compiler, which would refuse it */
    CHECK_FORMAT("0x0|", "%p|", (const void *)null);
    CHECK_FORMAT("(null)|  (null)|", "%s|%8s|", null, null);
}

static void shows_the_rest_of_an_unknown_format(void **state) {
    (void)state;
    char buffer[40];
    lm_text text;
    lm_text_init(&text, buffer, sizeof buffer);
    /* Kept from the compiler, which would refuse these. */
    const char *volatile format = "a %u b %q c %u";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    lm_text_format(&text, format, 1U, 2U);
    assert_string_equal(buffer, "a 1 b %q c %u");
    format = "%";
    lm_text_format(&text, format);
    assert_string_equal(buffer, "a 1 b %q c %u%");
#pragma GCC diagnostic pop
}

static void cuts_at_the_end_of_the_buffer(void **state) {
    (void)state;
    char buffer[8] = "XXXXXXX";
    lm_text text;
    lm_text_init(&text, buffer, 5);
    assert_string_equal(buffer, "");
    lm_text_put(&text, "abc");
    assert_string_equal(buffer, "abc");
    lm_text_format(&text, "%u", 123U);
    assert_string_equal(buffer, "abc1");
    lm_text_put_n(&text, "zz", 2);
    assert_string_equal(buffer, "abc1");
    assert_int_equal(text.length, 8);
    assert_int_equal(buffer[5], 'X');

    lm_text_init(&text, NULL, 0);
    lm_text_put(&text, "counted");
    assert_int_equal(text.length, 7);

    lm_text_init(&text, buffer, 1);
    lm_text_put(&text, "counted");
    assert_string_equal(buffer, "");
    assert_int_equal(text.length, 7);
}

static void check_bytes(uint64_t bytes, const char *expected) {
    char buffer[40];
    lm_text text;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_text_bytes(&text, bytes);
    assert_string_equal(buffer, expected);
}

static void shows_bytes_to_a_reader(void **state) {
    (void)state;
    check_bytes(0, "0 B");
    check_bytes(512, "512 B");
    check_bytes(1023, "1023 B");
    check_bytes(1024, "1 KiB");
    check_bytes(1025, "1.0 KiB");
    check_bytes(1536, "1.5 KiB");
    check_bytes(1024 * 1024 - 1, "1.0 MiB");
    check_bytes(UINT64_C(3) << 29, "1.5 GiB");
    check_bytes(UINT64_C(5) << 40, "5 TiB");
    check_bytes(UINT64_C(1) << 60, "1 EiB");
    check_bytes(UINT64_MAX, "16.0 EiB");
}

static void parses(const char *string, uint64_t expected) {
    uint64_t value = 77;
    assert_true(lm_text_parse_bytes(string, strlen(string), &value));
    assert_int_equal(value, expected);
}

static void refuses(const char *string) {
    uint64_t value = 77;
    assert_false(lm_text_parse_bytes(string, strlen(string), &value));
    assert_int_equal(value, 77);
}

static void parses_bytes(void **state) {
    (void)state;
    parses("0", 0);
    parses("123", 123);
    parses("123B", 123);
    parses("64K", 64 << 10);
    parses("64k", 64 << 10);
    parses("64KB", 64 << 10);
    parses("1M", 1 << 20);
    parses("2GiB", UINT64_C(2) << 30);
    parses("2gib", UINT64_C(2) << 30);
    parses("3T", UINT64_C(3) << 40);
    parses("15E", UINT64_C(15) << 60);
    parses("18446744073709551615", UINT64_MAX);
    refuses("");
    refuses("K");
    refuses("-1");
    refuses("+1");
    refuses(" 1");
    refuses("1 ");
    refuses("1X");
    refuses("1Ki");
    refuses("1KiBs");
    refuses("1BB");
    refuses("1BiB");
    refuses("1.5G");
    refuses("0x10");
    refuses("18446744073709551616");
    refuses("99999999999999999999999");
    refuses("16E");
    refuses("18014398509481984K");
}

static void parses_only_what_it_is_given(void **state) {
    (void)state;
    uint64_t value = 0;
    assert_true(lm_text_parse_bytes("12K:next", 3, &value));
    assert_int_equal(value, 12 << 10);
    assert_true(lm_text_parse_number("1234", 2, &value));
    assert_int_equal(value, 12);
    assert_false(lm_text_parse_number("12K", 3, &value));
    assert_false(lm_text_parse_number("", 0, &value));
    assert_true(lm_text_parse_number("18446744073709551615", 20, &value));
    assert_false(lm_text_parse_number("18446744073709551616", 20, &value));
}

static void leaves_errno_alone(void **state) {
    (void)state;
    char buffer[16];
    lm_text text;
    uint64_t value = 0;
    errno = 4711;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_text_format(&text, "%s %llu", "overflowing the buffer", ULLONG_MAX);
    (void)lm_text_parse_bytes("99999999999999999999999", 23, &value);
    assert_int_equal(errno, 4711);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_as_printf_does),
        cmocka_unit_test(formats_null),
        cmocka_unit_test(shows_the_rest_of_an_unknown_format),
        cmocka_unit_test(cuts_at_the_end_of_the_buffer),
        cmocka_unit_test(shows_bytes_to_a_reader),
        cmocka_unit_test(parses_bytes),
        cmocka_unit_test(parses_only_what_it_is_given),
        cmocka_unit_test(leaves_errno_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
