#include "support/unit.h"

#include "check/bits.h"

#include <string.h>

enum { CODE = 7 };

/* An instruction's bytes, and what they make of a value. */
static lm_bits_deed step(const char *code, uint64_t value, lm_bits *bits) {
    lm_halt m;
    memset(&m, 0, sizeof m);
    unsigned char bytes[16] = {0};
    memcpy(bytes, code, CODE);
    assert_true(lm_decode(bytes, sizeof bytes, &m.in));
    return lm_bits_step(&m, value, bits);
}

#define MASK_7  "\x83\xe0\x07\0\0\0\0" /* and $7, %eax */
#define OR_1    "\x83\xc8\x01\0\0\0\0" /* or $1, %eax */
#define SHIFT_3 "\xc1\xe8\x03\0\0\0\0" /* shr $3, %eax */
#define TEST    "\x85\xc0\0\0\0\0\0"   /* test %eax, %eax */
#define BYTE    "\x0f\xb6\xc0\0\0\0\0" /* movzbl %al, %eax */
#define TEST_8  "\xa8\x08\0\0\0\0\0"   /* test $8, %al */
#define ADD     "\x01\xc0\0\0\0\0\0"   /* add %eax, %eax */
#define FIVE    "\x83\xf8\x05\0\0\0\0" /* cmp $5, %eax */
#define STORE   "\x80\x20\xf8\0\0\0\0" /* andb $0xf8, (%rax) */

static void masks_and_shifts(void **state) {
    (void)state;
    lm_bits bits = {.unwritten = 0xf8, .written = 7};
    assert_int_equal(step(MASK_7, 0, &bits), LM_BITS_KEPT);
    assert_true(bits.unwritten == 0 && bits.written == 7);
    bits = (lm_bits){.unwritten = 0xf8, .written = 7};
    assert_int_equal(step(SHIFT_3, 0, &bits), LM_BITS_KEPT);
    assert_true(bits.unwritten == 0x1f && bits.written == 0);
    bits = (lm_bits){.unwritten = 0xff, .written = 0};
    assert_int_equal(step(OR_1, 0, &bits), LM_BITS_KEPT);
    assert_true(bits.unwritten == 0xfe && bits.written == 1);
    bits = (lm_bits){.unwritten = 0xff00, .written = 0xff};
    assert_int_equal(step(BYTE, 0, &bits), LM_BITS_KEPT);
    assert_true(bits.unwritten == 0 && bits.written == 0xff);
    assert_int_equal(step(ADD, 0, &bits), LM_BITS_LOST);
}

static void comparisons(void **state) {
    (void)state;
    lm_bits bits = {.unwritten = 0xf8, .written = 7};
    assert_int_equal(step(TEST_8, 0, &bits), LM_BITS_TESTED);
    assert_true(bits.unwritten == 8 && !bits.decided);
    bits = (lm_bits){.unwritten = 0xf0, .written = 0xf};
    assert_int_equal(step(TEST_8, 0, &bits), LM_BITS_TESTED);
    assert_true(bits.unwritten == 0);
    bits = (lm_bits){.unwritten = 0xff00, .written = 0xff};
    assert_int_equal(step(FIVE, 0xf505, &bits), LM_BITS_TESTED);
    assert_true(bits.unwritten == 0xff00 && !bits.decided);
    bits = (lm_bits){.unwritten = 0xff00, .written = 0xff};
    assert_int_equal(step(FIVE, 0xf506, &bits), LM_BITS_TESTED);
    assert_true(bits.decided);
    bits = (lm_bits){.unwritten = 0xff00, .written = 0xff};
    assert_int_equal(step(TEST, 1, &bits), LM_BITS_TESTED);
    assert_true(bits.decided);
}

static void stores(void **state) {
    (void)state;
    lm_instruction in;
    assert_true(lm_decode((const unsigned char *)STORE, CODE, &in));
    assert_int_equal(lm_bits_stored(&in) & 0xff, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_and_shifts),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(stores),
    };
#if defined(__x86_64__)
    return cmocka_run_group_tests(tests, NULL, NULL);
#else
    (void)tests;
    return 77;
#endif
}
