#include "check/wrap.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>

#include <cmocka.h>

#include "check/wrap_plain.h"

/* In a test program nothing is renamed: dlsym finds the C library's, or a sanitizer's. */
#define IS_NEXT(name) assert_ptr_equal((void *)(uintptr_t)lm_real.name, dlsym(RTLD_NEXT, #name))

static void finds_the_real_functions(void **state) {
    (void)state;
    lm_wrap_start();
    IS_NEXT(memmove);
    IS_NEXT(realpath);
    IS_NEXT(__isoc99_vsscanf);
    IS_NEXT(ctime_r);
    IS_NEXT(strlcpy);
    (void)dlerror();
    assert_non_null(LM_REAL_POINTER(fgets));
}

/* Every name but the newer ones must have been found, or a wrapper would call NULL. */
static void finds_all_but_newer_ones(void **state) {
    (void)state;
#define WRAP(name)                        assert_non_null((void *)(uintptr_t)lm_real.name);
#define WRAP_AS(name, result, parameters) assert_non_null((void *)(uintptr_t)lm_real.name);
#define WRAP_NEW(name, result, parameters)
#include "check/wraps.def"
}

static void leaves_no_error_of_dlsym(void **state) {
    (void)state;
    assert_null(dlerror());
}

/* Before it is known where the real ones are. */
static void stands_in(void **state) {
    (void)state;
    lm_reals kept = lm_real;
    memset(&lm_real, 0, sizeof lm_real);
    for (int round = 0; round < 2; round++) {
        char a[20] = "abcdefgh", b[20] = "abcdefgi";
        assert_ptr_equal(lm_plain_memmove(a + 2, a, 6), a + 2);
        assert_string_equal(a, "ababcdef");
        assert_ptr_equal(lm_plain_memmove(a, a + 2, 6), a);
        assert_string_equal(a, "abcdefef");
        assert_ptr_equal(lm_plain_memcpy(b, a, 9), b);
        assert_string_equal(a, b);
        assert_ptr_equal(lm_plain_memset(a, 'x', 3), a);
        assert_string_equal(a, "xxxdefef");
        assert_true(lm_plain_memcmp(a, b, 8) > 0 && lm_plain_memcmp(a + 3, b + 3, 5) == 0);
        assert_true(lm_plain_bcmp(a, b, 8) != 0);
        assert_ptr_equal(lm_plain_memchr(a, 'e', 8), a + 4);
        assert_null(lm_plain_memchr(a, 'e', 4));
        assert_int_equal(lm_plain_strlen(a), 8);
        assert_int_equal(lm_plain_strnlen(a, 5), 5);
        assert_true(lm_plain_strcmp(a, b) > 0 && lm_plain_strcmp(a, a) == 0);
        assert_true(lm_plain_strncmp(a, "xxy", 2) == 0 && lm_plain_strncmp(a, "xxy", 3) < 0);
        assert_ptr_equal(lm_plain_strchr(a, 'f'), a + 5);
        assert_ptr_equal(lm_plain_strchr(a, 0), a + 8);
        assert_ptr_equal(lm_plain_strrchr(a, 'f'), a + 7);
        assert_null(lm_plain_strrchr(a, 'q'));
        assert_string_equal(lm_plain_strcpy(b, "new"), "new");
        lm_plain_stand_in(); /* and once more through the pointers */
        assert_non_null((void *)(uintptr_t)lm_real.memmove);
    }
    assert_null((void *)(uintptr_t)lm_real.fgets);
    lm_real = kept;
}

static void what_is_known_stays(void **state) {
    (void)state;
    lm_reals before = lm_real;
    lm_plain_stand_in();
    lm_wrap_start();
    assert_memory_equal(&before, &lm_real, sizeof before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_real_functions), cmocka_unit_test(finds_all_but_newer_ones),
        cmocka_unit_test(leaves_no_error_of_dlsym), cmocka_unit_test(stands_in),
        cmocka_unit_test(what_is_known_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
