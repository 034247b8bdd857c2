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
static int said_by(int (*job)(void *finding), lm_finding *finding, lm_policy policy, char *text,
                   size_t size) {
    int ends[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    lm_finding_hook = NULL;
    lm_finding_rule.policy[finding->kind] = policy;
    dup2(ends[1], STDERR_FILENO);
    int status = in_child(job, finding);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t length = read(ends[0], text, size - 1);
    text[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    return status;
}

static int said(lm_finding *finding, lm_policy policy, char *text, size_t size) {
    return said_by(report, finding, policy, text, size);
}

static void codes(void **state) {
    (void)state;
    assert_string_equal(lm_kind_code(LM_DOUBLE_FREE), "double-free");
    assert_string_equal(lm_kind_code(LM_INVALID_FREE), "invalid-free");
    assert_string_equal(lm_kind_code(LM_FOREIGN_FREE), "foreign-free");
    assert_string_equal(lm_kind_code(LM_MISMATCHED_FREE), "mismatched-free");
    assert_string_equal(lm_kind_code(LM_SIZE_MISMATCH), "size-mismatch");
    assert_string_equal(lm_kind_code(LM_HEAP_OVERFLOW), "heap-overflow");
    assert_string_equal(lm_kind_code(LM_HEAP_UNDERFLOW), "heap-underflow");
    assert_string_equal(lm_kind_code(LM_USE_AFTER_FREE), "use-after-free");
}

static char line[4000];

/* What is said of a finding, up to the lines about the process, which end every report. */
static void expect_report(lm_finding *finding, const char *expected) {
    assert_int_equal(said(finding, LM_POLICY_REPORT, line, sizeof line), 7);
    char *end = strstr(line, "loam:   thread ");
    assert_non_null(end);
    char *more = strchr(end, '\n') + 1;
    assert_int_equal(strncmp(more, "loam:   more: loam check -- ", 28), 0);
    assert_ptr_equal(strchr(more, '\n'), line + strlen(line) - 1);
    *end = '\0';
    assert_string_equal(line, expected);
}

/* The kind, the pointer, the block's class and size. */
static void names_everything(void **state) {
    lm_finding finding = {.kind = LM_INVALID_FREE,
                          .call = "realloc",
                          .pointer = at + 8,
                          .block = at,
                          .block_size = 48,
                          .class_size = 48};
    (void)state;
    expect_report(&finding,
                  "loam: error[invalid-free]: realloc(0x7008): not the first byte of a block "
                  "(block 0x7000 of 48 bytes, class 48, byte 8 of it)\n");
    finding = (lm_finding){.kind = LM_DOUBLE_FREE,
                           .call = "free",
                           .pointer = at,
                           .block = at,
                           .block_size = 1,
                           .size_at_most = true,
                           .class_size = 16};
    expect_report(&finding, "loam: error[double-free]: free(0x7000): the block is already free "
                            "(block 0x7000 of at most 1 byte, class 16)\n");
    assert_int_equal(said(&finding, LM_POLICY_ABORT, line, sizeof line), -SIGABRT);
    assert_non_null(strstr(line, "double-free"));
}

/* Which bytes were changed, seen from the block. */
static void damage(void **state) {
    lm_finding finding = {.kind = LM_HEAP_OVERFLOW,
                          .call = "at exit",
                          .block = at,
                          .block_size = 41,
                          .class_size = 64,
                          .damaged = true,
                          .first = 41,
                          .last = 41};
    (void)state;
    expect_report(&finding,
                  "loam: error[heap-overflow]: at exit: bytes behind the block were overwritten "
                  "(block 0x7000 of 41 bytes, class 64)\n"
                  "loam:   byte 41 was changed\n");
    finding.last = 63;
    finding.or_before = at + 64;
    expect_report(&finding,
                  "loam: error[heap-overflow]: at exit: bytes behind the block were overwritten "
                  "(block 0x7000 of 41 bytes, class 64)\n"
                  "loam:   bytes 41 to 63 were changed\n"
                  "loam:   or they were overwritten from before the block 0x7040\n");
    finding = (lm_finding){.kind = LM_HEAP_UNDERFLOW,
                           .call = "free",
                           .pointer = at,
                           .block = at,
                           .block_size = 2,
                           .class_size = 16,
                           .damaged = true,
                           .first = -7,
                           .last = -1};
    expect_report(&finding,
                  "loam: error[heap-underflow]: free(0x7000): bytes before the block were "
                  "overwritten (block 0x7000 of 2 bytes, class 16)\n"
                  "loam:   bytes -7 to -1 were changed\n");
}

static void mismatches(void **state) {
    lm_finding finding = {.kind = LM_MISMATCHED_FREE,
                          .call = "operator delete",
                          .pointer = at,
                          .block = at,
                          .block_size = 8,
                          .class_size = 16,
                          .was = "malloc",
                          .now = "operator delete"};
    (void)state;
    expect_report(&finding,
                  "loam: error[mismatched-free]: operator delete(0x7000): the block was allocated "
                  "in another way (block 0x7000 of 8 bytes, class 16)\n"
                  "loam:   allocated by malloc, freed by operator delete\n");
    finding = (lm_finding){.kind = LM_SIZE_MISMATCH,
                           .call = "free_sized",
                           .pointer = at,
                           .block = at,
                           .block_size = 8,
                           .class_size = 16,
                           .quantity = "size",
                           .was_size = 8,
                           .now_size = 9};
    expect_report(&finding,
                  "loam: error[size-mismatch]: free_sized(0x7000): the block was not allocated "
                  "with this size (block 0x7000 of 8 bytes, class 16)\n"
                  "loam:   allocated with size 8, freed with size 9\n");
}

static void put_frames(lm_text *text, const lm_trace *trace) {
    for (size_t i = 0; i < trace->count; i++)
        lm_text_format(text, "loam:     %p\n", (void *)trace->frames[i]);
}

static void stacks(void **state) {
    static const uintptr_t frames[] = {0x1234, 0x5678};
    const lm_trace allocated = {frames, 2, 11}, freed = {frames, 1, 12};
    lm_finding finding = {.kind = LM_USE_AFTER_FREE,
                          .call = "at reuse",
                          .block = at,
                          .block_size = 8,
                          .class_size = 16,
                          .allocated = &allocated,
                          .freed = &freed};
    (void)state;
    lm_finding_rule.put_trace = put_frames;
    expect_report(&finding,
                  "loam: error[use-after-free]: at reuse: the block was written to after it was "
                  "freed (block 0x7000 of 8 bytes, class 16)\n"
                  "loam:   allocated by thread 11:\n"
                  "loam:     0x1234\nloam:     0x5678\n"
                  "loam:   freed by thread 12:\n"
                  "loam:     0x1234\n");
    lm_finding_rule.put_trace = NULL;
}

/* Each kind has its own policy. */
static void a_policy_for_each_kind(void **state) {
    (void)state;
    for (int kind = 0; kind < LM_KINDS_COUNT; kind++)
        lm_finding_rule.policy[kind] = LM_POLICY_IGNORE;
    for (int kind = 0; kind < LM_KINDS_COUNT; kind++) {
        lm_finding finding = {.kind = (lm_kind)kind, .call = "free", .pointer = at};
        lm_finding other = {.kind = (lm_kind)((kind + 1) % LM_KINDS_COUNT), .call = "free"};
        assert_int_equal(said(&finding, LM_POLICY_ABORT, line, sizeof line), -SIGABRT);
        assert_non_null(strstr(line, lm_kind_code((lm_kind)kind)));
        assert_int_equal(in_child(report, &other), 7);
        lm_finding_rule.policy[kind] = LM_POLICY_IGNORE;
    }
}

static void a_large_block(void **state) {
    lm_finding finding = {
        .kind = LM_DOUBLE_FREE, .call = "free", .pointer = at, .block = at, .block_size = 1 << 20};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_REPORT, line, sizeof line), 7);
    assert_non_null(strstr(line, "double-free"));
    assert_non_null(strstr(line, "large"));
    assert_null(strstr(line, "of it"));
}

