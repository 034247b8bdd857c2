#include "check/wrap.h"

#include <setjmp.h>

#include <cmocka.h>

static const char *opened;
static int mode_of;
static int handle;

static void *note(const char *file, int mode) {
    opened = file;
    mode_of = mode;
    return &handle;
}

static int set_up(void **state) {
    (void)state;
    lm_wrap_start();
    lm_real.dlopen = note;
    return 0;
}

/* A library that looks for names in itself first would find another heap's. */
static void no_library_looks_past_the_checker(void **state) {
    (void)state;
    assert_ptr_equal(lm_wrap_dlopen("a.so", RTLD_NOW | RTLD_DEEPBIND | RTLD_GLOBAL), &handle);
    assert_string_equal(opened, "a.so");
    assert_int_equal(mode_of, RTLD_NOW | RTLD_GLOBAL);
}

static void all_else_stays(void **state) {
    static const int modes[] = {RTLD_LAZY, RTLD_NOW, RTLD_NOW | RTLD_NOLOAD,
                                RTLD_LAZY | RTLD_NODELETE | RTLD_LOCAL};
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_ptr_equal(lm_wrap_dlopen(NULL, modes[i]), &handle);
        assert_null(opened);
        assert_int_equal(mode_of, modes[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_library_looks_past_the_checker, set_up),
        cmocka_unit_test_setup(all_else_stays, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
