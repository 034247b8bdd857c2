// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/slow.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/pattern.h"
#include "support/random.h"
#include "support/thread.h"
#include "support/trap.h"

#include <errno.h>

static int set_up(void **state) {
    (void)state;
    trap_set();
    return 0;
}

static void expect(lm_kind kind, const char *call, const void *pointer) {
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, kind);
    assert_string_equal(trapped.call, call);
    assert_ptr_equal(trapped.pointer, pointer);
}

/* ---- Misuse
 * --------------------------------------------------------------------------------------------- */

static void double_free(void **state) {
    static const size_t sizes[] = {0, 1, 100, 1024, 1025, 65536, 65537, 3 << 20};
    (void)state;
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        char *p = loam_malloc(sizes[s]), *keep = loam_malloc(sizes[s]);
        loam_free(p);
        loam_free(p);
        expect(LM_DOUBLE_FREE, "free", p);
        if (sizes[s] <= most_in_slot()) {
            assert_ptr_equal(trapped.block, p);
            assert_int_equal(trapped.block_size, most_of(class_of(sizes[s])));
            assert_int_equal(trapped.class_size, lm_classes[class_of(sizes[s])].room);
        }
        assert_sound();
        loam_free(keep);
    }
}

static void use_after_free_by_realloc(void **state) {
    (void)state;
    char *p = loam_malloc(50), *keep = loam_malloc(50);
    loam_free(p);
    assert_null(loam_realloc(p, 60));
    expect(LM_DOUBLE_FREE, "realloc", p);
    assert_null(loam_reallocarray(p, 10, 10));
    expect(LM_DOUBLE_FREE, "realloc", p);
    assert_int_equal(loam_usable_size(p), 0);
    assert_int_equal(trap_take(), 1);
    loam_free(keep);
    assert_sound();
}

static void invalid_free(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    for (unsigned i = 1; i < 112; i++) {
        loam_free(p + i);
        expect(LM_INVALID_FREE, "free", p + i);
        assert_ptr_equal(trapped.block, p);
        assert_int_equal(trapped.block_size, usable_of(100));
    }
    assert_null(loam_realloc(p + 16, 10));
    expect(LM_INVALID_FREE, "realloc", p + 16);
    assert_true(loam_owns(p));
    loam_free(p);
    assert_int_equal(trap_take(), 0);
}

static void foreign_free(void **state) {
    char local[32];
    static char global[32];
    (void)state;
    loam_free(local);
    expect(LM_FOREIGN_FREE, "free", local);
    loam_free(global + 3);
    expect(LM_FOREIGN_FREE, "free", global + 3);
    assert_null(loam_realloc(local, 5));
    expect(LM_FOREIGN_FREE, "realloc", local);
    assert_int_equal(loam_usable_size(global), 0);
    assert_int_equal(trap_take(), 1);
    assert_sound();
}

/* An address of the arena that was never handed out is no double free. */
static void never_a_block(void **state) {
    (void)state;
    char *end = (char *)lm_once.lookups[0].base + lm_once.lookups[0].size - 64;
    loam_free(end);
    assert_int_equal(trap_take(), 1);
    assert_int_not_equal(trapped.kind, LM_DOUBLE_FREE);
}

static void *free_it(void *p) {
    loam_free(p);
    return NULL;
}

static void invalid_by_another_thread(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    in_thread(free_it, p + 8);
    expect(LM_INVALID_FREE, "free", p + 8);
    in_thread(free_it, p);
    in_thread(free_it, p);
    expect(LM_DOUBLE_FREE, "free", p);
    loam_trim(0);
    assert_sound();
}

/* ---- realloc
 * -------------------------------------------------------------------------------------------- */

static void realloc_keeps_content(void **state) {
    random_state r = {3};
    (void)state;
    for (int i = 0; i < 3000; i++) {
        size_t old = random_size(&r), size = random_size(&r);
        char *p = loam_malloc(old);
        pattern_fill(p, old, (uint64_t)i);
        char *q = loam_realloc(p, size);
        assert_non_null(q);
        assert_true(pattern_holds(q, old, old < size ? old : size, (uint64_t)i));
        assert_true(loam_usable_size(q) >= size);
        if (q != p)
            assert_false(loam_owns(p));
        loam_free(q);
    }
    assert_sound();
}

/* Growing by little steps doesn't copy at every step. */
static void realloc_in_steps(void **state) {
    char *p = NULL;
    unsigned moved = 0;
    (void)state;
    for (size_t size = 1; size <= 4 << 20; size += size < 5000 ? 1 : 1000) {
        char *q = loam_realloc(p, size);
        moved += q != p;
        p = q;
        p[size - 1] = 'x';
    }
    assert_true(moved < 200);
    loam_free(p);
}

