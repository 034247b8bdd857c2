#include "support/unit.h"

#include "stack/step.h"

/* A stack of made up frames: sp at the third word, fp at the sixth. */
static uintptr_t words[16];
static const lm_extent extent = {(uintptr_t)words, (uintptr_t)(words + 16),
                                 (uintptr_t)(words + 16)};

static uintptr_t at(size_t i) {
    return (uintptr_t)&words[i];
}

static lm_registers begin(void) {
    lm_registers registers = {.known = 0};
    for (size_t i = 0; i < 16; i++)
        words[i] = 100 + i;
    lm_registers_set(&registers, LM_MACHINE_SP, at(2));
    lm_registers_set(&registers, LM_MACHINE_FP, at(5));
    lm_registers_set(&registers, LM_MACHINE_PC, 47);
    return registers;
}

static void assert_unchanged(const lm_registers *registers) {
    assert_int_equal(registers->at[LM_MACHINE_SP], at(2));
    assert_int_equal(registers->at[LM_MACHINE_FP], at(5));
    assert_int_equal(registers->at[LM_MACHINE_PC], 47);
}

static void by_remembered_rules(void **state) {
    (void)state;
    lm_registers r = begin();
    const lm_cache_step by_sp = {.cfa = LM_CACHE_CFA_SP, .cfa_value = 16};
    assert_int_equal(lm_step_remembered(&by_sp, &extent, &r), LM_STEP_DONE);
    assert_int_equal(r.at[LM_MACHINE_SP], at(4));
    assert_int_equal(r.at[LM_MACHINE_PC], 103);
    assert_int_equal(r.at[LM_MACHINE_FP], at(5));

    r = begin();
    const lm_cache_step by_fp = {
        .cfa = LM_CACHE_CFA_FP, .cfa_value = 16, .fp = LM_CACHE_FP_AT_CFA, .fp_value = -16};
    assert_int_equal(lm_step_remembered(&by_fp, &extent, &r), LM_STEP_DONE);
    assert_int_equal(r.at[LM_MACHINE_SP], at(7));
    assert_int_equal(r.at[LM_MACHINE_PC], 106);
    assert_int_equal(r.at[LM_MACHINE_FP], 105);

    r = begin();
    words[4] = at(9);
    const lm_cache_step loaded = {
        .cfa = LM_CACHE_CFA_LOADED, .cfa_value = -8, .fp = LM_CACHE_FP_AT_FP};
    assert_int_equal(lm_step_remembered(&loaded, &extent, &r), LM_STEP_DONE);
    assert_int_equal(r.at[LM_MACHINE_SP], at(9));
    assert_int_equal(r.at[LM_MACHINE_PC], 108);
    assert_int_equal(r.at[LM_MACHINE_FP], 105);

    const lm_cache_step last = {.last = true};
    assert_int_equal(lm_step_remembered(&last, &extent, &r), LM_STEP_LAST);
}

