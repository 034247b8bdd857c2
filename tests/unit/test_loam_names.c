/* The public interface: errors and errno as ISO C, POSIX and the C library define them. */
// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "os/os.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/pattern.h"
#include "support/trap.h"

#include <errno.h>

static const size_t too_much = (size_t)PTRDIFF_MAX + 1;

static int set_up(void **state) {
    (void)state;
    trap_set();
    errno = 0;
    return 0;
}

/* No test here may break the heap or leave a finding. */
static int tear_down(void **state) {
    (void)state;
    return trap_take() == 0 && lm_verify() == 0 ? 0 : -1;
}

#define expect_error(error, expression)                                                            \
    do {                                                                                           \
        errno = 0;                                                                                 \
        assert_null(expression);                                                                   \
        assert_int_equal(errno, error);                                                            \
    } while (0)

static void too_large(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    pattern_fill(p, 100, 1);
    size_t live = stats_now().live;
    static const size_t sizes[] = {
        SIZE_MAX,    SIZE_MAX - 15,      SIZE_MAX - 4096,        (size_t)PTRDIFF_MAX + 1,
        PTRDIFF_MAX, PTRDIFF_MAX - 4096, PTRDIFF_MAX - (4 << 20)};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = hidden(sizes[i]);
        expect_error(ENOMEM, loam_malloc(size));
        expect_error(ENOMEM, loam_calloc(1, size));
        expect_error(ENOMEM, loam_calloc(size, 1));
        expect_error(ENOMEM, loam_realloc(NULL, size));
        expect_error(ENOMEM, loam_realloc(p, size));
        expect_error(ENOMEM, loam_reallocarray(p, 1, size));
        expect_error(ENOMEM, loam_aligned_alloc(64, size));
        expect_error(ENOMEM, loam_memalign(4096, size));
        expect_error(ENOMEM, loam_valloc(size));
        expect_error(ENOMEM, loam_pvalloc(size));
    }
    assert_int_equal(stats_now().live, live);
    assert_true(pattern_holds(p, 100, 100, 1));
    loam_free(p);
}

static void products_that_overflow(void **state) {
    (void)state;
    static const size_t pairs[][2] = {{SIZE_MAX, 2},
                                      {2, SIZE_MAX},
                                      {(size_t)1 << 32, (size_t)1 << 32},
                                      {SIZE_MAX / 2 + 1, 2},
                                      {SIZE_MAX, SIZE_MAX}};
    char *p = loam_malloc(100);
    pattern_fill(p, 100, 2);
    for (unsigned i = 0; i < 5; i++) {
        size_t a = hidden(pairs[i][0]), b = hidden(pairs[i][1]);
        expect_error(ENOMEM, loam_calloc(a, b));
        expect_error(ENOMEM, loam_reallocarray(NULL, a, b));
        expect_error(ENOMEM, loam_reallocarray(p, a, b));
    }
    assert_true(pattern_holds(p, 100, 100, 2));
    loam_free(p);
}

static void zero_sizes(void **state) {
    (void)state;
    void *blocks[] = {loam_malloc(0),
                      loam_malloc(0),
                      loam_calloc(0, 5),
                      loam_calloc(5, 0),
                      loam_realloc(NULL, 0),
                      loam_reallocarray(NULL, 0, 8),
                      loam_aligned_alloc(64, 0),
                      loam_memalign(4096, 0),
                      loam_valloc(0),
                      loam_pvalloc(0),
                      loam_realloc(loam_malloc(500), 0)};
    enum { N = sizeof blocks / sizeof blocks[0] };
    for (unsigned i = 0; i < N; i++) {
        assert_non_null(blocks[i]);
        assert_true(loam_owns(blocks[i]));
        for (unsigned j = 0; j < i; j++)
            assert_ptr_not_equal(blocks[i], blocks[j]);
    }
    for (unsigned i = 0; i < N; i++)
        loam_free(blocks[i]);
    assert_int_equal(errno, 0);
}

static void alignment_rules(void **state) {
    (void)state;
    expect_error(EINVAL, loam_aligned_alloc(hidden(0), 64));
    expect_error(EINVAL, loam_aligned_alloc(hidden(3), 64));
    expect_error(EINVAL, loam_aligned_alloc(hidden(48), 96));
    expect_error(EINVAL, loam_aligned_alloc(hidden(too_much - 1), 96));
    expect_error(ENOMEM, loam_aligned_alloc(hidden(too_much), 96));
    expect_error(EINVAL, loam_memalign(hidden(too_much + 1), 96));
    for (size_t alignment = 1; alignment <= 8192; alignment += alignment / 3 + 1) {
        size_t rounded = (size_t)1 << lm_log2_ceil(alignment);
        char *p = loam_memalign(hidden(alignment), 100); /* rounds up */
        assert_int_equal((uintptr_t)p % rounded, 0);
        loam_free(p);
        p = loam_aligned_alloc(rounded, 100); /* any size will do */
        assert_int_equal((uintptr_t)p % rounded, 0);
        loam_free(p);
    }
    char *p = loam_memalign(hidden(0), 100);
    assert_non_null(p);
    loam_free(p);
}

