#include "support/unit.h"

#include "base/finding.h"
#include "support/child.h"
#include "support/trap.h"

#include <string.h>

static const char *const at = (const char *)0x7000;

static int report(void *argument) {
    lm_finding_report(argument);
    return 7;
}

/* What the child says on standard error, and its end. */
static int said(lm_finding *finding, lm_policy policy, char *line, size_t size) {
    int ends[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    lm_finding_hook = NULL;
    lm_finding_rule.policy[finding->kind] = policy;
    dup2(ends[1], STDERR_FILENO);
    int status = in_child(report, finding);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t length = read(ends[0], line, size - 1);
    line[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    return status;
}

static void codes(void **state) {
    (void)state;
    assert_string_equal(lm_kind_code(LM_DOUBLE_FREE), "double-free");
    assert_string_equal(lm_kind_code(LM_INVALID_FREE), "invalid-free");
    assert_string_equal(lm_kind_code(LM_FOREIGN_FREE), "foreign-free");
}

/* One line: the kind, the pointer, the block's class and size. */
static void names_everything(void **state) {
    char line[400];
    lm_finding finding = {.kind = LM_INVALID_FREE,
                          .call = "realloc",
                          .pointer = at + 8,
                          .block = at,
                          .block_size = 48,
                          .class_size = 48};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_ABORT, line, sizeof line), -SIGABRT);
    assert_non_null(strstr(line, "invalid-free"));
    assert_non_null(strstr(line, "realloc(0x7008)"));
    assert_non_null(strstr(line, "0x7000"));
    assert_non_null(strstr(line, "48 bytes"));
    assert_non_null(strstr(line, "class 48"));
    assert_non_null(strstr(line, "byte 8 of it"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void a_large_block(void **state) {
    char line[400];
    lm_finding finding = {
        .kind = LM_DOUBLE_FREE, .call = "free", .pointer = at, .block = at, .block_size = 1 << 20};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_REPORT, line, sizeof line), 7);
    assert_non_null(strstr(line, "double-free"));
    assert_non_null(strstr(line, "large"));
    assert_null(strstr(line, "of it"));
}

static void no_block(void **state) {
    char line[400];
    lm_finding finding = {.kind = LM_FOREIGN_FREE, .call = "free", .pointer = at};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_REPORT, line, sizeof line), 7);
    assert_non_null(strstr(line, "foreign-free"));
    assert_null(strstr(line, "class"));
}

static void ignores(void **state) {
    char line[400];
    lm_finding finding = {.kind = LM_DOUBLE_FREE, .call = "free", .pointer = at};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_IGNORE, line, sizeof line), 7);
    assert_string_equal(line, "");
}

static void the_hook_comes_first(void **state) {
    lm_finding finding = {.kind = LM_FOREIGN_FREE, .call = "free", .pointer = at};
    (void)state;
    trap_set();
    lm_finding_rule.policy[LM_FOREIGN_FREE] = LM_POLICY_ABORT;
    lm_finding_report(&finding);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_FOREIGN_FREE);
    assert_ptr_equal(trapped.pointer, at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes),         cmocka_unit_test(names_everything),
        cmocka_unit_test(a_large_block), cmocka_unit_test(no_block),
        cmocka_unit_test(ignores),       cmocka_unit_test(the_hook_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