static void never_astray(void **state) {
    static const lm_cache_step bad[] = {
        {.cfa_value = 0},      /* doesn't rise */
        {.cfa_value = -8},     /* falls */
        {.cfa_value = 13},     /* between two words */
        {.cfa_value = 15 * 8}, /* beyond the end */
        {.cfa_value = INT32_MAX},
        {.cfa = LM_CACHE_CFA_LOADED}, /* leads to 105 */
        {.cfa_value = 16, .fp = LM_CACHE_FP_AT_CFA, .fp_value = 12 * 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lm_registers r = begin();
        assert_int_equal(lm_step_remembered(&bad[i], &extent, &r), LM_STEP_BAD);
        assert_unchanged(&r);
    }
    lm_registers r = begin();
    r.known &= ~((uint64_t)1 << LM_MACHINE_FP);
    const lm_cache_step by_fp = {.cfa = LM_CACHE_CFA_FP, .cfa_value = 16};
    assert_int_equal(lm_step_remembered(&by_fp, &extent, &r), LM_STEP_UNKNOWN);
}

static void by_the_chain(void **state) {
    (void)state;
    lm_registers r = begin();
    assert_int_equal(lm_step_chain(&extent, &r), LM_STEP_DONE);
    assert_int_equal(r.at[LM_MACHINE_SP], at(7));
    assert_int_equal(r.at[LM_MACHINE_FP], 105);
    assert_int_equal(r.at[LM_MACHINE_PC], 106);
    assert_int_equal(lm_step_chain(&extent, &r), LM_STEP_BAD);

    /* Below sp, at the end, between words, nowhere. */
    const uintptr_t bad[] = {at(1), at(15), at(16), at(5) + 4, 1, UINTPTR_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        r = begin();
        r.at[LM_MACHINE_FP] = bad[i];
        assert_int_equal(lm_step_chain(&extent, &r), LM_STEP_BAD);
    }
    r = begin();
    r.at[LM_MACHINE_FP] = 0;
    assert_int_equal(lm_step_chain(&extent, &r), LM_STEP_LAST);
}

/* Frame pointers lead only where memory is mapped for sure, unless they are the processor's law. */
static void the_chain_ends_where_nothing_is_sure(void **state) {
    const lm_extent unsure = {extent.low, extent.end, at(6)};
    lm_registers r = begin();
    (void)state;
    assert_int_equal(lm_step_chain(&unsure, &r),
                     LM_MACHINE_CHAIN_IS_LAW ? LM_STEP_DONE : LM_STEP_BAD);
}

#if LM_MACHINE_TABLES
static lm_row usual_row(void) {
    lm_row row = {0};
    row.cfa = (lm_rule){LM_RULE_CFA_FROM_REGISTER, LM_MACHINE_SP, 32};
    row.of[LM_MACHINE_PC] = (lm_rule){LM_RULE_AT_OFFSET, 0, -8};
    row.of[3] = (lm_rule){LM_RULE_AT_OFFSET, 0, -24};
    return row;
}

static void by_rows(void **state) {
    const lm_cfi cfi = {.return_register = LM_MACHINE_PC};
    lm_row row = usual_row();
    lm_cache_step rule;
    (void)state;
    lm_registers r = begin();
    lm_registers_set(&r, 12, 12);
    lm_registers_set(&r, 10, 10);
    assert_int_equal(lm_step_row(&cfi, &row, &extent, &r), LM_STEP_DONE);
    assert_int_equal(r.at[LM_MACHINE_SP], at(6));
    assert_int_equal(r.at[LM_MACHINE_PC], 105);
    assert_int_equal(r.at[3], 103);
    assert_int_equal(r.at[12], 12);
    assert_true(lm_registers_know(&r, 12));  /* functions keep r12 */
    assert_false(lm_registers_know(&r, 10)); /* but not r10 */
    assert_true(lm_step_simple(&cfi, &row, &rule));

    row.cfa.from = 3;
    r = begin();
    assert_int_equal(lm_step_row(&cfi, &row, &extent, &r), LM_STEP_UNKNOWN);
    assert_false(lm_step_simple(&cfi, &row, &rule));
    row = usual_row();
    row.cfa.value = -8;
    assert_int_equal(lm_step_row(&cfi, &row, &extent, &r), LM_STEP_BAD);
    assert_unchanged(&r);
    row = usual_row();
    row.of[LM_MACHINE_PC].how = LM_RULE_UNDEFINED;
    assert_int_equal(lm_step_row(&cfi, &row, &extent, &r), LM_STEP_LAST);
    assert_true(lm_step_simple(&cfi, &row, &rule));
    assert_true(rule.last);
}

/* A signal may come on any stack: its caller's may lie below. */
static void signals_may_fall(void **state) {
    lm_cfi cfi = {.return_register = LM_MACHINE_PC, .signal = true};
    lm_row row = usual_row();
    lm_cache_step rule;
    lm_registers r = begin();
    (void)state;
    row.cfa.value = -8;
    assert_int_equal(lm_step_row(&cfi, &row, &extent, &r), LM_STEP_DONE);
    assert_int_equal(r.at[LM_MACHINE_SP], at(1));
    assert_false(lm_step_simple(&cfi, &row, &rule));
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_remembered_rules),
        cmocka_unit_test(never_astray),
        cmocka_unit_test(by_the_chain),
        cmocka_unit_test(the_chain_ends_where_nothing_is_sure),
#if LM_MACHINE_TABLES
        cmocka_unit_test(by_rows),
        cmocka_unit_test(signals_may_fall),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
