/* Programs of unwind tables, each of a few instructions. test_cfi.c reads whole tables, and broken ones. */
#include "support/unit.h"

#include "stack/row.h"

#include <string.h>

/* The tables are the bytes of the two programs. */
enum { MOST = 64, CODE = 0x1000, CODE_ALIGN = 4, DATA_ALIGN = -8, FP = 6, SP = 7 };

static uint8_t bytes[2 * MOST];

static lm_cfi cfi_of(const void *initial, size_t initial_size, const void *program, size_t size) {
    assert_true(initial_size <= MOST && size <= MOST);
    memcpy(bytes, initial, initial_size);
    memcpy(bytes + MOST, program, size);
    return (lm_cfi){.tables = {bytes, bytes + sizeof bytes, bytes},
                    .code_start = CODE,
                    .code_end = CODE + 0x100,
                    .initial = {bytes, bytes + initial_size, false},
                    .program = {bytes + MOST, bytes + MOST + size, false},
                    .code_align = CODE_ALIGN,
                    .data_align = DATA_ALIGN};
}

/* The CFA is sp + 8, the return address at CFA - 8: so every function begins on x86-64. */
static const uint8_t usual[] = {0x0c, SP, 8, 0x80 | 16, 1};

static lm_cfi cfi;
static lm_row row;

#define PROGRAM(...)                                                                               \
    do {                                                                                           \
        const uint8_t program_[] = {__VA_ARGS__};                                                  \
        cfi = cfi_of(usual, sizeof usual, program_, sizeof program_);                              \
    } while (0)

static void row_at(unsigned place) {
    assert_true(lm_row_at(&cfi, CODE + place, &row));
}

static void assert_cfa(unsigned from, int value) {
    assert_int_equal(row.cfa.how, LM_RULE_CFA_FROM_REGISTER);
    assert_int_equal(row.cfa.from, from);
    assert_int_equal(row.cfa.value, value);
}

static void assert_rule(unsigned number, lm_rule_how how, int value) {
    assert_int_equal(row.of[number].how, how);
    assert_int_equal(row.of[number].value, value);
}

static void where_nothing_is_said(void **state) {
    (void)state;
    PROGRAM(0, 0);
    row_at(0);
    assert_cfa(SP, 8);
    assert_rule(16, LM_RULE_AT_OFFSET, -8);
    for (unsigned i = 0; i < 16; i++)
        assert_rule(i, LM_RULE_UNSET, 0);
}

/* push rbp; mov rbp, rsp; ... pop rbp */
static void rows_change_from_place_to_place(void **state) {
    (void)state;
    PROGRAM(0x40 | 1, 0x0e, 16, 0x80 | FP, 2, /* after one unit of code */
            0x40 | 2, 0x0d, FP,               /* two on */
            0x02, 10, 0x0c, SP, 8, 0xc0 | FP);
    row_at(0);
    assert_cfa(SP, 8);
    row_at(CODE_ALIGN - 1);
    assert_cfa(SP, 8);
    row_at(CODE_ALIGN); /* holds from there on */
    assert_cfa(SP, 16);
    assert_rule(FP, LM_RULE_AT_OFFSET, -16);
    row_at(3 * CODE_ALIGN - 1);
    assert_cfa(SP, 16);
    row_at(3 * CODE_ALIGN);
    assert_cfa(FP, 16);
    row_at(13 * CODE_ALIGN);
    assert_cfa(SP, 8);
    assert_rule(FP, LM_RULE_UNSET, 0); /* as it was at the beginning */
}

static void advances_of_all_sizes(void **state) {
    (void)state;
    PROGRAM(0x02, 5, 0x0e, 16, 0x03, 0x00, 0x01, 0x0e, 24, 0x04, 0, 0, 1, 0, 0x0e, 32);
    row_at(4 * CODE_ALIGN);
    assert_cfa(SP, 8);
    row_at(5 * CODE_ALIGN);
    assert_cfa(SP, 16);
    row_at((5 + 0x100) * CODE_ALIGN);
    assert_cfa(SP, 24);
    row_at((5 + 0x100 + 0x10000) * CODE_ALIGN);
    assert_cfa(SP, 32);
}

static void all_kinds_of_rules(void **state) {
    (void)state;
    PROGRAM(0x05, 3, 4,       /* stored, the long form */
            0x11, 12, 0x7e,   /* stored, at -2 factored */
            0x2f, 13, 3,      /* stored, by GNU's old form, at minus 3 factored */
            0x14, 14, 2,      /* is CFA + 2 factored */
            0x15, 15, 0x7f,   /* is CFA - 1 factored */
            0x07, 0,          /* undefined */
            0x08, 1,          /* the same */
            0x09, 2, 5,       /* in another register */
            0x10, 8, 1, 0x9c, /* stored where an expression leads */
            0x16, 9, 2, 0x9c, 0x06);
    row_at(0);
    assert_rule(3, LM_RULE_AT_OFFSET, -32);
    assert_rule(12, LM_RULE_AT_OFFSET, 16);
    assert_rule(13, LM_RULE_AT_OFFSET, 24);
    assert_rule(14, LM_RULE_OFFSET, -16);
    assert_rule(15, LM_RULE_OFFSET, 8);
    assert_rule(0, LM_RULE_UNDEFINED, 0);
    assert_rule(1, LM_RULE_SAME, 0);
    assert_rule(2, LM_RULE_REGISTER, 5);
    assert_int_equal(row.of[8].how, LM_RULE_AT_EXPRESSION);
    assert_int_equal(row.of[9].how, LM_RULE_EXPRESSION);
    const lm_bytes stored = lm_row_expression(&cfi, &row.of[8]);
    assert_false(stored.bad);
    assert_int_equal(stored.end - stored.at, 1);
    assert_int_equal(stored.at[0], 0x9c);
    const lm_bytes is = lm_row_expression(&cfi, &row.of[9]);
    assert_int_equal(is.end - is.at, 2);
    assert_int_equal(is.at[1], 0x06);
}

