#include "support/unit.h"

#include "stack/bytes.h"

#define READER(name, ...)                                                                          \
    const uint8_t name##_bytes[] = {__VA_ARGS__};                                                  \
    lm_bytes name = {name##_bytes, name##_bytes + sizeof name##_bytes, false}

static void reads_in_order(void **state) {
    (void)state;
    READER(r, 1, 2, 3, 4, 5, 6, 7, 8);
    assert_int_equal(lm_bytes_u8(&r), 1);
    assert_int_equal(lm_bytes_u16(&r), 0x0302);
    assert_int_equal(lm_bytes_u32(&r), 0x07060504);
    assert_int_equal(lm_bytes_left(&r), 1);
    assert_int_equal(lm_bytes_u16(&r), 0);
    assert_true(r.bad);
    assert_int_equal(lm_bytes_u8(&r), 0); /* once bad, always bad */
}

static void reads_leb(void **state) {
    (void)state;
    READER(r, 0x7f, 0x80, 1, 0xe5, 0x8e, 0x26, 0x7f, 0x80, 0x7f, 0x3f);
    assert_int_equal(lm_bytes_uleb(&r), 127);
    assert_int_equal(lm_bytes_uleb(&r), 128);
    assert_int_equal(lm_bytes_uleb(&r), 624485);
    assert_int_equal(lm_bytes_sleb(&r), -1);
    assert_int_equal(lm_bytes_sleb(&r), -128);
    assert_int_equal(lm_bytes_sleb(&r), 63);
    assert_false(r.bad);
    READER(most, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    assert_true(lm_bytes_uleb(&most) == UINT64_MAX);
    READER(longer, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0);
    assert_int_equal(lm_bytes_uleb(&longer), 0);
    assert_true(longer.bad);
    READER(open, 0x80, 0x80);
    assert_int_equal(lm_bytes_uleb(&open), 0);
    assert_true(open.bad);
}

static void reads_pointers(void **state) {
    (void)state;
    READER(r, 0xfc, 0xff, 0xff, 0xff, 4, 0, 9);
    assert_int_equal(lm_bytes_pointer(&r, 0x1b), (uintptr_t)r_bytes - 4);
    assert_int_equal(lm_bytes_pointer(&r, 0x02), 4);
    lm_bytes_skip_pointer(&r, LM_POINTER_OMITTED);
    assert_int_equal(lm_bytes_left(&r), 1);
    (void)lm_bytes_pointer(&r, 0x91); /* what it points to isn't for us to read */
    assert_true(r.bad);
}

static void takes_parts(void **state) {
    (void)state;
    READER(r, 1, 2, 3);
    lm_bytes part = lm_bytes_part(&r, 2);
    assert_int_equal(lm_bytes_u8(&part), 1);
    assert_int_equal(lm_bytes_u8(&part), 2);
    assert_int_equal(lm_bytes_left(&part), 0);
    assert_int_equal(lm_bytes_u8(&r), 3);
    part = lm_bytes_part(&r, 1);
    assert_true(part.bad);
    READER(all, 1);
    lm_bytes_skip(&all, UINT64_MAX);
    assert_true(all.bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_in_order),
        cmocka_unit_test(reads_leb),
        cmocka_unit_test(reads_pointers),
        cmocka_unit_test(takes_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