/* A block of no bytes with any alignment is one of no bytes to those who free it. */
static void aligned_blocks_of_no_bytes(void **state) {
    (void)state;
    for (size_t alignment = 16; alignment <= 1 << 20; alignment *= 2) {
        char *p = loam_aligned_alloc(alignment, 0);
        assert_int_equal((uintptr_t)p % alignment, 0);
        if (lm_once.tail)
            assert_int_equal(loam_usable_size(p), 0);
        loam_free_aligned_sized(p, alignment, 0);
    }
}

/* A power of two isn't rounded up any further. */
static void memalign_wastes_nothing(void **state) {
    (void)state;
    for (size_t alignment = 16; alignment <= 16384; alignment *= 2) {
        char *p = loam_memalign(alignment, alignment);
        assert_int_equal(loam_usable_size(p), usable_of(alignment));
        loam_free(p);
    }
}

static void posix_memalign_rules(void **state) {
    static const size_t wrong[] = {0, 1, 2, 4, 7, 12, 24, SIZE_MAX};
    void *out = &out;
    (void)state;
    errno = EXDEV;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(loam_posix_memalign(&out, hidden(wrong[i]), 100), EINVAL);
    assert_int_equal(loam_posix_memalign(&out, 64, hidden(too_much)), ENOMEM);
    assert_int_equal(loam_posix_memalign(&out, 1 << 20, hidden(too_much)), ENOMEM);
    assert_ptr_equal(out, &out);
    for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 2) {
        assert_int_equal(loam_posix_memalign(&out, alignment, 1000), 0);
        assert_int_equal((uintptr_t)out % alignment, 0);
        loam_free(out);
    }
    assert_int_equal(errno, EXDEV);
}

static void pages(void **state) {
    (void)state;
    for (size_t size = 1; size < 100000; size += size + 7) {
        char *p = loam_valloc(size), *q = loam_pvalloc(size);
        assert_int_equal((uintptr_t)p % lm_os.page, 0);
        assert_int_equal((uintptr_t)q % lm_os.page, 0);
        assert_true(loam_usable_size(q) >= lm_align_up(size, lm_os.page));
        loam_free(p);
        loam_free(q);
    }
}

/* POSIX.1-2024: free leaves errno alone, whatever it has to do. */
static void free_preserves_errno(void **state) {
    (void)state;
    for (size_t size = 1; size < 100 << 20; size *= 3) {
        void *p = loam_malloc(size), *q = loam_aligned_alloc(64, size), *r = loam_malloc(size);
        errno = EXDEV;
        loam_free(p);
        loam_free_aligned_sized(q, 64, size);
        loam_free_sized(r, size);
        loam_free(NULL);
        loam_free_sized(NULL, 0);
        loam_trim(0);
        assert_int_equal(errno, EXDEV);
    }
}

/* What succeeds leaves errno alone too. */
static void success_preserves_errno(void **state) {
    (void)state;
    errno = EXDEV;
    for (size_t size = 1; size < 50 << 20; size *= 3) {
        char *p = loam_realloc(loam_calloc(1, size), size * 2);
        assert_true(loam_usable_size(p) >= size * 2);
        loam_free(p);
    }
    assert_int_equal(errno, EXDEV);
}

static void contents_of_realloc(void **state) {
    static const size_t sizes[] = {1,    16,   17,    100,   1024,    1025,    4096,
                                   8191, 9000, 65536, 65537, 1 << 18, 3 << 18, 5 << 20};
    enum { N = sizeof sizes / sizeof sizes[0] };
    (void)state;
    for (unsigned from = 0; from < N; from++)
        for (unsigned to = 0; to < N; to++) {
            size_t kept = sizes[from] < sizes[to] ? sizes[from] : sizes[to];
            char *p = loam_malloc(sizes[from]);
            pattern_fill(p, sizes[from], from);
            p = loam_realloc(p, sizes[to]);
            assert_true(pattern_holds(p, sizes[from], kept, from));
            loam_free(p);
        }
}

static void questions(void **state) {
    size_t size = 5;
    (void)state;
    assert_int_equal(loam_usable_size(NULL), 0);
    assert_false(loam_owns(NULL));
    assert_null(loam_block_of(NULL, &size));
    assert_int_equal(size, 5);
    char *p = loam_malloc(100);
    assert_int_equal(loam_usable_size(p), usable_of(100));
    assert_ptr_equal(loam_block_of(p + 99, &size), p);
    assert_int_equal(size, usable_of(100));
    memset(p, 1, loam_usable_size(p)); /* all of it may be used */
    loam_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(products_that_overflow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zero_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(alignment_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(aligned_blocks_of_no_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memalign_wastes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(posix_memalign_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(free_preserves_errno, set_up, tear_down),
        cmocka_unit_test_setup_teardown(success_preserves_errno, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contents_of_realloc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(questions, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
