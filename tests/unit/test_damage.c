/* What was written where nothing may be written: exact to the byte, told once. */
#include "check/damage.h"

#include "check/entry.h"
#include "check/quarantine.h"
#include "check/sweep.h"
#include "support/tales.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void free_plain(volatile char *p) {
    lm_check_free((void *)(uintptr_t)p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, LM_CALL_FREE);
}

static void told(lm_code code, ptrdiff_t first, ptrdiff_t last) {
    assert_int_equal(tales_count, 1);
    assert_int_equal(tales[0].code, code);
    assert_int_equal(tales[0].certainty, LM_CERTAIN_LATER);
    assert_true(tales[0].has_range);
    assert_int_equal(tales[0].first, first);
    assert_int_equal(tales[0].last, last);
}

static const size_t sizes[] = {0, 1, 7, 8, 13, 16, 24, 100, 1000, 1024, 5000, 65536, 300 * 1000};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void each_byte_behind(void **state) {
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        for (ptrdiff_t k = 0; k < 16; k++) {
            volatile char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
            ptrdiff_t at = (ptrdiff_t)sizes[i] + k;
            tales_catch();
            p[at] = 0;
            free_plain(p);
            told(LM_CODE_HEAP_OVERFLOW, at, at);
            assert_int_equal(tales[0].helper != NULL, k == 0);
            assert_string_equal(tales[0].call, "free");
        }
    }
}

static void each_byte_before(void **state) {
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        for (ptrdiff_t k = -16; k < 0; k++) {
            volatile char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
            tales_catch();
            p[k] = 0;
            free_plain(p);
            told(LM_CODE_HEAP_UNDERFLOW, k, k);
        }
    }
}

static void a_neighbour_finds_it(void **state) {
    (void)state;
    enum { COUNT = 8 };
    volatile char *p[COUNT];
    for (int i = 0; i < COUNT; i++)
        p[i] = lm_check_malloc(40, LM_CALL_MALLOC);
    tales_catch();
    p[3][40] = 1;
    for (int i = 0; i < COUNT; i++)
        if (i != 3)
            free_plain(p[i]);
    told(LM_CODE_HEAP_OVERFLOW, 40, 40);
    assert_int_equal(tales[0].block->start, (uintptr_t)p[3]);
    free_plain(p[3]);
    assert_int_equal(tales_count, 1);
}

static void realloc_finds_it(void **state) {
    (void)state;
    volatile char *p = lm_check_malloc(40, LM_CALL_MALLOC);
    tales_catch();
    p[41] = 1;
    free_plain(lm_check_realloc((void *)(uintptr_t)p, 50, LM_CALL_REALLOC));
    told(LM_CODE_HEAP_OVERFLOW, 41, 41);
    assert_string_equal(tales[0].call, "realloc");
}

/* Who runs through both zones into the next block's is told as the one that ran. */
static void a_long_overflow_is_one(void **state) {
    (void)state;
    enum { COUNT = 8, SIZE = 32 };
    char *p[COUNT];
    int low = -1;
    for (int i = 0; i < COUNT; i++)
        p[i] = lm_check_malloc(SIZE, LM_CALL_MALLOC);
    for (int i = 0; i + 1 < COUNT; i++)
        if (p[i + 1] == p[i] + 64)
            low = i;
    assert_true(low >= 0);
    tales_catch();
    memset(p[low], 7, 64);
    free_plain(p[low + 1]);
    assert_int_equal(tales_count, 1);
    assert_int_equal(tales[0].code, LM_CODE_HEAP_OVERFLOW);
    assert_int_equal(tales[0].block->start, (uintptr_t)p[low]);
    assert_int_equal(tales[0].first, SIZE);
    for (int i = 0; i < COUNT; i++)
        if (i != low + 1)
            free_plain(p[i]);
    assert_int_equal(tales_count, 1);
}

static void written_after_free(void **state) {
    (void)state;
    for (size_t i = 1; i < SIZES; i++) {
        volatile char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
        ptrdiff_t last = (ptrdiff_t)sizes[i] - 1;
        tales_catch();
        free_plain(p);
        p[last] = 1; /* of a large block it is behind its last whole page */
        lm_sweep_all();
        told(LM_CODE_USE_AFTER_FREE, last, last);
        assert_false(tales[0].block->live);
        assert_true(tales[0].since >= tales[0].block->freed_time);
        lm_sweep_all();
        assert_int_equal(tales_count, 1);
    }
}

static void found_when_it_leaves(void **state) {
    (void)state;
    size_t limit = lm_quarantine_limit;
    volatile char *p = lm_check_malloc(50, LM_CALL_MALLOC);
    tales_catch();
    free_plain(p);
    p[49] = 1;
    lm_quarantine_limit = 1;
    free_plain(lm_check_malloc(50, LM_CALL_MALLOC));
    lm_quarantine_limit = limit;
    told(LM_CODE_USE_AFTER_FREE, 49, 49);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_behind),       cmocka_unit_test(each_byte_before),
        cmocka_unit_test(a_neighbour_finds_it),   cmocka_unit_test(realloc_finds_it),
        cmocka_unit_test(a_long_overflow_is_one), cmocka_unit_test(written_after_free),
        cmocka_unit_test(found_when_it_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
