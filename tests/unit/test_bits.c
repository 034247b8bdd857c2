#include "support/unit.h"

#include "base/bits.h"

static void lowest_and_highest(void **state) {
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(lm_lowest_bit(lm_bit(i)), i);
        assert_int_equal(lm_highest_bit(lm_bit(i)), i);
        assert_int_equal(lm_lowest_bit(~(uint64_t)0 << i), i);
        assert_int_equal(lm_highest_bit(~(uint64_t)0 >> (63 - i)), i);
    }
}

static void counts(void **state) {
    (void)state;
    for (unsigned n = 0; n <= 64; n++) {
        assert_int_equal(lm_count_bits(lm_low_bits(n)), n);
        if (n < 64)
            assert_true(lm_low_bits(n) == lm_bit(n) - 1);
    }
    assert_int_equal(lm_count_bits(0x8000000000000001u), 2);
    assert_true(lm_low_bits(64) == UINT64_MAX);
}

static void powers_of_two(void **state) {
    (void)state;
    assert_false(lm_is_power_of_two(0));
    assert_true(lm_is_power_of_two(1));
    for (unsigned i = 2; i < 64; i++) {
        assert_true(lm_is_power_of_two(lm_bit(i)));
        assert_false(lm_is_power_of_two(lm_bit(i) + 1));
        assert_false(lm_is_power_of_two(lm_bit(i) - 1));
    }
}

static void logarithms(void **state) {
    (void)state;
    assert_int_equal(lm_log2_ceil(1), 0);
    assert_int_equal(lm_log2_ceil(2), 1);
    assert_int_equal(lm_log2_ceil(3), 2);
    for (unsigned i = 2; i < 63; i++) {
        assert_int_equal(lm_log2_ceil(lm_bit(i)), i);
        assert_int_equal(lm_log2_ceil(lm_bit(i) + 1), i + 1);
        assert_int_equal(lm_log2_ceil(lm_bit(i) - 1), i);
    }
}

static void rounding(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= 64; alignment *= 2)
        for (size_t x = 0; x < 300; x++) {
            size_t up = lm_align_up(x, alignment), down = lm_align_down(x, alignment);
            assert_true(up % alignment == 0 && up >= x && up - x < alignment);
            assert_true(down % alignment == 0 && down <= x && x - down < alignment);
        }
}

static void smaller_and_larger(void **state) {
    (void)state;
    assert_int_equal(lm_min(3, 4), 3);
    assert_int_equal(lm_min(4, 3), 3);
    assert_int_equal(lm_max(3, 4), 4);
    assert_true(lm_max(SIZE_MAX, 0) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowest_and_highest), cmocka_unit_test(counts),
        cmocka_unit_test(powers_of_two),      cmocka_unit_test(logarithms),
        cmocka_unit_test(rounding),           cmocka_unit_test(smaller_and_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
