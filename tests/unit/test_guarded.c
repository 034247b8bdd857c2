/* Blocks against guards, between the program's calls and their places: test_exact.c has the places. */
#include "support/unit.h"

#include "check/calls.h"
#include "check/guarded.h"
#include "check/tell.h"
#include "check/watcher.h"
#include "check/zone.h"
#include "stack/depot.h"
#include "support/checked.h"
#include "support/pattern.h"
#include "support/tales.h"

#include <string.h>

static uint32_t here;

static int set_up(void **state) {
    (void)state;
    checked_start();
    lm_exact_setting.mode = LM_EXACT_MODE_ALL;
    if (!lm_exact_ready())
        lm_exact_start();
    here = lm_depot_here();
    return lm_exact_ready() ? 0 : 1;
}

static int each(void **state) {
    (void)state;
    tales_catch();
    return 0;
}

static char *make_by(lm_call call, size_t size) {
    char *p = lm_guarded_new(size, 0, call, false, here);
    assert_non_null(p);
    assert_true(lm_exact_owns(p));
    return p;
}

static char *make(size_t size) {
    return make_by(LM_CALL_MALLOC, size);
}

static void release(void *p) {
    lm_guarded_free(p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, LM_CALL_FREE);
}

static void expect_code(size_t tale, lm_code code) {
    assert_true(tale < tales_count);
    assert_int_equal(tales[tale].code, code);
}

static void story_and_content(void **state) {
    lm_block block;
    lm_counts before, after;
    (void)state;
    lm_watcher_count(&before);
    unsigned char *p = (unsigned char *)make(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], LM_FILL_FRESH);
    assert_true(lm_guarded_live(p, &block));
    assert_string_equal(block.allocated_call, "malloc");
    assert_int_equal(block.allocated, here);
    assert_int_equal(block.allocated_thread, lm_watcher_here()->number);
    assert_int_equal(block.size, 100);
    assert_false(lm_guarded_live(p + 1, &block));
    release(p);
    assert_false(lm_guarded_live(p, &block));
    lm_watcher_count(&after);
    assert_int_equal(after.allocations, before.allocations + 1);
    assert_int_equal(after.frees, before.frees + 1);
    assert_int_equal(after.live_bytes, before.live_bytes);
    p = lm_guarded_new(100, 0, LM_CALL_CALLOC, true, here);
    assert_true(all_zero(p, 100));
    release(p);
    assert_int_equal(tales_count, 0);
}

static void only_when_due(void **state) {
    (void)state;
    lm_exact_setting.mode = LM_EXACT_MODE_OFF;
    assert_null(lm_guarded_new(8, 0, LM_CALL_MALLOC, false, here));
    lm_exact_setting.mode = LM_EXACT_MODE_ALL;
    assert_null(lm_guarded_new((size_t)1 << 40, 0, LM_CALL_MALLOC, false, here)); /* no place */
}

/* ---- Freeing ------------------------------------------------------------------------------------- */

static void wrong_pointers(void **state) {
    (void)state;
    char *p = make(100);
    release(p + 4);
    expect_code(0, LM_CODE_INVALID_FREE);
    assert_int_equal(tales[0].pointer, (uintptr_t)p + 4);
    assert_int_equal(tale_blocks[0].start, (uintptr_t)p);
    assert_string_equal(tales[0].call, "free");
    assert_int_equal(tales_count, 1);
    release(p); /* it lives still */
    assert_int_equal(tales_count, 1);
    release(p);
    expect_code(1, LM_CODE_DOUBLE_FREE);
    assert_false(tale_blocks[1].live);
    assert_string_equal(tale_blocks[1].freed_call, "free");
    assert_int_equal(tales[1].moved_to, 0);
    lm_tell_note_move((uintptr_t)p, 0x4000);
    release(p);
    assert_int_equal(tales[2].moved_to, 0x4000);
    release(p + 4); /* of a freed block it is no second free */
    expect_code(3, LM_CODE_INVALID_FREE);
}

static void other_ways(void **state) {
    (void)state;
    char *p = make_by(LM_CALL_NEW_ARRAY, 24);
    release(p);
    expect_code(0, LM_CODE_MISMATCHED_FREE);
    assert_string_equal(tales[0].was, "operator new[]");
    assert_string_equal(tales[0].now, "free");
    p = make_by(LM_CALL_NEW, 24);
    lm_guarded_free(p, 16, LM_ANY_ALIGNMENT, LM_CALL_DELETE);
    expect_code(1, LM_CODE_SIZE_MISMATCH);
    assert_int_equal(tales[1].was_size, 24);
    assert_int_equal(tales[1].now_size, 16);
    p = make_by(LM_CALL_NEW, 24);
    lm_guarded_free(p, 24, LM_ANY_ALIGNMENT, LM_CALL_DELETE);
    assert_int_equal(tales_count, 2); /* freed all the same, each of them */
    lm_guarded_free(p, 24, LM_ANY_ALIGNMENT, LM_CALL_DELETE);
    expect_code(2, LM_CODE_DOUBLE_FREE);
}

