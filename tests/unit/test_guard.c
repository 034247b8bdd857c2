#include "support/unit.h"

#include "heap/guard.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"

static lm_guard_settings usual;
static char *pages;
enum { PAGES = 8 };

static int set_up(void **state) {
    (void)state;
    usual = lm_once.guard;
    pages = lm_os_reserve(PAGES * lm_os.page, 0);
    return pages && lm_os_commit(pages, PAGES * lm_os.page) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    lm_os_release(pages, PAGES * lm_os.page);
    lm_once.guard = usual;
    return 0;
}

static int touch(void *at) {
    *(volatile char *)at = 1;
    return 7;
}

static void expect_guard_of(lm_guards kind) {
    lm_once.guard.kind = kind;
    char *at = pages + lm_os.page;
    assert_true(lm_guard_install(at, lm_os.page));
    assert_int_equal(in_child(touch, at), -SIGSEGV);
    assert_int_equal(in_child(touch, at + lm_os.page - 1), -SIGSEGV);
    assert_int_equal(in_child(touch, at - 1), 7);
    assert_int_equal(in_child(touch, at + lm_os.page), 7);
    lm_guard_remove(at, lm_os.page);
    assert_int_equal(in_child(touch, at), 7);
}

static void by_protection(void **state) {
    (void)state;
    expect_guard_of(LM_GUARDS_PROTECT);
    assert_false(lm_guard_is_cheap());
}

static void by_advice(void **state) {
    (void)state;
    if (!lm_os.guards_by_advice)
        skip();
    expect_guard_of(LM_GUARDS_ADVISE);
    assert_true(lm_guard_is_cheap());
    for (int i = 0; i < PAGES; i += 2)
        assert_true(lm_guard_install(pages + (size_t)i * lm_os.page, lm_os.page));
    lm_guard_remove_all(pages, PAGES * lm_os.page);
    for (int i = 0; i < PAGES; i++)
        touch(pages + (size_t)i * lm_os.page);
}

static void none(void **state) {
    (void)state;
    lm_once.guard.kind = LM_GUARDS_OFF;
    assert_false(lm_guard_install(pages, lm_os.page));
    touch(pages);
}

/* Only guards by mprotect cost mappings, two each; what is given back can be had again. */
static void the_budget(void **state) {
    (void)state;
    loam_trim(0);
    lm_once.guard.kind = LM_GUARDS_PROTECT;
    lm_once.guard.mappings = 4;
    for (int round = 0; round < 3; round++) {
        assert_true(lm_guard_install(pages, lm_os.page));
        assert_true(lm_guard_afford());
        assert_false(lm_guard_afford());
        assert_false(lm_guard_install(pages + 2 * lm_os.page, lm_os.page));
        touch(pages + 2 * lm_os.page);
        lm_guard_give();
        lm_guard_remove(pages, lm_os.page);
    }
    if (!lm_os.guards_by_advice)
        return;
    lm_once.guard.kind = LM_GUARDS_ADVISE;
    lm_once.guard.mappings = 0;
    assert_true(lm_guard_install(pages, lm_os.page));
    lm_guard_remove(pages, lm_os.page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_protection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(by_advice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_budget, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
