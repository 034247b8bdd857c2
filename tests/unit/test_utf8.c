#include "support/unit.h"

#include "cli/utf8.h"

#include <stdbool.h>
#include <string.h>

/* By the table of the standard; 0: no character has this number. */
static size_t encode(uint32_t c, char *text) {
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        text[i] = (char)(0x80 | (c & 0x3f));
    text[0] = (char)(first[length] | c);
    text[length] = '\0';
    return length;
}

static void every_character(void **state) {
    char text[5];
    (void)state;
    for (uint32_t c = 1; c < 0x200000; c++) {
        const size_t length = encode(c, text);
        const bool none = (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff;
        if (lm_utf8_length(text) != (none ? 0 : length))
            fail_msg("U+%04X: %zu", c, lm_utf8_length(text));
        for (size_t cut = 1; cut < length; cut++) { /* and what is left of it is none */
            char part[5];
            memcpy(part, text, sizeof part);
            part[cut] = '\0';
            assert_int_equal(lm_utf8_length(part), 0);
            part[cut] = 'x';
            assert_int_equal(lm_utf8_length(part), 0);
        }
    }
}

static void in_more_bytes_than_it_takes(void **state) {
    static const char *const texts[] = {"\xc0\x80",     "\xc1\xbf",         "\xe0\x80\x80",
                                        "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(lm_utf8_length(texts[i]), 0);
}

static void no_first_byte(void **state) {
    (void)state;
    for (unsigned byte = 0x80; byte < 0xc0; byte++)
        assert_int_equal(lm_utf8_length((char[]){(char)byte, '\x80', '\x80', '\x80', 0}), 0);
    for (unsigned byte = 0xf5; byte <= 0xff; byte++)
        assert_int_equal(lm_utf8_length((char[]){(char)byte, '\x80', '\x80', '\x80', 0}), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character),
        cmocka_unit_test(in_more_bytes_than_it_takes),
        cmocka_unit_test(no_first_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
