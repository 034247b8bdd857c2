/* What the program's calls come to: blocks, resizing, and every wrong free. */
#include "check/entry.h"

#include "check/blocks.h"
#include "check/failed.h"
#include "check/quarantine.h"
#include "check/sweep.h"
#include "support/tales.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void free_plain(void *p) {
    lm_check_free(p, LM_ANY_SIZE, LM_ANY_ALIGNMENT, LM_CALL_FREE);
}

static bool all_are(const void *p, int byte, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)p)[i] != byte)
            return false;
    return true;
}

static void told(size_t i, lm_code code, const char *call) {
    assert_true(i < tales_count);
    assert_int_equal(tales[i].code, code);
    assert_string_equal(tales[i].call, call);
}

static void blocks_of_all_sizes(void **state) {
    (void)state;
    tales_catch();
    for (size_t size = 0; size < 200 * 1000; size += 1 + size / 7) {
        unsigned char *p = lm_check_malloc(size, LM_CALL_MALLOC);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        assert_true(all_are(p, 0xf5, size < 16 * 1024 ? size : 16 * 1024));
        assert_int_equal(lm_check_usable(p, "usable_size"), size);
        memset(p, 1, size);
        unsigned char *q = lm_check_calloc(size);
        assert_true(all_are(q, 0, size));
        free_plain(p);
        free_plain(q);
    }
    assert_int_equal(tales_count, 0);
}

static void aligned_blocks(void **state) {
    (void)state;
    tales_catch();
    for (size_t alignment = 16; alignment <= 1 << 20; alignment *= 2) {
        char *p = lm_check_aligned(alignment, 100, LM_CALL_ALIGNED_ALLOC);
        assert_int_equal((uintptr_t)p % alignment, 0);
        lm_block block;
        assert_true(lm_blocks_find((uintptr_t)p, &block));
        assert_int_equal(block.size, 100);
        assert_int_equal(block.alignment, alignment > 16 ? alignment : 0);
        free_plain(p);
    }
    assert_int_equal(tales_count, 0);
}

static void realloc_moves(void **state) {
    (void)state;
    tales_catch();
    char *p = lm_check_malloc(10, LM_CALL_MALLOC);
    memcpy(p, "123456789", 10);
    char *q = lm_check_realloc(p, 20, LM_CALL_REALLOC);
    assert_ptr_not_equal(p, q);
    assert_string_equal(q, "123456789");
    assert_true(all_are(q + 10, 0xf5, 10));
    free_plain(p);
    told(0, LM_CODE_DOUBLE_FREE, "free");
    assert_int_equal(tales[0].moved_to, (uintptr_t)q);
    assert_string_equal(tales[0].block->freed_call, "realloc");
    assert_null(lm_check_realloc(q, 0, LM_CALL_REALLOC));
    free_plain(q);
    assert_int_equal(tales_count, 2);
}

/* By pages, from some size on. */
static void large_blocks_grow_and_shrink(void **state) {
    (void)state;
    static const size_t sizes[] = {300 * 1000,  700 * 1000, 700 * 1000 + 1,
                                   5000 * 1000, 400 * 1000, 10};
    tales_catch();
    size_t had = 0;
    char *p = lm_check_malloc(had, LM_CALL_MALLOC);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        p = lm_check_realloc(p, sizes[i], LM_CALL_REALLOC);
        assert_true(all_are(p, 'x', had < sizes[i] ? had : sizes[i]));
        memset(p, 'x', sizes[i]);
        had = sizes[i];
        lm_sweep_all();
    }
    free_plain(p);
    lm_sweep_all();
    assert_int_equal(tales_count, 0);
}

static void freed_twice(void **state) {
    (void)state;
    tales_catch();
    char *p = lm_check_malloc(24, LM_CALL_MALLOC);
    free_plain(p);
    assert_true(all_are(p, 0xdf, 24));
    free_plain(p);
    told(0, LM_CODE_DOUBLE_FREE, "free");
    assert_false(tales[0].block->live);
    assert_int_equal(tales[0].certainty, LM_CERTAIN_EXACT);
    assert_null(lm_check_realloc(p, 10, LM_CALL_REALLOC));
    told(1, LM_CODE_DOUBLE_FREE, "realloc");
    assert_int_equal(lm_check_usable(p, "malloc_usable_size"), 0);
    told(2, LM_CODE_DOUBLE_FREE, "malloc_usable_size");
}

static void freed_twice_long_after(void **state) {
    (void)state;
    tales_catch();
    char *p = lm_check_malloc(24, LM_CALL_MALLOC);
    size_t limit = lm_quarantine_limit;
    free_plain(p);
    lm_quarantine_limit = 1;
    free_plain(lm_check_malloc(24, LM_CALL_MALLOC));
    free_plain(p);
    lm_quarantine_limit = limit;
    told(0, LM_CODE_DOUBLE_FREE, "free");
    assert_int_equal(tales[0].certainty, LM_CERTAIN_INFERRED);
}

static void freed_elsewhere(void **state) {
    (void)state;
    static char in_static[32];
    void *on_stack = __builtin_frame_address(0); /* a sanitizer may have variables elsewhere */
    tales_catch();
    char *p = lm_check_malloc(24, LM_CALL_MALLOC);
    free_plain(p + 4);
    told(0, LM_CODE_INVALID_FREE, "free");
    assert_int_equal(tales[0].block->start, (uintptr_t)p);
    assert_int_equal(tales[0].pointer, (uintptr_t)p + 4);
    free_plain(on_stack);
    told(1, LM_CODE_INVALID_FREE, "free");
    assert_string_equal(tales[1].where, "stack");
    free_plain(in_static);
    told(2, LM_CODE_INVALID_FREE, "free");
    assert_string_equal(tales[2].where, "static");
    free_plain((void *)16);
    assert_string_equal(tales[3].where, "null");
    free_plain(p);
    assert_int_equal(tales_count, 4);
}

