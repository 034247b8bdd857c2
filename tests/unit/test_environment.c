#include "support/unit.h"

#include "cli/environment.h"
#include "support/said.h"

#include <limits.h>

static lm_workdir workdir;

static int set_up(void **state) {
    (void)state;
    unsetenv("LD_PRELOAD");
    unsetenv("LOAM_OPTIONS");
    return lm_workdir_make(&workdir) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    unsetenv("LD_PRELOAD");
    unsetenv("LOAM_OPTIONS");
    lm_workdir_remove(&workdir);
    return 0;
}

static void the_library_comes_first(void **state) {
    (void)state;
    assert_true(lm_environment_preload("/lib/libloam.so", &workdir));
    assert_string_equal(getenv("LD_PRELOAD"), "/lib/libloam.so");
    setenv("LD_PRELOAD", "other.so third.so", 1);
    assert_true(lm_environment_preload("/lib/libloam.so", &workdir));
    assert_string_equal(getenv("LD_PRELOAD"), "/lib/libloam.so:other.so third.so");
    setenv("LD_PRELOAD", "", 1);
    assert_true(lm_environment_preload("/lib/libloam.so", &workdir));
    assert_string_equal(getenv("LD_PRELOAD"), "/lib/libloam.so");
}

static void links_stand_for_paths_that_cant_be_written(void **state) {
    char target[PATH_MAX] = "";
    (void)state;
    assert_true(lm_environment_preload("/with blank/libloam.so", &workdir));
    assert_string_equal(getenv("LD_PRELOAD"), workdir.library);
    assert_true(readlink(workdir.library, target, sizeof target - 1) > 0);
    assert_string_equal(target, "/with blank/libloam.so");
    said_begin(); /* it is there already */
    assert_false(lm_environment_preload("/with:colon/libloam.so", &workdir));
    assert_non_null(strstr(said_end(), workdir.library));
}

static void options_come_last(void **state) {
    (void)state;
    assert_true(lm_environment_option("harden", "2"));
    assert_string_equal(getenv("LOAM_OPTIONS"), "harden=2");
    assert_true(lm_environment_option("stats_file", "/x"));
    assert_string_equal(getenv("LOAM_OPTIONS"), "harden=2:stats_file=/x");
    assert_true(lm_environment_option("a=1:b=2", NULL));
    assert_string_equal(getenv("LOAM_OPTIONS"), "harden=2:stats_file=/x:a=1:b=2");
    assert_true(lm_environment_option("", NULL)); /* nothing to add */
    assert_string_equal(getenv("LOAM_OPTIONS"), "harden=2:stats_file=/x:a=1:b=2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_library_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_stand_for_paths_that_cant_be_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(options_come_last, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
