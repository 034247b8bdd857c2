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
#include "heap/large.h"
#include "heap/limits.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/pattern.h"
#include "support/trap.h"

#include <errno.h>

static const size_t mib = 1 << 20;
static lm_guards usual_guards;

static int set_up(void **state) {
    (void)state;
    trap_set();
    loam_trim(0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    loam_trim(0); /* what rests still has guards of the test's kind */
    lm_once.guard.kind = usual_guards;
    return trap_take() == 0 && lm_verify() == 0 ? 0 : -1;
}

static int touch(void *at) {
    *(volatile char *)at = 1;
    return 7;
}

/* Every byte of the block can be written, none just before or behind it. */
static void expect_guarded(char *p) {
    size_t size = span_of(p)->bytes;
    assert_int_equal(in_child(touch, p), 7);
    assert_int_equal(in_child(touch, p + size - 1), 7);
    assert_int_equal(in_child(touch, p + size), -SIGSEGV);
    assert_int_equal(in_child(touch, p - 1), -SIGSEGV);
}

static char *filled(size_t size, uint64_t id) {
    char *p = loam_malloc(size);
    assert_non_null(p);
    pattern_fill(p, size, id);
    return p;
}

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
    assert_true(lm_large_resting() + lm_arena_resting_cold >= 300000);
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
    size_t keep = lm_arena_keep_bytes();
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

/* ---- Resizing
 * --------------------------------------------------------------------------------------------- */

static void grows_in_place(void **state) {
    (void)state;
    char *p = filled(100000, 1);
    unsigned in_place = 0, moved = 0;
    for (size_t size = 110000; size < 40 * mib; size += size / 10) {
        char *q = loam_realloc(p, size);
        assert_non_null(q);
        *(q == p ? &in_place : &moved) += 1;
        p = q;
        assert_true(loam_usable_size(p) >= size);
        assert_true(pattern_holds(p, 100000, 100000, 1));
        memset(p + 100000, 'x', size - 100000);
        assert_sound();
    }
    assert_true(in_place > moved);
    loam_free(p);
}

static void shrinks(void **state) {
    (void)state;
    char *p = filled(20 * mib, 1);
    size_t used = lm_arena_used_units();
    char *q = loam_realloc(p, mib);
    assert_ptr_equal(p, q);
    assert_true(used - lm_arena_used_units() >= (18 * mib) >> LM_UNIT_SHIFT);
    assert_true(pattern_holds(p, 20 * mib, mib, 1));
    assert_int_equal(loam_usable_size(p), mib);
    assert_ptr_equal(loam_realloc(p, mib - 10000), p);
    p = loam_realloc(p, 1000); /* to a slot */
    assert_null(span_of(p));
    assert_true(pattern_holds(p, 20 * mib, 1000, 1));
    loam_free(p);
}

/* Something behind it keeps the block from growing in place. */
static char *force_move(char *p, size_t size) {
    char *wall = loam_malloc(LM_SLOT_MAX + 1), *q = loam_realloc(p, size);
    for (int i = 0; q == p && i < 20; i++)
        q = loam_realloc(p, size *= 2);
    loam_free(wall);
    return q;
}

/* Moved blocks keep their content, and guards wherever they end later. */
static void moves(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        char *walls[4], *p = filled(2 * mib, 1);
        for (int w = 0; w < 4; w++)
            walls[w] = filled(2 * mib, 3);
        uint64_t remaps = stats_now().remaps;
        char *q = force_move(p, 9 * mib);
        assert_true(pattern_holds(q, 2 * mib, 2 * mib, 1));
        assert_true(q == p || stats_now().remaps > remaps);
        assert_sound();
        expect_guarded(q);
        pattern_fill(q, 9 * mib, 2);
        q = loam_realloc(q, 3 * mib);
        assert_true(pattern_holds(q, 9 * mib, 3 * mib, 2));
        expect_guarded(q);
        q = loam_realloc(q, 4 * mib);
        expect_guarded(q);
        assert_true(pattern_holds(q, 9 * mib, 3 * mib, 2));
        loam_free(q);
        for (int w = 0; w < 4; w++)
            loam_free(walls[w]);
        loam_trim(0);
        assert_sound();
    }
}

/* Moved to and fro until mappings are many: the kernel's view and ours stay the same. */
static void moves_often(void **state) {
    enum { N = 40 };
    static char *blocks[N];
    static size_t sizes[N];
    (void)state;
    for (unsigned i = 0; i < N; i++)
        blocks[i] = filled(sizes[i] = 300000, i);
    for (unsigned round = 0; round < 400; round++) {
        unsigned i = (round * 7) % N;
        size_t old = sizes[i], size = 300000 + (round * 104729) % (3 * mib);
        blocks[i] = loam_realloc(blocks[i], size);
        assert_non_null(blocks[i]);
        assert_true(pattern_holds(blocks[i], old, size < old ? size : old, i));
        pattern_fill(blocks[i], sizes[i] = size, i);
        if (round % 20 == 0) {
            loam_trim(0);
            assert_sound();
        }
    }
    for (unsigned i = 0; i < N; i++) {
        assert_true(pattern_holds(blocks[i], sizes[i], sizes[i], i));
        loam_free(blocks[i]);
    }
}

static void moves_often_with_protection(void **state) {
    lm_once.guard.kind = LM_GUARDS_PROTECT;
    moves_often(state);
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
        cmocka_unit_test_setup_teardown(all_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeroed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alignments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alignment_costs_no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(impossible_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(impossible_growth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(guarded_by_protection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(guarded_by_advice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_guards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_budget_of_mappings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_freed_block_rests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resting_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_rest_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_woken_block_is_cleared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grows_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shrinks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_often, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_often_with_protection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inside, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