static void wrong_forms(void **state) {
    (void)state;
    tales_catch();
    lm_check_free(lm_check_malloc(8, LM_CALL_NEW_ARRAY), LM_ANY_SIZE, 0, LM_CALL_DELETE);
    told(0, LM_CODE_MISMATCHED_FREE, "operator delete");
    assert_string_equal(tales[0].was, "operator new[]");
    assert_string_equal(tales[0].now, "operator delete");
    lm_check_free(lm_check_malloc(8, LM_CALL_NEW), LM_ANY_SIZE, 0, LM_CALL_FREE);
    told(1, LM_CODE_MISMATCHED_FREE, "free");
    lm_check_free(lm_check_malloc(8, LM_CALL_MALLOC), 9, 0, LM_CALL_FREE_SIZED);
    told(2, LM_CODE_SIZE_MISMATCH, "free_sized");
    assert_int_equal(tales[2].was_size, 8);
    assert_int_equal(tales[2].now_size, 9);
    lm_check_free(lm_check_aligned(64, 8, LM_CALL_NEW), 8, 0, LM_CALL_DELETE);
    told(3, LM_CODE_MISMATCHED_FREE, "operator delete");
    assert_string_equal(tales[3].quantity, "alignment");
    lm_check_free(lm_check_aligned(64, 8, LM_CALL_NEW), 8, 32, LM_CALL_DELETE);
    told(4, LM_CODE_SIZE_MISMATCH, "operator delete");
    lm_check_free(lm_check_aligned(64, 8, LM_CALL_NEW), 8, 64, LM_CALL_DELETE);
    lm_check_free(lm_check_aligned(64, 8, LM_CALL_MEMALIGN), LM_ANY_SIZE, 0, LM_CALL_FREE);
    lm_check_free(lm_check_malloc(8, LM_CALL_NEW_ARRAY), 8, 0, LM_CALL_DELETE_ARRAY);
    assert_int_equal(tales_count, 5);
}

static void a_mismatched_block_is_freed(void **state) {
    (void)state;
    tales_catch();
    void *p = lm_check_malloc(8, LM_CALL_NEW);
    lm_check_free(p, LM_ANY_SIZE, 0, LM_CALL_FREE);
    lm_block block;
    assert_true(lm_blocks_find((uintptr_t)p, &block));
    assert_false(block.live);
}

static void absurd_sizes(void **state) {
    (void)state;
    tales_catch();
    lm_failed failed;
    errno = 0;
    assert_null(lm_check_malloc((size_t)-5, LM_CALL_MALLOC));
    assert_int_equal(errno, ENOMEM);
    told(0, LM_CODE_BAD_SIZE, "malloc");
    assert_int_equal(tales[0].bytes, (size_t)-5);
    assert_null(lm_check_malloc(PTRDIFF_MAX - 100, LM_CALL_NEW));
    assert_int_equal(tales_count, 1);
    assert_true(lm_failed_latest(0, &failed));
    assert_string_equal(failed.call, "operator new");
    assert_int_equal(failed.size, PTRDIFF_MAX - 100);
    lm_check_overflow(SIZE_MAX / 2, 3, LM_CALL_CALLOC);
    told(1, LM_CODE_BAD_SIZE, "calloc");
    assert_int_equal(lm_failed_count(), 3);
}

static void a_failed_realloc_leaves_the_block(void **state) {
    (void)state;
    tales_catch();
    char *p = lm_check_malloc(8, LM_CALL_MALLOC);
    memcpy(p, "1234567", 8);
    assert_null(lm_check_realloc(p, PTRDIFF_MAX - 100, LM_CALL_REALLOC));
    assert_string_equal(p, "1234567");
    free_plain(p);
    assert_int_equal(tales_count, 0);
}

static bool count_block(void *block, size_t size, void *context) {
    (void)block;
    *(size_t *)context += size == 4321;
    return true;
}

static void blocks_are_visited(void **state) {
    (void)state;
    void *p = lm_check_malloc(4321, LM_CALL_MALLOC), *q = lm_check_malloc(4321, LM_CALL_MALLOC);
    size_t count = 0, size;
    free_plain(q);
    assert_true(lm_check_visit(count_block, &count));
    assert_int_equal(count, 1);
    assert_ptr_equal(lm_check_block_of((char *)p + 4320, &size), p);
    assert_int_equal(size, 4321);
    assert_null(lm_check_block_of((char *)p + 4321, &size));
    assert_null(lm_check_block_of(q, &size));
    free_plain(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_all_sizes),
        cmocka_unit_test(aligned_blocks),
        cmocka_unit_test(realloc_moves),
        cmocka_unit_test(large_blocks_grow_and_shrink),
        cmocka_unit_test(freed_twice),
        cmocka_unit_test(freed_twice_long_after),
        cmocka_unit_test(freed_elsewhere),
        cmocka_unit_test(wrong_forms),
        cmocka_unit_test(a_mismatched_block_is_freed),
        cmocka_unit_test(absurd_sizes),
        cmocka_unit_test(a_failed_realloc_leaves_the_block),
        cmocka_unit_test(blocks_are_visited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
