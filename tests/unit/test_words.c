/* Amounts and times in words. */
#include "cli/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void counts(void **state) {
    (void)state;
    char words[LM_WORDS_SIZE];
    assert_string_equal(lm_words_count(words, 0, "byte"), "0 bytes");
    assert_string_equal(lm_words_count(words, 1, "byte"), "1 byte");
    assert_string_equal(lm_words_count(words, 9999, "byte"), "9999 bytes");
    assert_string_equal(lm_words_count(words, 10000, "byte"), "10,000 bytes");
    assert_string_equal(lm_words_count(words, UINT64_MAX, "byte"),
                        "18,446,744,073,709,551,615 bytes");
}

static void speaks_articles(void **state) {
    (void)state;
    char words[LM_WORDS_SIZE];
    assert_string_equal(lm_words_sized(words, 1, "block"), "a 1-byte block");
    assert_string_equal(lm_words_sized(words, 8, "block"), "an 8-byte block");
    assert_string_equal(lm_words_sized(words, 11, "block"), "an 11-byte block");
    assert_string_equal(lm_words_sized(words, 16, "block"), "a 16-byte block");
    assert_string_equal(lm_words_sized(words, 18, "block"), "an 18-byte block");
    assert_string_equal(lm_words_sized(words, 80, "block"), "an 80-byte block");
    assert_string_equal(lm_words_sized(words, 110, "block"), "a 110-byte block");
    assert_string_equal(lm_words_sized(words, 800, "block"), "an 800-byte block");
    assert_string_equal(lm_words_sized(words, 8192, "block"), "an 8192-byte block");
    assert_string_equal(lm_words_sized(words, 18000, "block"), "an 18,000-byte block");
    assert_string_equal(lm_words_sized(words, 180000, "block"), "a 180,000-byte block");
}

static void tells_times(void **state) {
    (void)state;
    char words[LM_WORDS_SIZE];
    assert_string_equal(lm_words_time(words, 999), "999 ns");
    assert_string_equal(lm_words_time(words, 1000), "1 us");
    assert_string_equal(lm_words_time(words, 1549), "1.5 us");
    assert_string_equal(lm_words_time(words, 12400), "12 us");
    assert_string_equal(lm_words_time(words, 3400000), "3.4 ms");
    assert_string_equal(lm_words_time(words, 59900000000), "60 s");
    assert_string_equal(lm_words_time(words, 125000000000), "2 min 5 s");
    assert_string_equal(lm_words_time(words, 7260000000000), "2 h 1 min");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(speaks_articles),
        cmocka_unit_test(tells_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
