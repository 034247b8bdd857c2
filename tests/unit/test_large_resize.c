// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

/* Large blocks that grow, shrink and move. */
#include "support/unit.h"

#include "heap/arena.h"
#include "heap/large.h"
#include "heap/limits.h"
#include "support/heap.h"
#include "support/large.h"
#include "support/pattern.h"

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

int main(void) {
    usual_guards = lm_once.guard.kind;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(grows_in_place, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(shrinks, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(moves, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(moves_often, large_set_up, large_tear_down),
        cmocka_unit_test_setup_teardown(moves_often_with_protection, large_set_up, large_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
