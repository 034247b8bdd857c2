/* What each level of protection, and each measure's own option, sets. */
#include "support/unit.h"

#include "base/finding.h"
#include "heap/guard.h"
#include "heap/limits.h"
#include "heap/protect.h"
#include "heap/settings.h"
#include "os/os.h"
#include "support/heap.h"

#include <string.h>

/* The heap isn't used afterwards: its settings are those of the last call. */
static lm_protection chosen_by(const char *text) {
    static const lm_protection none;
    lm_options options;
    lm_options_defaults(&options);
    lm_options_parse(&options, text, "test", false, NULL, NULL);
    lm_once.protection = none;
    lm_settings_start(&options);
    return lm_once.protection;
}

static void nothing_at_level_0(void **state) {
    (void)state;
    lm_protection p = chosen_by("harden=0");
    assert_false(p.tail || p.clear || p.random || p.zero_traps || p.hide_large || p.check_before ||
                 p.purge_slabs || p.strict_arrays);
    assert_int_equal(p.guard_rate, 0);
    assert_int_equal(p.clear_max, 0);
    assert_int_equal(p.neighbours, LM_NEIGHBOURS_NONE);
    assert_int_equal(lm_once.protect, LM_PROTECT_NOT);
    assert_int_equal(lm_once.wide_limit, 0);
    assert_int_equal(lm_once.plain_limit, LM_SMALL_MAX + 1);
    assert_int_equal(lm_once.tail, 0);
    assert_ptr_equal(lm_once.small_offset, lm_small_offset);
}

static void level_1(void **state) {
    (void)state;
    lm_protection p = chosen_by("harden=1");
    assert_true(p.random && p.zero_traps && p.hide_large);
    assert_false(p.tail || p.clear || p.check_before || p.purge_slabs);
    assert_int_equal(p.guard_rate, LM_GUARDED_SLABS);
    assert_int_equal(p.guard_max, LM_SMALL_MAX);
    assert_int_equal(lm_once.protect, LM_PROTECT_NOT);
    assert_ptr_equal(lm_once.small_offset, lm_small_offset_zero_apart);
}

static void level_2(void **state) {
    (void)state;
    lm_protection p = chosen_by("");
    assert_true(p.random && p.zero_traps && p.hide_large && p.tail && p.clear && !p.scatter);
    assert_false(p.check_before || p.purge_slabs);
    assert_int_equal(p.clear_max, LM_SMALL_MAX);
    assert_int_equal(p.guard_max, LM_SMALL_MAX);
    assert_int_equal(p.neighbours, LM_NEIGHBOURS_FEW);
    assert_int_equal(lm_once.protect, LM_PROTECT_INLINE);
    assert_int_equal(lm_once.wide_limit, lm_os.wide_vectors ? LM_SMALL_MAX + 1 : 0);
    assert_int_equal(lm_once.plain_limit, 0);
    assert_int_equal(lm_once.tail, LM_TAIL);
    assert_ptr_equal(lm_once.small_offset, lm_small_offset_with_tail);
}

static void level_3(void **state) {
    (void)state;
    lm_protection p = chosen_by("harden=3");
    assert_true(p.random && p.zero_traps && p.hide_large && p.tail && p.clear && p.check_before &&
                p.purge_slabs && p.scatter);
    assert_int_equal(p.clear_max, LM_SLOT_MAX);
    assert_int_equal(p.guard_rate, LM_GUARDED_SLABS_FULL);
    assert_true(p.guard_max >= LM_SLOT_MAX);
    assert_int_equal(p.neighbours, LM_NEIGHBOURS_ALL);
    assert_int_equal(lm_once.protect, LM_PROTECT_GENERAL);
    assert_int_equal(lm_once.wide_limit, 0);
}

static void narrow_vectors(void **state) {
    (void)state;
    chosen_by("vectors=narrow");
    assert_int_equal(lm_once.protect, LM_PROTECT_INLINE);
    assert_int_equal(lm_once.wide_limit, 0);
}

