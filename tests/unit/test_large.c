// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/arena.h"
#include "heap/guard.h"
#include "heap/keep.h"
#include "heap/large.h"
#include "heap/limits.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/large.h"
#include "support/pattern.h"
#include "support/trap.h"

#include <errno.h>

/* ---- New ones
 * ---------------------------------------------------------------------------------------- */

static void all_sizes(void **state) {
    (void)state;
    for (size_t size = LM_MEDIUM_MAX + 1; size < 64 * mib; size += size / 3 + 4095) {
        char *p = filled(size, size);
        assert_non_null(span_of(p));
        assert_int_equal(loam_usable_size(p), lm_once.tail ? size : lm_align_up(size, lm_os.page));
        assert_int_equal((uintptr_t)p % lm_os.page, 0);
        assert_true(pattern_holds(p, size, size, size));
        loam_free(p);
    }
}

static void zeroed(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        unsigned char *p = loam_calloc(3, 100000);
        assert_true(all_zero(p, 300000));
        memset(p, 0xff, 300000);
        loam_free(p);
    }
}

static void alignments(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= (size_t)1 << 30; alignment *= 2) {
        static const size_t sizes[] = {1, 5000, 200000};
        for (unsigned s = 0; s < 3; s++) {
            char *p = lm_large_new(sizes[s], alignment, LM_FAMILY_C, false);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % alignment, 0);
            pattern_fill(p, sizes[s], 1);
            assert_sound();
            loam_free(p);
        }
    }
}

/* What the alignment took beyond the block is given back. */
static void alignment_costs_no_memory(void **state) {
    (void)state;
    size_t used = lm_arena_used_units();
    char *p = loam_aligned_alloc(64 * mib, 100000);
    assert_true(lm_arena_used_units() - used <= 10);
    loam_free(p);
}

static void impossible_sizes(void **state) {
    (void)state;
    for (unsigned shift = 44; shift < 63; shift++) {
        size_t size = hidden((size_t)1 << shift);
        for (size_t more = 0; more <= 4096; more += 2048) {
            errno = 0;
            assert_null(loam_malloc(size + more));
            assert_null(loam_calloc(1, size + more));
            assert_int_equal(errno, ENOMEM);
            errno = 0;
            assert_null(loam_aligned_alloc(size, 1 + more));
            assert_null(loam_aligned_alloc(64, size + more));
            assert_int_equal(errno, ENOMEM);
            assert_int_equal(loam_good_size(size + more), 0);
        }
    }
}

/* A block that can't grow stays as it is. */
static void impossible_growth(void **state) {
    (void)state;
    for (unsigned shift = 44; shift < 63; shift++) {
        char *p = filled(200000, shift);
        errno = 0;
        assert_null(loam_realloc(p, hidden(((size_t)1 << shift) + 300000)));
        assert_int_equal(errno, ENOMEM);
        assert_true(pattern_holds(p, 200000, 200000, shift));
        loam_free(p);
    }
}

/* ---- Guards
 * --------------------------------------------------------------------------------------------- */

static void guarded_by(lm_guards guards) {
    lm_once.guard.kind = guards;
    for (size_t size = 70000; size < 3 * mib; size *= 3) {
        char *p = filled(size, 1);
        expect_guarded(p);
        p = loam_realloc(p, size * 2);
        expect_guarded(p);
        p = loam_realloc(p, size + 5000);
        expect_guarded(p);
        assert_true(pattern_holds(p, size, size, 1));
        loam_free(p);
        loam_trim(0);
        /* The guards' pages are memory like any other now. */
        p = filled(4 * size, 2);
        loam_free(p);
    }
}

static void guarded_by_protection(void **state) {
    (void)state;
    guarded_by(LM_GUARDS_PROTECT);
}

static void guarded_by_advice(void **state) {
    (void)state;
    if (!lm_os.guards_by_advice)
        skip();
    guarded_by(LM_GUARDS_ADVISE);
}

static void without_guards(void **state) {
    (void)state;
    bool usual = lm_once.protection.hide_large;
    lm_once.guard.kind = LM_GUARDS_OFF;
    lm_once.protection.hide_large = false;
    uint64_t calls = stats_now().guards;
    char *p = filled(mib, 1);
    p = loam_realloc(p, 5 * mib);
    loam_free(p);
    loam_trim(0);
    assert_int_equal(stats_now().guards, calls);
    lm_once.protection.hide_large = usual;
}

