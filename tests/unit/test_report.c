// ctest-args: one "two words" 100%
#include "support/unit.h"

#include "base/wire.h"
#include "check/failed.h"
#include "check/known.h"
#include "check/report.h"
#include "check/tale.h"
#include "check/watcher.h"
#include "support/child.h"
#include "support/told.h"

#include <pthread.h>
#include <time.h>

static int argument_count;
static char **arguments;

static int set_up(void **state) {
    (void)state;
    lm_known_forget();
    told_look();
    return 0;
}

static void expect_process(int process, int parent) {
    char program[4096];
    const lm_wire_line *line = told_line("process");
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(length > 0);
    program[length] = '\0';
    assert_int_equal(told_count, 2);
    assert_string_equal(told_lines[0].word, "loam-check");
    assert_told_number(told_line("loam-check"), "version", LM_WIRE_VERSION);
    assert_told_number(line, "pid", process);
    assert_told_number(line, "parent", parent);
    assert_told(line, "program", program);
    assert_told_number(line, "arguments", argument_count);
    int seen = 0;
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->pairs[i].key, "argument") == 0)
            assert_string_equal(line->pairs[i].value, arguments[seen++]);
    assert_int_equal(seen, argument_count);
    /* Before now, and after this was written. */
    const uint64_t started = lm_wire_number(line, "started").value;
    assert_true(started / 1000000000 <= (uint64_t)time(NULL) && started > 1000000000000000000);
}

static void who_it_is(void **state) {
    (void)state;
    lm_report_start();
    told_look();
    expect_process(getpid(), getppid());
}

static void counts(void **state) {
    const lm_tale tale = {.code = LM_CODE_BAD_SIZE, .no_stack = true, .pointer = 5};
    const uint64_t failed = lm_failed_count();
    lm_watcher *self = lm_watcher_here();
    (void)state;
    lm_report_counts();
    told_look();
    assert_int_equal(told_count, 1);
    const uint64_t allocations = lm_wire_number(told_line("summary"), "allocations").value;
    lm_watcher_allocated(self, 100);
    lm_watcher_allocated(self, 11);
    lm_watcher_freed(self, 100);
    for (int i = 0; i < 5; i++)
        lm_tale_tell(&tale);
    told_look();
    const uint64_t id = lm_wire_number(told_line("finding"), "id").value;
    lm_report_counts();
    told_look();
    assert_int_equal(told_count, 2);
    assert_told_number(told_line("again"), "id", id);
    assert_told_number(told_line("again"), "count", 5); /* the file had four */
    const lm_wire_line *line = told_line("summary");
    assert_told_number(line, "allocations", allocations + 2);
    assert_told_number(line, "frees", 1);
    assert_told_number(line, "bytes", 111);
    assert_told_number(line, "live_blocks", 1);
    assert_told_number(line, "live_bytes", 11);
    assert_told_number(line, "peak_bytes", 11); /* of so little nobody kept account */
    assert_told_number(line, "failed", failed);
    lm_report_counts(); /* nothing new */
    told_look();
    assert_int_equal(told_count, 1);
    assert_non_null(told_line("summary"));
    lm_watcher_freed(self, 11);
}

static void the_end(void **state) {
    static const int statuses[] = {0, 1, 255, -1, INT32_MAX, INT32_MIN};
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        lm_report_end(statuses[i]);
        told_look();
        assert_int_equal(told_count, 1);
        assert_told_number(told_line("end"), "status", (int64_t)statuses[i]);
    }
}

static void notes(void **state) {
    (void)state;
    lm_report_note("Half of it\nwas 100% = lost.");
    told_look();
    assert_int_equal(told_count, 1);
    assert_told(told_line("note"), "text", "Half of it\nwas 100% = lost.");
    lm_report_note("");
    told_look();
    assert_told(told_line("note"), "text", "");
}

/* The child has a file of its own, and its findings are new. What the parent didn't write is the parent's. */
static int be_child(void *argument) {
    const lm_tale *tale = argument;
    lm_report_forked();
    lm_tale_tell(tale);
    return 0;
}

static void children_have_their_own_file(void **state) {
    const lm_tale tale = {.code = LM_CODE_BAD_SIZE, .no_stack = true, .pointer = 6};
    int status;
    (void)state;
    lm_tale_tell(&tale);
    told_look();
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        _exit(be_child((void *)(uintptr_t)&tale));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    const long own = told_read;
    told_read = 0;
    assert_int_equal(told_look_at(child), 3);
    assert_non_null(told_line("finding"));
    told_count = 2;
    expect_process(child, getpid());
    char path[64];
    told_path(path, sizeof path, child);
    unlink(path);
    told_read = own;
    assert_int_equal(told_look(), 0);
}

static int be_silent(void *argument) {
    (void)argument;
    lm_lines_start("");
    lm_report_start();
    lm_report_counts();
    lm_report_end(0);
    lm_report_note("nobody reads this");
    lm_report_forked();
    return 0;
}

static void without_a_folder(void **state) {
    (void)state;
    assert_int_equal(in_child(be_silent, NULL), 0);
    assert_int_equal(told_look(), 0);
}

/* Somebody who was interrupted holds the lock: what can't be told isn't. */
static void *tell_all(void *argument) {
    lm_report_note("waits in vain");
    lm_report_end(3);
    return argument;
}

static void waits_for_no_lock_for_ever(void **state) {
    pthread_t thread;
    (void)state;
    lm_lock_take(&lm_tale_lock);
    assert_int_equal(pthread_create(&thread, NULL, tell_all, NULL), 0);
    pthread_join(thread, NULL);
    lm_lock_give(&lm_tale_lock);
    assert_int_equal(told_look(), 0);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_it_is, set_up),
        cmocka_unit_test_setup(counts, set_up),
        cmocka_unit_test_setup(the_end, set_up),
        cmocka_unit_test_setup(notes, set_up),
        cmocka_unit_test_setup(children_have_their_own_file, set_up),
        cmocka_unit_test_setup(without_a_folder, set_up),
        cmocka_unit_test_setup(waits_for_no_lock_for_ever, set_up),
    };
    argument_count = argc;
    arguments = argv;
    return cmocka_run_group_tests(tests, told_start, told_end);
}
