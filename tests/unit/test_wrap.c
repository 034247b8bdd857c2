/* The questions that wrappers share; each wrapper's own are in test_wrap_X.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/touched.h"

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static void lengths_of_strings(void **state) {
    (void)state;
    char *whole = text("some"), *open = text_without_end("some");
    GOOD(assert_int_equal(lm_wrap_length("f", whole), 4), "f", whole, 5, READ);
    GOOD(assert_int_equal(lm_wrap_length("f", whole + 4), 0), "f", whole + 4, 1, READ);
    /* One byte past the end is told; what lies there ends the string, as it happens. */
    BAD(assert_int_equal(lm_wrap_length("f", open), 4), "f", open, 5, READ);
}

static void strings_elsewhere_are_nobodys_business(void **state) {
    static char elsewhere;
    (void)state;
    lm_watched = (lm_watched_range){0};
    forget();
    assert_int_equal(lm_wrap_length("f", "twelve chars"), 12);
    assert_int_equal(lm_wrap_length_max("f", "twelve chars", 6), 6);
    assert_int_equal(lm_wrap_wide_length("f", L"seven c"), 7);
    assert_int_equal(lm_wrap_wide_length_max("f", L"seven c", 3), 3);
    lm_wrap_string("f", "twelve chars");
    lm_wrap_wide_string("f", L"seven c");
    assert_true(lm_wrap_reads("f", &elsewhere, 1000));
    assert_true(lm_wrap_writes("f", &elsewhere, 1000));
    assert_int_equal(touched_count, 0);
}

static void lengths_with_a_bound(void **state) {
    (void)state;
    char *whole = text("some"), *open = text_without_end("some");
    GOOD(assert_int_equal(lm_wrap_length_max("f", whole, 99), 4), "f", whole, 5, READ);
    GOOD(assert_int_equal(lm_wrap_length_max("f", whole, 2), 2), "f", whole, 2, READ);
    GOOD(assert_int_equal(lm_wrap_length_max("f", open, 4), 4), "f", open, 4, READ);
    BAD(assert_int_equal(lm_wrap_length_max("f", open, 5), 4), "f", open, 5, READ);
    BAD(assert_int_equal(lm_wrap_length_max("f", open, SIZE_MAX), 4), "f", open, 5, READ);
    forget();
    assert_int_equal(lm_wrap_length_max("f", whole, 0), 0);
    assert_null(first_misfit());
}

static void lengths_of_wide_strings(void **state) {
    enum { WIDE = sizeof(wchar_t) };
    (void)state;
    wchar_t *whole = wide(L"some"), *open = wide_without_end(L"some");
    GOOD(assert_int_equal(lm_wrap_wide_length("f", whole), 4), "f", whole, 5 * WIDE, READ);
    BAD(assert_int_equal(lm_wrap_wide_length("f", open), 4), "f", open, 5 * WIDE, READ);
    GOOD(assert_int_equal(lm_wrap_wide_length_max("f", whole, 3), 3), "f", whole, 3 * WIDE, READ);
    GOOD(assert_int_equal(lm_wrap_wide_length_max("f", open, 4), 4), "f", open, 4 * WIDE, READ);
    BAD(assert_int_equal(lm_wrap_wide_length_max("f", open, 9), 4), "f", open, 5 * WIDE, READ);
    /* A block that ends within a character. */
    wchar_t *odd = block(2 * WIDE + 1);
    odd[0] = odd[1] = L'x';
    BAD(lm_wrap_wide_length("f", odd), "f", odd, 3 * WIDE, READ);
}

/* Only who keeps track of bytes hears of reads that are right. */
static void right_reads_are_told_on_demand(void **state) {
    (void)state;
    char *whole = text("some"), *open = text_without_end("some");
    lm_watched_bytes = false;
    forget();
    assert_int_equal(lm_wrap_length("f", whole), 4);
    assert_int_equal(lm_wrap_length_max("f", whole, 2), 2);
    lm_wrap_reads_inside("f", whole, 5);
    assert_int_equal(touched_count, 0);
    BAD(lm_wrap_length("f", open), "f", open, 5, READ);
}

static void scans(void **state) {
    (void)state;
    char *p = block(10);
    GOOD(lm_wrap_scanned("f", p, 9, 10), "f", p, 10, READ);
    BAD(lm_wrap_scanned("f", p, 10, 10), "f", p, 11, READ);
    forget();
    lm_wrap_scanned("f", p, SIZE_MAX, SIZE_MAX); /* nothing is known of the place */
    assert_int_equal(touched_count, 0);
}

static void moves(void **state) {
    (void)state;
    char *from = text("content"), *to = block(8), *tight = block(4);
    GOOD(assert_ptr_equal(lm_wrap_move("f", to, from, 8), to), "f", to, 8, WRITE);
    assert_string_equal(to, "content");
    GOOD(lm_wrap_move("f", to, from, 8), "f", from, 8, COPY);
    GOOD(lm_wrap_move("f", to + 1, to, 7), "f", to + 1, 7, WRITE);
    assert_memory_equal(to, "cconten", 7);
    BAD(lm_wrap_move("f", tight, from, 8), "f", tight, 8, WRITE);
    assert_memory_equal(tight, "content", 8); /* done all the same */
    BAD(lm_wrap_move("f", to, tight, 5), "f", tight, 5, COPY);
    forget();
    lm_wrap_move("f", tight, from, 0);
    assert_int_equal(touched_count, 0);
}

static void products(void **state) {
    (void)state;
    assert_int_equal(lm_wrap_product(3, 7), 21);
    assert_int_equal(lm_wrap_product(0, SIZE_MAX), 0);
    assert_true(lm_wrap_product(SIZE_MAX / 2 + 1, 2) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lengths_of_strings, fresh),
        cmocka_unit_test_setup(strings_elsewhere_are_nobodys_business, fresh),
        cmocka_unit_test_setup(lengths_with_a_bound, fresh),
        cmocka_unit_test_setup(lengths_of_wide_strings, fresh),
        cmocka_unit_test_setup(right_reads_are_told_on_demand, fresh),
        cmocka_unit_test_setup(scans, fresh),
        cmocka_unit_test_setup(moves, fresh),
        cmocka_unit_test_setup(products, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