/* When no more mappings may be had, blocks go without guards. */
static void a_budget_of_mappings(void **state) {
    static char *blocks[100];
    (void)state;
    size_t budget = lm_once.guard.mappings;
    lm_once.guard.kind = LM_GUARDS_PROTECT;
    lm_once.guard.mappings = 20;
    unsigned guards = 0;
    for (int i = 0; i < 100; i++) {
        blocks[i] = filled(100000, 1);
        const lm_span *span = span_of(blocks[i]);
        guards += (span->guard_front ? 1u : 0u) + (span->guard_back ? 1u : 0u);
    }
    assert_in_range(guards, 1, 10);
    for (int i = 0; i < 100; i++)
        loam_free(blocks[i]);
    loam_trim(0);
    char *p = filled(100000, 1);
    expect_guarded(p); /* the budget came back */
    loam_free(p);
    lm_once.guard.mappings = budget;
}

/* ---- Resting
 * -------------------------------------------------------------------------------------------- */

static void a_freed_block_rests(void **state) {
    (void)state;
    char *p = filled(300000, 1);
    loam_free(p);
    assert_true(lm_large_resting() + lm_keep_resting_cold >= 300000);
    assert_false(loam_owns(p));
    /* A loop over one block takes turns with two: what was freed just now isn't given again at once. */
    bool hidden = lm_once.protection.hide_large;
    char *last = p, *other = hidden ? filled(300000, 1) : p;
    if (hidden)
        loam_free(other);
    uint64_t maps = stats_now().maps, guards = stats_now().guards;
    for (int i = 0; i < 100; i++) {
        char *q = loam_malloc(300000);
        assert_ptr_equal(q, i % 2 ? other : last);
        loam_free(q);
    }
    assert_int_equal(stats_now().maps, maps);
    assert_int_equal(stats_now().guards, guards + (hidden ? 200 : 0));
    uint64_t purges = stats_now().purges;
    loam_trim(0);
    assert_int_equal(lm_large_resting(), 0);
    assert_true(stats_now().purges > purges);
}

/* Either is enough: what may rest anyway, and what is kept of free memory. */
static size_t most_resting(void) {
    lm_lock_take(&lm_arena_lock);
    size_t keep = lm_keep_bytes();
    lm_lock_give(&lm_arena_lock);
    return lm_max(LM_RESTING_BYTES_MAX, keep);
}

static void resting_is_bounded(void **state) {
    static char *blocks[200];
    (void)state;
    for (int i = 0; i < 200; i++)
        blocks[i] = filled(200000 + 4096 * (size_t)i, 1);
    size_t most = most_resting();
    for (int i = 0; i < 200; i++)
        loam_free(blocks[i]);
    assert_in_range(lm_large_resting(), 0, most);
    assert_sound();
    loam_free(filled(100 * mib, 1));
    assert_true(lm_large_resting() <= most);
}

/* However much is kept: the memory of those beyond is there for blocks of other sizes. */
static void few_rest_together(void **state) {
    static char *blocks[8];
    (void)state;
    char *stays = filled(64 * mib, 1);
    for (size_t i = 0; i < 8; i++)
        blocks[i] = filled(LM_RESTING_BYTES_MAX / 3, 1);
    for (size_t i = 0; i < 8; i++) {
        loam_free(blocks[i]);
        assert_true(lm_large_resting() <= LM_RESTING_BYTES_MAX);
    }
    loam_free(stays);
}

/* A resting block's content is nobody's: calloc clears it. */
static void a_woken_block_is_cleared(void **state) {
    (void)state;
    char *p = loam_malloc(300000);
    memset(p, 0xff, 300000);
    loam_free(p);
    unsigned char *q = loam_calloc(1, 290000);
    assert_true(all_zero(q, 290000));
    loam_free(q);
}

/* ---- Misuse
 * -------------------------------------------------------------------------------------------------
 */

static void twice(void **state) {
    (void)state;
    char *p = filled(300000, 1);
    loam_free(p);
    loam_free(p); /* while it rests */
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_int_equal(trapped.class_size, 0);
    loam_trim(0);
    loam_free(p); /* and when its units are free */
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_null(loam_realloc(p, 10));
    assert_int_equal(trap_take(), 1);
}

static void inside(void **state) {
    (void)state;
    char *p = filled(300000, 1);
    loam_free(p + 4096);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_INVALID_FREE);
    assert_ptr_equal(trapped.block, p);
    loam_free(p);
}

int main(void) {
    usual_guards = lm_once.guard.kind;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_sizes, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(zeroed, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(alignments, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(alignment_costs_no_memory, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(impossible_sizes, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(impossible_growth, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(guarded_by_protection, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(guarded_by_advice, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(without_guards, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(a_budget_of_mappings, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(a_freed_block_rests, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(resting_is_bounded, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(few_rest_together, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(a_woken_block_is_cleared, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(twice, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(inside, large_set_up, large_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
