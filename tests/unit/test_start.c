/* The beginning and the end of a process: this program starts itself anew, with options, and ends in one way or
 * another; what it leaves behind is looked at. */
#include "support/unit.h"

#include "check/entry.h"
#include "check/start.h"
#include "conf/options.h"
#include "heap/init.h"
#include "support/told.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static char *program;

/* ---- The processes that are looked at ------------------------------------------------------------ */

static void by_exit(void) {
    exit(3);
}

static void by_kill(void) {
    raise(SIGKILL);
}

static void quickly(void) {
    lm_check_note_status(5); /* as the wrapper does */
    quick_exit(5);
}

static void told_twice(void) {
    lm_check_finish(1);
    exit(2);
}

/* A live block that was written beyond its end, and nobody noticed. */
static void with_damage(void) {
    static char *volatile p;
    p = lm_check_malloc(24, LM_CALL_MALLOC);
    p[24] = 1;
    exit(0);
}

static void with_child(void) {
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        exit(9);
    waitpid(child, &status, 0);
    exit(WEXITSTATUS(status));
}

static void *start(void *argument) {
    return lm_check_start() ? argument : NULL;
}

/* The library's constructor started it; whoever asks is told so. */
static void asked_again(void) {
    enum { THREADS = 4 };
    pthread_t all[THREADS];
    int good = atomic_load(&lm_check_ready) && lm_check_start_slow();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&all[i], NULL, start, all);
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(all[i], &result);
        good += result == all;
    }
    exit(good);
}

static const struct way {
    const char *name;
    void (*run)(void);
} ways[] = {{"exit", by_exit},     {"kill", by_kill},       {"quick", quickly},
            {"twice", told_twice}, {"damage", with_damage}, {"child", with_child},
            {"asked", asked_again}};

/* ---- Looking ------------------------------------------------------------------------------------- */

static pid_t last;

/* How it ended: its status, or minus the number of a signal. What it told is read. */
static int end_by(const char *way) {
    char options[128], path[64];
    char *const arguments[] = {program, (char *)(uintptr_t)way, NULL};
    int status;
    snprintf(options, sizeof options, "LOAM_OPTIONS=check_to=%s:exact=off:uninit=off:leaks=off",
             told_folder);
    char *const environment[] = {options, NULL};
    /* A fork would tell of itself, since this process is checked as well. */
    assert_int_equal(posix_spawn(&last, program, NULL, NULL, arguments, environment), 0);
    assert_int_equal(waitpid(last, &status, 0), last);
    told_read = 0;
    told_look_at(last);
    told_path(path, sizeof path, last);
    unlink(path);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect_end(int status) {
    assert_true(told_count >= 4);
    assert_string_equal(told_lines[0].word, "loam-check");
    assert_string_equal(told_lines[1].word, "process");
    assert_told_number(&told_lines[1], "pid", last);
    assert_string_equal(told_lines[told_count - 2].word, "summary");
    assert_string_equal(told_lines[told_count - 1].word, "end");
    assert_told_number(&told_lines[told_count - 1], "status", status);
    assert_int_equal(told_lines_of("process"), 1);
    assert_int_equal(told_lines_of("summary"), 1);
    assert_int_equal(told_lines_of("end"), 1);
}

static void ends(void **state) {
    (void)state;
    assert_int_equal(end_by("exit"), 3);
    expect_end(3);
    assert_int_equal(told_count, 4);
    assert_int_equal(end_by("quick"), 5);
    expect_end(5);
    assert_int_equal(end_by("twice"), 2);
    expect_end(1); /* the first counts */
}

/* Nobody is left to tell. */
static void killed(void **state) {
    (void)state;
    assert_int_equal(end_by("kill"), -SIGKILL);
    assert_int_equal(told_count, 2);
    assert_null(told_line("end"));
}

static void damage_is_found_at_the_end(void **state) {
    (void)state;
    assert_int_equal(end_by("damage"), 0);
    expect_end(0);
    const lm_wire_line *line = told_line("finding");
    assert_told(line, "code", "heap-overflow");
    assert_told(line, "certainty", "later");
    assert_told_number(line, "first", 24);
    assert_true(line < told_line("summary"));
}

/* Each tells of itself, in a file of its own. */
static void children_end_for_themselves(void **state) {
    char path[64];
    (void)state;
    assert_int_equal(end_by("child"), 9);
    expect_end(9);
    const pid_t parent = last;
    for (last = parent + 1; last < parent + 100; last++) { /* numbers come one after the other */
        told_read = 0;
        if (told_look_at(last) > 0 &&
            lm_wire_number(told_line("process"), "parent").value == (uint64_t)parent)
            break;
    }
    expect_end(9);
    told_path(path, sizeof path, last);
    unlink(path);
}

static void starts_once(void **state) {
    (void)state;
    assert_int_equal(end_by("asked"), 5);
    expect_end(5);
}

/* Beneath the checker the heap protects nothing by itself: the checker does. */
static void the_heap_beneath(void **state) {
    lm_options options;
    (void)state;
    memset(&options, 0xff, sizeof options);
    options.thp = LM_THP_DEFAULT;
    options.guard_handler = true;
    lm_init_adjust(&options);
    assert_int_equal(options.harden, 0);
    assert_int_equal(options.sample, 0);
    assert_int_equal(options.canary, LM_CANARY_AUTO);
    assert_int_equal(options.random, LM_RANDOM_AUTO);
    assert_false(options.guard_handler);
    assert_int_equal(options.thp, LM_THP_ALWAYS);
    options.thp = LM_THP_NEVER;
    lm_init_adjust(&options);
    assert_int_equal(options.thp, LM_THP_NEVER); /* the user's word */
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends),
        cmocka_unit_test(killed),
        cmocka_unit_test(damage_is_found_at_the_end),
        cmocka_unit_test(children_end_for_themselves),
        cmocka_unit_test(starts_once),
        cmocka_unit_test(the_heap_beneath),
    };
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            ways[i].run();
    program = argv[0];
    return cmocka_run_group_tests(tests, told_start, told_end);
}
