/* What is said of frees that are wrong. test_entry.c has them as a program makes them. */
#include "support/unit.h"

#include "check/judge.h"
#include "support/tales.h"

#include <string.h>

/* What freeing says of a block of 24 bytes; LM_CODES_COUNT: nothing. */
static lm_code says(lm_call made, size_t made_alignment, lm_call freed, size_t size,
                    size_t alignment, lm_tale *tale) {
    const lm_form form = {&lm_ways[made], 24, made_alignment};
    *tale = (lm_tale){0};
    return lm_judge_differs(tale, &form, size, alignment, freed) ? tale->code : LM_CODES_COUNT;
}

#define NOTHING LM_CODES_COUNT
#define ANY     LM_ANY_SIZE, LM_ANY_ALIGNMENT

static void families(void **state) {
    lm_tale tale;
    (void)state;
    assert_int_equal(says(LM_CALL_MALLOC, 0, LM_CALL_FREE, ANY, &tale), NOTHING);
    assert_int_equal(says(LM_CALL_ALIGNED_ALLOC, 64, LM_CALL_FREE, ANY, &tale), NOTHING);
    assert_int_equal(says(LM_CALL_NEW, 0, LM_CALL_DELETE, ANY, &tale), NOTHING);
    assert_int_equal(says(LM_CALL_NEW, 0, LM_CALL_FREE, ANY, &tale), LM_CODE_MISMATCHED_FREE);
    assert_string_equal(tale.was, "operator new");
    assert_string_equal(tale.now, "free");
    assert_int_equal(says(LM_CALL_NEW_ARRAY, 0, LM_CALL_DELETE, ANY, &tale),
                     LM_CODE_MISMATCHED_FREE);
    assert_int_equal(says(LM_CALL_CALLOC, 0, LM_CALL_DELETE_ARRAY, ANY, &tale),
                     LM_CODE_MISMATCHED_FREE);
}

static void sizes(void **state) {
    lm_tale tale;
    (void)state;
    assert_int_equal(says(LM_CALL_NEW, 0, LM_CALL_DELETE, 24, LM_ANY_ALIGNMENT, &tale), NOTHING);
    assert_int_equal(says(LM_CALL_NEW, 0, LM_CALL_DELETE, 16, LM_ANY_ALIGNMENT, &tale),
                     LM_CODE_SIZE_MISMATCH);
    assert_string_equal(tale.quantity, "size");
    assert_int_equal(tale.was_size, 24);
    assert_int_equal(tale.now_size, 16);
}

static void alignments(void **state) {
    lm_tale tale;
    (void)state;
    assert_int_equal(says(LM_CALL_NEW, 64, LM_CALL_DELETE, 24, 64, &tale), NOTHING);
    assert_int_equal(says(LM_CALL_NEW, 64, LM_CALL_DELETE, ANY, &tale), LM_CODE_MISMATCHED_FREE);
    assert_int_equal(tale.was_size, 64);
    assert_int_equal(says(LM_CALL_NEW, 0, LM_CALL_DELETE, LM_ANY_SIZE, 64, &tale),
                     LM_CODE_MISMATCHED_FREE);
    assert_int_equal(says(LM_CALL_NEW, 64, LM_CALL_DELETE, LM_ANY_SIZE, 32, &tale),
                     LM_CODE_SIZE_MISMATCH);
    assert_string_equal(tale.quantity, "alignment");
    assert_int_equal(tale.now_size, 32);
}

static void amounts(void **state) {
    (void)state;
    tales_catch();
    lm_judge_size(LM_CALL_MALLOC, 0, (size_t)-20);
    lm_judge_size(LM_CALL_CALLOC, SIZE_MAX / 2, 3);
    assert_int_equal(tales_count, 2);
    assert_int_equal(tales[0].code, LM_CODE_BAD_SIZE);
    assert_int_equal(tales[0].bytes, (size_t)-20);
    assert_null(tales[0].quantity);
    assert_string_equal(tales[1].quantity, "product");
    assert_int_equal(tales[1].was_size, SIZE_MAX / 2);
    assert_int_equal(tales[1].now_size, 3);
}

static int global;

static void pointers(void **state) {
    void *local = __builtin_frame_address(0); /* a sanitizer may have variables elsewhere */
    (void)state;
    tales_catch();
    lm_judge_pointer("free", local);
    lm_judge_pointer("free", &global);
    assert_int_equal(tales_count, 2);
    assert_int_equal(tales[0].code, LM_CODE_INVALID_FREE);
    assert_string_equal(tales[0].where, "stack");
    assert_string_equal(tales[1].where, "static");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families), cmocka_unit_test(sizes),    cmocka_unit_test(alignments),
        cmocka_unit_test(amounts),  cmocka_unit_test(pointers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
