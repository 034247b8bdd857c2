#include "check/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 130 };

/* A filled range is whole, what is beside it is left alone, and no byte of it may be another. */
static void each_byte_counts(size_t least, void (*fill)(unsigned char *at, size_t size, int byte),
                             bool (*is)(const unsigned char *at, size_t size, int byte), int byte) {
    unsigned char bytes[MOST + 2];
    for (size_t size = least; size <= MOST; size++) {
        memset(bytes, 1, sizeof bytes);
        fill(bytes + 1, size, byte);
        assert_int_equal(bytes[0], 1);
        assert_int_equal(bytes[size + 1], 1);
        assert_true(is(bytes + 1, size, byte));
        for (size_t i = 0; i < size; i++) {
            bytes[i + 1] ^= 0x40;
            assert_false(is(bytes + 1, size, byte));
            bytes[i + 1] ^= 0x40;
        }
    }
}

static void of_sixteen_and_more(void **state) {
    (void)state;
    each_byte_counts(16, lm_zone_fill, lm_zone_whole, LM_FILL_ZONE);
}

static void of_any_number(void **state) {
    (void)state;
    each_byte_counts(0, lm_zone_fill_any, lm_zone_is, LM_FILL_FREED);
}

static void damage_has_ends(void **state) {
    unsigned char bytes[64];
    size_t first, last;
    (void)state;
    memset(bytes, LM_FILL_ZONE, sizeof bytes);
    assert_false(lm_zone_damage(bytes, sizeof bytes, LM_FILL_ZONE, &first, &last));
    bytes[5] = bytes[60] = 0;
    assert_true(lm_zone_damage(bytes, sizeof bytes, LM_FILL_ZONE, &first, &last));
    assert_int_equal(first, 5);
    assert_int_equal(last, 60);
}

static void only_the_nearest_bytes(void **state) {
    (void)state;
    lm_zone front = lm_zone_front(10000, 4096), rear = lm_zone_rear(10000, 7, 5000);
    assert_int_equal((uintptr_t)front.at, 10000 - LM_ZONE_MOST);
    assert_int_equal(front.size, LM_ZONE_MOST);
    assert_int_equal((uintptr_t)rear.at, 10007);
    assert_int_equal(rear.size, LM_ZONE_MOST);
    assert_int_equal(lm_zone_front(10000, 16).size, 16);
    assert_int_equal(lm_zone_rear(10000, 7, 25).size, 25);
}

/* Bits 47 to 63 of an address are alike. */
static void no_pattern_is_a_pointer(void **state) {
    static const int bytes[] = {LM_FILL_ZONE, LM_FILL_FRESH, LM_FILL_FREED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint64_t top = lm_zone_word(bytes[i]) >> 47;
        assert_true(top != 0 && top != 0x1ffff);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_sixteen_and_more),     cmocka_unit_test(of_any_number),
        cmocka_unit_test(damage_has_ends),         cmocka_unit_test(only_the_nearest_bytes),
        cmocka_unit_test(no_pattern_is_a_pointer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