static void all_kinds_of_cfas(void **state) {
    (void)state;
    PROGRAM(0x12, FP, 0x7e); /* signed and factored */
    row_at(0);
    assert_cfa(FP, 16);
    PROGRAM(0x13, 0x7d);
    row_at(0);
    assert_cfa(SP, 24);
    PROGRAM(0x0f, 2, 0x77, 8);
    row_at(0);
    assert_int_equal(row.cfa.how, LM_RULE_EXPRESSION);
    const lm_bytes expression = lm_row_expression(&cfi, &row.cfa);
    assert_int_equal(expression.end - expression.at, 2);
    assert_int_equal(expression.at[0], 0x77);
}

static void rows_are_remembered(void **state) {
    (void)state;
    PROGRAM(0x0e, 16, 0x0a, 0x0e, 24, 0x0a, 0x0e, 32, 0x40 | 1, 0x0b, 0x40 | 1, 0x0b);
    row_at(0);
    assert_cfa(SP, 32);
    row_at(CODE_ALIGN);
    assert_cfa(SP, 24);
    row_at(2 * CODE_ALIGN);
    assert_cfa(SP, 16);
}

static void what_no_walk_needs_is_passed_over(void **state) {
    (void)state;
    PROGRAM(0x2e, 0x90, 0x01, /* the size of arguments */
            0x05, 17, 1,      /* a vector register */
            0x07, 40, 0x06, 50, 0x0e, 48);
    row_at(0);
    assert_cfa(SP, 48);
}

/* ---- Programs that make no sense ----------------------------------------------------------------- */

#define NONSENSE(...)                                                                              \
    do {                                                                                           \
        PROGRAM(__VA_ARGS__);                                                                      \
        assert_false(lm_row_at(&cfi, CODE, &row));                                                 \
    } while (0)

static void nonsense(void **state) {
    (void)state;
    NONSENSE(0x3f);                               /* no instruction */
    NONSENSE(0x0e);                               /* ends within one */
    NONSENSE(0x0e, 0x80);                         /* ends within a number */
    NONSENSE(0x0b);                               /* nothing was remembered */
    NONSENSE(0x0a, 0x0a, 0x0a, 0x0a, 0x0a);       /* too much is */
    NONSENSE(0x0d, 17);                           /* a CFA from a register that isn't known */
    NONSENSE(0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f); /* farther than any frame is large */
    NONSENSE(0x0f, 70, 0x77);                     /* an expression that goes beyond the program */
    NONSENSE(0x05, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
}

/* Only from the place on where it stands. */
static void nonsense_farther_on_does_no_harm(void **state) {
    (void)state;
    PROGRAM(0x0e, 16, 0x40 | 1, 0x3f);
    row_at(0);
    assert_cfa(SP, 16);
    assert_false(lm_row_at(&cfi, CODE + CODE_ALIGN, &row));
}

/* RESTORE goes back to what the CIE says, which can't do so itself. */
static void nonsense_in_what_all_have_in_common(void **state) {
    const uint8_t restores[] = {0xc0 | FP}, nothing[] = {0};
    (void)state;
    cfi = cfi_of(restores, sizeof restores, nothing, sizeof nothing);
    assert_false(lm_row_at(&cfi, CODE, &row));
    const uint8_t long_form[] = {0x06, FP};
    cfi = cfi_of(long_form, sizeof long_form, nothing, sizeof nothing);
    assert_false(lm_row_at(&cfi, CODE, &row));
}

static void expressions_lie_in_the_tables(void **state) {
    lm_rule rule = {LM_RULE_EXPRESSION, 0, -1};
    (void)state;
    PROGRAM(0);
    assert_true(lm_row_expression(&cfi, &rule).bad);
    rule.value = (int32_t)sizeof bytes;
    assert_true(lm_row_expression(&cfi, &rule).bad);
    rule.value = (int32_t)sizeof bytes - 1;
    bytes[sizeof bytes - 1] = 1; /* says that there is a byte behind the end */
    assert_true(lm_row_expression(&cfi, &rule).bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is_said),
        cmocka_unit_test(rows_change_from_place_to_place),
        cmocka_unit_test(advances_of_all_sizes),
        cmocka_unit_test(all_kinds_of_rules),
        cmocka_unit_test(all_kinds_of_cfas),
        cmocka_unit_test(rows_are_remembered),
        cmocka_unit_test(what_no_walk_needs_is_passed_over),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(nonsense_farther_on_does_no_harm),
        cmocka_unit_test(nonsense_in_what_all_have_in_common),
        cmocka_unit_test(expressions_lie_in_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