/* ---- Calls into the C library -------------------------------------------------------------------- */

static void expect_range(const char *at, size_t bytes, lm_access how, lm_code code, ptrdiff_t first,
                         ptrdiff_t last) {
    tales_catch();
    assert_false(lm_guarded_check("strcpy", at, bytes, how));
    assert_int_equal(tales_count, 1);
    expect_code(0, code);
    assert_string_equal(tales[0].call, "strcpy");
    assert_string_equal(tales[0].access, how == LM_ACCESS_WRITE ? "write" : "read");
    assert_int_equal(tales[0].bytes, bytes);
    assert_int_equal(tales[0].pointer, (uintptr_t)at);
    assert_int_equal(tales[0].first, first);
    assert_int_equal(tales[0].last, last);
}

static void ranges(void **state) {
    (void)state;
    char *p = make(104); /* both sides of a place: the pages have room */
    assert_true(lm_guarded_check("read", p, 104, LM_ACCESS_READ));
    assert_true(lm_guarded_check("read", p + 103, 1, LM_ACCESS_WRITE));
    assert_true(lm_guarded_check("read", p + 104, 0, LM_ACCESS_WRITE)); /* nothing is touched */
    assert_true(lm_guarded_check("read", &here, 1000, LM_ACCESS_READ)); /* none of ours */
    expect_range(p, 105, LM_ACCESS_WRITE, LM_CODE_HEAP_OVERFLOW, 104, 104);
    expect_range(p + 100, 10, LM_ACCESS_READ, LM_CODE_HEAP_OVERFLOW, 104, 109);
    expect_range(p + 104, 1, LM_ACCESS_COPY, LM_CODE_HEAP_OVERFLOW, 104, 104);
    expect_range(p + 110, 2, LM_ACCESS_READ, LM_CODE_HEAP_OVERFLOW, 110, 111);
    expect_range(p, SIZE_MAX, LM_ACCESS_READ, LM_CODE_HEAP_OVERFLOW, 104, PTRDIFF_MAX - 1);
    expect_range(p + 8, SIZE_MAX, LM_ACCESS_READ, LM_CODE_HEAP_OVERFLOW, 104, PTRDIFF_MAX - 1);
    expect_range(p - 2, 1, LM_ACCESS_WRITE, LM_CODE_HEAP_UNDERFLOW, -2, -2);
    expect_range(p - 2, 50, LM_ACCESS_WRITE, LM_CODE_HEAP_UNDERFLOW, -2, -1);
    assert_int_equal(lm_guarded_extent(p), 104);
    assert_int_equal(lm_guarded_extent(p + 103), 1);
    assert_int_equal(lm_guarded_extent(p + 104), 0);
    assert_int_equal(lm_guarded_extent(p - 1), 0);
    assert_int_equal(lm_guarded_extent(&here), SIZE_MAX);
    release(p);
    lm_tell_note_move((uintptr_t)p, 0x4000);
    expect_range(p + 8, 4, LM_ACCESS_READ, LM_CODE_USE_AFTER_FREE, 8, 11);
    assert_int_equal(tales[0].moved_to, 0x4000);
    expect_range(p, 1000, LM_ACCESS_WRITE, LM_CODE_USE_AFTER_FREE, 0, 999);
    assert_int_equal(lm_guarded_extent(p), 0);
}

/* What a call was told to have overwritten isn't found once more when the block is freed. */
static void told_once(void **state) {
    (void)state;
    char *p = make(13);
    tales_catch();
    assert_false(lm_guarded_check("memset", p, 14, LM_ACCESS_WRITE));
    p[13] = 1;
    release(p);
    assert_int_equal(tales_count, 1);
    p = make(13);
    p[13] = 1;
    release(p);
    assert_int_equal(tales_count, 2);
    assert_int_equal(tales[1].certainty, LM_CERTAIN_LATER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(story_and_content, each),
        cmocka_unit_test_setup(only_when_due, each),
        cmocka_unit_test_setup(wrong_pointers, each),
        cmocka_unit_test_setup(other_ways, each),
        cmocka_unit_test_setup(ranges, each),
        cmocka_unit_test_setup(told_once, each),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