/* A block that shrinks a lot gives memory back. */
static void realloc_gives_back(void **state) {
    (void)state;
    for (size_t size = 256; size < 8 << 20; size *= 3) {
        char *p = loam_malloc(size);
        p = loam_realloc(p, size / 8);
        assert_true(loam_usable_size(p) < size / 2);
        loam_free(p);
    }
}

static void realloc_to_nothing(void **state) {
    (void)state;
    char *p = loam_realloc(loam_malloc(1000), 0);
    assert_non_null(p);
    assert_true(loam_owns(p));
    loam_free(p);
}

/* ---- calloc, alignment, good sizes
 * ------------------------------------------------------------------------ */

static void calloc_is_zero(void **state) {
    static void *blocks[200];
    random_state r = {4};
    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t at = random_below(&r, 200), size = random_size(&r) / 8;
        loam_free(blocks[at]);
        blocks[at] = loam_calloc(1, size);
        assert_true(all_zero(blocks[at], size));
        memset(blocks[at], 0xa5, loam_usable_size(blocks[at]));
    }
    for (int i = 0; i < 200; i++)
        loam_free(blocks[i]);
}

/* Just below and above what the fast path serves, in slots that were used. */
static void calloc_of_all_sizes(void **state) {
    (void)state;
    for (size_t size = 1; size <= LM_SMALL_MAX + 300; size++)
        for (int i = 0; i < 3; i++) {
            char *p = loam_calloc(size, 1);
            assert_true(all_zero(p, size));
            memset(p, 0xa5, size);
            loam_free(p);
        }
}

/* With the tail, and rounded up to whole words, these sizes are small ones again. */
static void calloc_of_the_largest_sizes(void **state) {
    (void)state;
    for (size_t less = 0; less < 100; less++) {
        errno = 0;
        assert_null(loam_calloc(1, hidden(SIZE_MAX - less)));
        assert_int_equal(errno, ENOMEM);
    }
}

static void every_alignment(void **state) {
    (void)state;
    for (size_t alignment = 1; alignment <= 1 << 20; alignment *= 2)
        for (size_t size = 0; size < 200000; size += 1 + size / 2) {
            char *p = lm_aligned(alignment, size, LM_FAMILY_C);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % lm_max(alignment, 16), 0);
            assert_true(loam_usable_size(p) >= size);
            memset(p, 1, size);
            loam_free(p);
        }
    assert_sound();
}

static void good_sizes(void **state) {
    (void)state;
    for (size_t size = 0; size <= LM_SLOT_MAX + 100000; size += 1 + size / 100) {
        char *p = loam_malloc(size);
        size_t usable = loam_usable_size(p), good = loam_good_size(size);
        assert_true(good >= size);
        if (size <= most_in_slot())
            assert_int_equal(good, most_of(class_of(size)));
        if (lm_once.tail)
            assert_int_equal(usable, size);
        else
            assert_true(size <= most_in_slot() ? usable == good : usable >= good);
        assert_int_equal(loam_good_size(good), good);
        loam_free(p);
    }
    assert_int_equal(loam_good_size(SIZE_MAX), 0);
    assert_int_equal(loam_good_size((size_t)PTRDIFF_MAX + 1), 0);
}

static void trim(void **state) {
    (void)state;
    char *p = loam_malloc(8 << 20);
    memset(p, 1, 8 << 20);
    loam_free(p);
    bool something = stats_now().cached > 0;
    assert_int_equal(loam_trim(0), something);
    assert_int_equal(stats_now().cached, 0);
    assert_false(loam_trim(0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(double_free, set_up),
        cmocka_unit_test_setup(use_after_free_by_realloc, set_up),
        cmocka_unit_test_setup(invalid_free, set_up),
        cmocka_unit_test_setup(foreign_free, set_up),
        cmocka_unit_test_setup(never_a_block, set_up),
        cmocka_unit_test_setup(invalid_by_another_thread, set_up),
        cmocka_unit_test_setup(realloc_keeps_content, set_up),
        cmocka_unit_test_setup(realloc_in_steps, set_up),
        cmocka_unit_test_setup(realloc_gives_back, set_up),
        cmocka_unit_test_setup(realloc_to_nothing, set_up),
        cmocka_unit_test_setup(calloc_is_zero, set_up),
        cmocka_unit_test_setup(calloc_of_all_sizes, set_up),
        cmocka_unit_test_setup(calloc_of_the_largest_sizes, set_up),
        cmocka_unit_test_setup(every_alignment, set_up),
        cmocka_unit_test_setup(good_sizes, set_up),
        cmocka_unit_test_setup(trim, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
