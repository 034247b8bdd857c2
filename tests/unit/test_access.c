/* Ranges that a call will touch, against the blocks that they lie in. */
#include "check/access.h"

#include "check/entry.h"
#include "support/tales.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void free_plain(void *p) {
    lm_check_free(p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, LM_CALL_FREE);
}

static void inside_passes(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 40, 1000, 5000, 300 * 1000};
    char here[10];
    tales_catch();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
        assert_true(lm_access_check("memset", p, sizes[i], LM_ACCESS_WRITE));
        assert_true(lm_access_check("memset", p + sizes[i], 0, LM_ACCESS_WRITE));
        assert_int_equal(lm_access_extent(p), sizes[i]);
        assert_int_equal(lm_access_extent(p + sizes[i] - 1), 1);
        assert_int_equal(lm_access_extent(p + sizes[i]), 0);
        free_plain(p);
    }
    assert_true(lm_access_check("memset", here, 100, LM_ACCESS_WRITE));
    assert_int_equal(lm_access_extent(here), SIZE_MAX);
    assert_true(lm_access_check("memset", NULL, 100, LM_ACCESS_WRITE));
    assert_int_equal(tales_count, 0);
}

static void told(lm_code code, ptrdiff_t first, ptrdiff_t last) {
    assert_int_equal(tales_count, 1);
    assert_int_equal(tales[0].code, code);
    assert_int_equal(tales[0].certainty, LM_CERTAIN_EXACT);
    assert_int_equal(tales[0].first, first);
    assert_int_equal(tales[0].last, last);
}

static void past_the_end(void **state) {
    (void)state;
    char *p = lm_check_malloc(40, LM_CALL_MALLOC);
    tales_catch();
    assert_false(lm_access_check("read", p + 8, 100, LM_ACCESS_WRITE));
    told(LM_CODE_HEAP_OVERFLOW, 40, 107);
    assert_int_equal(tales[0].bytes, 100);
    assert_int_equal(tales[0].pointer, (uintptr_t)p + 8);
    assert_string_equal(tales[0].access, "write");
    tales_catch();
    assert_false(lm_access_check("strlen", p + 41, 2, LM_ACCESS_READ));
    told(LM_CODE_HEAP_OVERFLOW, 41, 42);
    free_plain(p);
}

static void before_the_start(void **state) {
    (void)state;
    char *p = lm_check_malloc(40, LM_CALL_MALLOC);
    tales_catch();
    assert_false(lm_access_check("memcpy", p - 3, 10, LM_ACCESS_READ));
    told(LM_CODE_HEAP_UNDERFLOW, -3, -1);
    free_plain(p);
}

static void after_free(void **state) {
    (void)state;
    static const size_t sizes[] = {40, 300 * 1000};
    for (size_t i = 0; i < 2; i++) {
        char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
        free_plain(p);
        tales_catch();
        assert_false(lm_access_check("puts", p + 3, 10, LM_ACCESS_READ));
        told(LM_CODE_USE_AFTER_FREE, 3, 12);
        assert_int_equal(lm_access_extent(p), 0);
    }
}

/* What was answered before is no answer for a block that was freed, or that lies there since. */
static void asked_again(void **state) {
    (void)state;
    enum { BLOCKS = 400 };
    static char *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = lm_check_malloc(40, LM_CALL_MALLOC);
    tales_catch();
    for (int i = 0; i < BLOCKS; i++)
        for (int turn = 0; turn < 3; turn++) {
            assert_true(lm_access_check("memcpy", blocks[i] + 8, 32, LM_ACCESS_READ));
            assert_int_equal(lm_access_extent(blocks[i] + 8), 32);
        }
    assert_int_equal(tales_count, 0);
    for (int i = 0; i < BLOCKS; i++) {
        assert_true(lm_access_check("memcpy", blocks[i] + 8, 32, LM_ACCESS_READ));
        assert_false(lm_access_check("memcpy", blocks[i] + 8, 33, LM_ACCESS_READ));
        free_plain(blocks[i]);
        assert_int_equal(lm_access_extent(blocks[i] + 8), 0);
        assert_false(lm_access_check("memcpy", blocks[i] + 8, 32, LM_ACCESS_READ));
    }
}

static void what_was_told_exactly_is_not_told_later(void **state) {
    (void)state;
    char *p = lm_check_malloc(40, LM_CALL_MALLOC);
    tales_catch();
    assert_false(lm_access_check("memset", p, 42, LM_ACCESS_WRITE));
    memset(p, 0, 42);
    free_plain(p);
    assert_int_equal(tales_count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside_passes),
        cmocka_unit_test(past_the_end),
        cmocka_unit_test(before_the_start),
        cmocka_unit_test(after_free),
        cmocka_unit_test(asked_again),
        cmocka_unit_test(what_was_told_exactly_is_not_told_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
