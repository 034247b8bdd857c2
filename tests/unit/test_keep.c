/* How much free memory stays, and what goes back. Arenas of 4 MiB, so that there are several. */
// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/keep.h"
#include "heap/limits.h"
#include "os/os.h"
#include "support/heap.h"
#include "support/pattern.h"
#include "unit/grants.h"

const char loam_default_options[] = "arena=4MiB";

static void trim_gives_back(void **state) {
    (void)state;
    lm_keep_trim(0);
    lm_grant grant = take(100);
    pattern_fill(address(grant), 100 << LM_UNIT_SHIFT, 1);
    give(grant, true);
    assert_int_equal(stats_now().cached, 100 << LM_UNIT_SHIFT);
    assert_false(lm_keep_trim(100 << LM_UNIT_SHIFT));
    assert_true(lm_keep_trim(0));
    assert_int_equal(stats_now().cached, 0);
    assert_false(lm_keep_trim(0));
    assert_true(all_zero(address(grant), 100 << LM_UNIT_SHIFT));
    assert_sound();
}

static void too_much_free_memory_goes_at_once(void **state) {
    (void)state;
    size_t keep = lm_once.arena.keep;
    lm_once.arena.keep = 1 << 20;
    for (int i = 0; i < 20; i++) {
        char *p = loam_malloc(600000), *q = loam_malloc(600000);
        memset(p, 1, 600000);
        memset(q, 1, 600000);
        loam_free(p);
        loam_free(q);
    }
    void *big = loam_malloc(20 << 20);
    memset(big, 1, 20 << 20);
    loam_free(big);
    loam_trim(SIZE_MAX / 2); /* what rests */
    lm_keep_trim_excess();
    assert_true(stats_now().cached <= 1 << 20);
    lm_once.arena.keep = keep;
    assert_sound();
}

static bool wants_trim(void) {
    lm_lock_take(&lm_arena_lock);
    bool wants = lm_keep_wants_trim();
    lm_lock_give(&lm_arena_lock);
    return wants;
}

/* Past the bound, memory goes in parts, so that no free takes the time of all; in the end it is well below. */
static void trims_in_parts(void **state) {
    size_t keep = lm_once.arena.keep, bound = (size_t)32 << 20;
    int calls = 0;
    (void)state;
    loam_trim(0);
    lm_once.arena.keep = bound;
    lm_grant grant = take((uint32_t)(bound >> LM_UNIT_SHIFT) + 1);
    assert_false(wants_trim());
    give(grant, true);
    while (wants_trim() && calls < 100) {
        lm_keep_trim_excess();
        assert_true(stats_now().cached <= bound);
        calls++;
    }
    assert_true(calls >= (LM_TRIM_MOST > LM_CHUNK ? 2 : 1) && calls < 100);
    assert_true(stats_now().cached <= bound - LM_TRIM_MOST);
    loam_trim(0);
    lm_once.arena.keep = keep;
    assert_sound();
}

static bool wants_exchange(void) {
    lm_lock_take(&lm_arena_lock);
    bool wants = lm_keep_wants_exchange();
    lm_lock_give(&lm_arena_lock);
    return wants;
}

/* Free memory of which no run fits goes back when more is held than ever; the same again changes nothing. */
static void free_memory_goes_for_new(void **state) {
    enum { MOST = 2000, LONG = 128, SHORT = 120 };
    static lm_grant grants[MOST];
    int n = 0;
    (void)state;
    loam_trim(0);
    lm_grant dirty = take(SHORT), beside = take(1);
    give(dirty, true);
    assert_int_equal(stats_now().cached, SHORT << LM_UNIT_SHIFT);
    uint64_t purges = stats_now().purges;
    while (stats_now().purges == purges && n < MOST) {
        grants[n++] = take(LONG);
        if (wants_exchange())
            lm_keep_trim_excess();
    }
    assert_true(n < MOST);
    assert_true(stats_now().cached < SHORT << LM_UNIT_SHIFT);
    for (int i = 0; i < n; i++)
        give(grants[i], true);
    for (int i = 0; i < n; i++) {
        grants[i] = take(LONG);
        assert_false(wants_exchange());
    }
    for (int i = 0; i < n; i++)
        give(grants[i], false);
    give(beside, false);
    assert_sound();
}

static const uint32_t much = (uint32_t)(LM_KEEP_USUAL >> LM_UNIT_SHIFT);

static void give_and_trim(lm_grant grant) {
    give(grant, true);
    lm_keep_trim_excess();
}

/* All that there is comes and goes: soon no call of the system is needed. */
static void what_is_needed_again_is_kept(void **state) {
    uint64_t purges = 0;
    (void)state;
    for (int i = 0; i < 20; i++) {
        give_and_trim(take(much / 4 * 3));
        if (i == 5)
            purges = stats_now().purges;
    }
    assert_true(purges > 0);
    assert_int_equal(stats_now().purges, purges);
    assert_sound();
}

/* However often it was needed again: when most is free, little is kept. */
static void what_was_learned_ends_with_the_need(void **state) {
    enum { RUNS = 10 };
    lm_grant grants[RUNS];
    (void)state;
    lm_grant stays = take(much / 2);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < RUNS; i++)
            assert_non_null((grants[i] = take(much)).record);
        for (int i = 0; i < RUNS; i++)
            give_and_trim(grants[i]);
        assert_true(stats_now().cached <= LM_KEEP_USUAL);
    }
    give(stays, false);
    assert_sound();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trim_gives_back),
        cmocka_unit_test(too_much_free_memory_goes_at_once),
        cmocka_unit_test(trims_in_parts),
        cmocka_unit_test(free_memory_goes_for_new),
        cmocka_unit_test(what_is_needed_again_is_kept),
        cmocka_unit_test(what_was_learned_ends_with_the_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