/* A measure by itself, whatever the level. */
static void measures(void **state) {
    (void)state;
    lm_protection p = chosen_by("harden=0:canary=on");
    assert_true(p.tail && !p.clear && !p.random && p.neighbours == LM_NEIGHBOURS_FEW);
    assert_int_equal(lm_once.protect, LM_PROTECT_GENERAL);
    assert_int_equal(lm_once.tail, LM_TAIL);
    p = chosen_by("harden=0:clear=on");
    assert_true(p.clear && !p.tail && p.clear_max == LM_SMALL_MAX);
    assert_int_equal(lm_once.protect, LM_PROTECT_GENERAL);
    p = chosen_by("harden=0:random=on:zero=on:hide=on");
    assert_true(p.random && p.zero_traps && p.hide_large && !p.tail);
    p = chosen_by("canary=off");
    assert_true(!p.tail && p.clear && p.neighbours == LM_NEIGHBOURS_NONE);
    p = chosen_by("harden=3:canary=off");
    assert_true(!p.tail && !p.check_before && p.purge_slabs);
    p = chosen_by("clear=off");
    assert_true(p.tail && !p.clear && p.clear_max == 0);
    p = chosen_by("random=off:zero=off:hide=off");
    assert_false(p.random || p.scatter || p.zero_traps || p.hide_large);
    assert_true(chosen_by("strict_arrays=1").strict_arrays);
}

/* Secrets are new at every start, and odd. */
static void secrets(void **state) {
    (void)state;
    chosen_by("");
    uint64_t secret = lm_once.secret, multiplier = lm_once.multiplier, seed = lm_once.seed;
    chosen_by("");
    assert_true(secret != lm_once.secret && multiplier != lm_once.multiplier &&
                seed != lm_once.seed);
    assert_true((secret & 1) && (multiplier & 1) && (lm_once.secret & 1));
}

static void guards(void **state) {
    (void)state;
    chosen_by("guards=off");
    assert_int_equal(lm_once.guard.kind, LM_GUARDS_OFF);
    chosen_by("guards=protect:mappings=100");
    assert_int_equal(lm_once.guard.kind, LM_GUARDS_PROTECT);
    assert_int_equal(lm_once.guard.mappings, 100);
    bool had = lm_os.guards_by_advice;
    lm_os.guards_by_advice = false;
    chosen_by("guards=advise");
    assert_int_equal(lm_once.guard.kind, LM_GUARDS_OFF);
    chosen_by("guards=auto");
    assert_int_equal(lm_once.guard.kind, LM_GUARDS_PROTECT);
    lm_os.guards_by_advice = had;
}

/* on_error is for all kinds, on_KIND for one. */
static void policies(void **state) {
    (void)state;
    chosen_by("on_error=report:on_heap_overflow=abort:on_use_after_free=ignore");
    for (int kind = 0; kind < LM_KINDS_COUNT; kind++)
        assert_int_equal(lm_finding_rule.policy[kind], kind == LM_HEAP_OVERFLOW ? LM_POLICY_ABORT
                                                       : kind == LM_USE_AFTER_FREE
                                                           ? LM_POLICY_IGNORE
                                                           : LM_POLICY_REPORT);
    static const char *const codes[] = {"double_free",     "invalid_free",  "foreign_free",
                                        "mismatched_free", "size_mismatch", "heap_overflow",
                                        "heap_underflow",  "use_after_free"};
    for (int kind = 0; kind < LM_KINDS_COUNT; kind++) {
        char text[64] = "on_";
        strcat(strcat(text, codes[kind]), "=ignore");
        chosen_by(text);
        for (int other = 0; other < LM_KINDS_COUNT; other++)
            assert_int_equal(lm_finding_rule.policy[other], other == kind ? LM_POLICY_IGNORE
                                                            : other == LM_MISMATCHED_FREE
                                                                ? LM_POLICY_REPORT
                                                                : LM_POLICY_ABORT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_at_level_0),
        cmocka_unit_test(level_1),
        cmocka_unit_test(level_2),
        cmocka_unit_test(measures),
        cmocka_unit_test(secrets),
        cmocka_unit_test(guards),
        cmocka_unit_test(policies),
        cmocka_unit_test(level_3),
        cmocka_unit_test(narrow_vectors),
        cmocka_unit_test(narrow_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
