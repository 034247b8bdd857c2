/* The checker leaves LD_PRELOAD; what else stands there stays. */
#include "support/unit.h"

#include "check/children.h"
#include "os/os.h"

#include <stdio.h>

static const char *left(const char *value, const char *library) {
    static char entry[256], first[] = "A=1", last[] = "Z=2";
    static char *environment[4];
    snprintf(entry, sizeof entry, "LD_PRELOAD=%s", value);
    environment[0] = first;
    environment[1] = entry;
    environment[2] = last;
    environment[3] = NULL;
    lm_children_leave_out(environment, library);
    assert_ptr_equal(environment[0], first);
    assert_ptr_equal(environment[environment[2] ? 2 : 1], last);
    return environment[2] ? environment[1] : "";
}

static void leaves_only_itself_out(void **state) {
    (void)state;
    assert_string_equal(left("/a/check.so", "/a/check.so"), "");
    assert_string_equal(left("/a/check.so:/b.so", "/a/check.so"), "LD_PRELOAD=/b.so");
    assert_string_equal(left("/b.so:/a/check.so", "/a/check.so"), "LD_PRELOAD=/b.so");
    assert_string_equal(left("/b.so /a/check.so /c.so", "/a/check.so"), "LD_PRELOAD=/b.so:/c.so");
    assert_string_equal(left("/a/check.so.1:/b.so", "/a/check.so"),
                        "LD_PRELOAD=/a/check.so.1:/b.so");
    assert_string_equal(left("::/a/check.so: :", "/a/check.so"), "");
    assert_string_equal(left("", "/a/check.so"), "");
}

static void an_environment_without_it(void **state) {
    char only[] = "LD_PRELOADED=/a";
    char *environment[] = {only, NULL};
    (void)state;
    lm_children_leave_out(environment, "/a");
    assert_ptr_equal(environment[0], only);
    lm_children_leave_out(NULL, "/a");
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_only_itself_out),
        cmocka_unit_test(an_environment_without_it),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
