#include "check/known.h"

#include "check/amounts.h"
#include "heap/init.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void the_same_again(void **state) {
    (void)state;
    lm_known *a = lm_known_find(LM_CODE_LEAK, 1, 2, 0);
    assert_non_null(a);
    assert_int_equal(a->id, 0);
    a->id = 7;
    assert_ptr_equal(lm_known_find(LM_CODE_LEAK, 1, 2, 0), a);
    assert_ptr_not_equal(lm_known_find(LM_CODE_DOUBLE_FREE, 1, 2, 0), a);
    assert_ptr_not_equal(lm_known_find(LM_CODE_LEAK, 2, 2, 0), a);
    assert_ptr_not_equal(lm_known_find(LM_CODE_LEAK, 1, 3, 0), a);
    assert_ptr_not_equal(lm_known_find(LM_CODE_LEAK, 1, 2, 1), a);
    size_t at = 0;
    assert_ptr_equal(lm_known_next(&at), a);
    assert_null(lm_known_next(&at));
    lm_known_forget();
    assert_int_equal(lm_known_find(LM_CODE_LEAK, 1, 2, 0)->id, 0);
    lm_known_forget();
}

static void there_is_an_end(void **state) {
    (void)state;
    for (uint32_t i = 0; i < LM_TALES_MOST; i++)
        assert_non_null(lm_known_find(LM_CODE_LEAK, i, 0, 0));
    assert_null(lm_known_find(LM_CODE_LEAK, LM_TALES_MOST, 0, 0));
    assert_non_null(lm_known_find(LM_CODE_LEAK, 5, 0, 0));
    lm_known_forget();
}

static void numbers_once(void **state) {
    static const uint32_t numbers[] = {1, 7, 8, 40000, 1 << 20};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(lm_known_number(LM_KNOWN_STACKS, numbers[i]));
        assert_false(lm_known_number(LM_KNOWN_STACKS, numbers[i]));
        assert_true(lm_known_number(LM_KNOWN_MODULES, numbers[i]));
    }
    lm_known_forget();
    assert_true(lm_known_number(LM_KNOWN_STACKS, 7));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(there_is_an_end),
        cmocka_unit_test(numbers_once),
    };
    lm_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
