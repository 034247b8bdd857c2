#include "check/watched.h"

#include "support/unit.h"

static void grows_to_what_is_added(void **state) {
    (void)state;
    assert_false(lm_is_watched(NULL));
    assert_false(lm_is_watched((void *)0x5000));
    lm_watched_add(0x5000, 0x1000);
    assert_false(lm_is_watched((void *)0x4fff));
    assert_true(lm_is_watched((void *)0x5000));
    assert_true(lm_is_watched((void *)0x5fff));
    assert_false(lm_is_watched((void *)0x6000));
    lm_watched_add(0x9000, 0x1000);
    assert_true(lm_is_watched((void *)0x5000));
    assert_true(lm_is_watched((void *)0x9fff));
    assert_false(lm_is_watched((void *)0xa000));
    lm_watched_add(0x2000, 0x10);
    assert_true(lm_is_watched((void *)0x2000));
    assert_true(lm_is_watched((void *)0x9fff));
    lm_watched_add(0x3000, 0x10);
    assert_true(lm_is_watched((void *)0x2000));
    assert_false(lm_is_watched((void *)0xa000));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows_to_what_is_added)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
