/* One line of what the checker wrote, taken apart. */
#include "cli/check_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void splits_words_and_pairs(void **state) {
    (void)state;
    char text[] = "finding id=7 code=leak odd =x last=-3 path=/a%20b%25%0Ac at=0x7ff0";
    lm_wire_line line = {0};
    assert_true(lm_wire_split(text, &line));
    assert_string_equal(line.word, "finding");
    assert_int_equal(line.count, 5);
    assert_int_equal(lm_wire_number(&line, "id").value, 7);
    assert_true(lm_wire_number(&line, "last").known);
    assert_int_equal((int64_t)lm_wire_number(&line, "last").value, -3);
    assert_int_equal(lm_wire_number(&line, "at").value, 0x7ff0);
    assert_string_equal(lm_wire_text(&line, "path"), "/a b%\nc");
    assert_null(lm_wire_text(&line, "missing"));
    assert_false(lm_wire_number(&line, "missing").known);
    assert_false(lm_wire_number(&line, "code").known);
    lm_wire_free(&line);
}

static void takes_what_is_no_line(void **state) {
    (void)state;
    static const char *const texts[] = {"",     " ",     "word",   "word ",  "=",
                                        "a ==", "a b=%", "a b=%4", "a b=%zz"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[32];
        lm_wire_line line = {0};
        strcpy(text, texts[i]);
        (void)lm_wire_split(text, &line);
        lm_wire_free(&line);
    }
    char text[] = "a b=%4";
    lm_wire_line line = {0};
    assert_true(lm_wire_split(text, &line));
    assert_string_equal(lm_wire_text(&line, "b"), "%4");
    lm_wire_free(&line);
}

static void reads_numbers_that_fit(void **state) {
    (void)state;
    uint64_t value;
    const char *text = "18446744073709551615,";
    assert_true(lm_wire_take_number(&text, &value));
    assert_true(value == UINT64_MAX && *text == ',');
    text = "18446744073709551616";
    assert_false(lm_wire_take_number(&text, &value));
    text = "0x";
    assert_false(lm_wire_take_number(&text, &value));
    text = "-";
    assert_false(lm_wire_take_number(&text, &value));
    text = "12a";
    assert_true(lm_wire_take_number(&text, &value));
    assert_string_equal(text, "a");
}

static void reads_bytes(void **state) {
    (void)state;
    unsigned char bytes[4];
    assert_int_equal(lm_wire_hex("00ffA0", bytes, sizeof bytes), 3);
    assert_int_equal(bytes[1], 0xff);
    assert_int_equal(bytes[2], 0xa0);
    assert_int_equal(lm_wire_hex("0", bytes, sizeof bytes), 0);
    assert_int_equal(lm_wire_hex("0g", bytes, sizeof bytes), 0);
    assert_int_equal(lm_wire_hex("0000000000", bytes, sizeof bytes), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_words_and_pairs),
        cmocka_unit_test(takes_what_is_no_line),
        cmocka_unit_test(reads_numbers_that_fit),
        cmocka_unit_test(reads_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