static void no_block(void **state) {
    lm_finding finding = {.kind = LM_FOREIGN_FREE, .call = "free", .pointer = at};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_REPORT, line, sizeof line), 7);
    assert_non_null(strstr(line, "foreign-free"));
    assert_null(strstr(line, "class"));
}

static void ignores(void **state) {
    lm_finding finding = {.kind = LM_DOUBLE_FREE, .call = "free", .pointer = at};
    (void)state;
    assert_int_equal(said(&finding, LM_POLICY_IGNORE, line, sizeof line), 7);
    assert_string_equal(line, "");
}

static int report_often(void *finding) {
    for (int i = 0; i < 2 * LM_REPORTS_OF_A_KIND; i++)
        lm_finding_report(finding);
    return 7;
}

static void the_same_again_and_again(void **state) {
    static char all[LM_REPORTS_OF_A_KIND * 200 + 1000];
    lm_finding finding = {.kind = LM_DOUBLE_FREE, .call = "free", .pointer = at};
    (void)state;
    assert_int_equal(said_by(report_often, &finding, LM_POLICY_REPORT, all, sizeof all), 7);
    size_t count = 0;
    for (const char *line_at = all; (line_at = strstr(line_at, "loam: error")) != NULL; line_at++)
        count++;
    assert_int_equal(count, LM_REPORTS_OF_A_KIND);
    assert_non_null(strstr(all, "loam: double-free came 50 times: no more of them are reported"));
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
        cmocka_unit_test(codes),
        cmocka_unit_test(names_everything),
        cmocka_unit_test(a_large_block),
        cmocka_unit_test(no_block),
        cmocka_unit_test(damage),
        cmocka_unit_test(mismatches),
        cmocka_unit_test(stacks),
        cmocka_unit_test(a_policy_for_each_kind),
        cmocka_unit_test(ignores),
        cmocka_unit_test(the_same_again_and_again),
        cmocka_unit_test(the_hook_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
