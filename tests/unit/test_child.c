/* The program that the command runs. Each test does it in a process of its own, since signals and the environment are
 * changed. */
#include "support/unit.h"

#include "cli/child.h"
#include "support/child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char shell[] = "sh", option[] = "-c";

/* Runs a line of the shell's between holding and releasing signals. */
static lm_child run(const char *line, const lm_child_watch *watch) {
    lm_child child;
    char text[512];
    snprintf(text, sizeof text, "%s", line);
    char *const arguments[] = {shell, option, text, NULL};
    lm_signals_hold();
    lm_child_run("/bin/sh", arguments, watch, &child);
    lm_signals_release();
    return child;
}

static int statuses(void *argument) {
    (void)argument;
    lm_child child = run("exit 7", NULL);
    if (child.start_error != 0 || !WIFEXITED(child.status) || WEXITSTATUS(child.status) != 7)
        return 1;
    child = run("kill -KILL $$", NULL);
    return WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGKILL ? 0 : 2;
}

static void how_it_ended(void **state) {
    (void)state;
    assert_int_equal(in_child(statuses, NULL), 0);
}

static int not_started(void *path) {
    lm_child child;
    char *const arguments[] = {shell, NULL};
    lm_signals_hold();
    lm_child_run(path, arguments, NULL, &child);
    lm_signals_release();
    return child.pid > 0 ? child.start_error : 0;
}

static void what_cant_be_started(void **state) {
    char nowhere[] = "/nonexistent/program", folder[] = "/tmp";
    (void)state;
    assert_int_equal(in_child(not_started, nowhere), ENOENT);
    assert_int_equal(in_child(not_started, folder), EACCES);
}

/* A text without "#!" is the shell's. */
static int text_file(void *path) {
    lm_child child;
    char argument[] = "5";
    char *const arguments[] = {path, argument, NULL};
    lm_signals_hold();
    lm_child_run(path, arguments, NULL, &child);
    lm_signals_release();
    return child.start_error == 0 ? WEXITSTATUS(child.status) : 100;
}

static void texts_are_run_by_the_shell(void **state) {
    char path[] = "/tmp/loam-child.XXXXXX";
    const int file = mkstemp(path);
    (void)state;
    assert_int_equal(write(file, "exit $1\n", 8), 8);
    close(file);
    chmod(path, 0755);
    assert_int_equal(in_child(text_file, path), 5);
    unlink(path);
}

/* Signals that somebody sends to this process are the program's. */
static int pass_on(void *argument) {
    (void)argument;
    /* What the program itself sends isn't: another process must. */
    const lm_child child = run("trap 'exit 9' USR1; (kill -USR1 $PPID) & "
                               "for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done",
                               NULL);
    return WIFEXITED(child.status) ? WEXITSTATUS(child.status) : 100;
}

static void signals_are_passed_on(void **state) {
    (void)state;
    assert_int_equal(in_child(pass_on, NULL), 9);
}

/* The program has the mask and the dispositions that this process was started with. */
static int inherited(void *argument) {
    sigset_t blocked, after;
    (void)argument;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    lm_child child;
    static char grep[] = "grep", quiet[] = "-q", mask[] = "SigBlk:.*0000000000000800",
                status[] = "/proc/self/status"; /* the shell clears its mask */
    char *const arguments[] = {grep, quiet, mask, status, NULL};
    lm_signals_hold();
    lm_child_run("/bin/grep", arguments, NULL, &child);
    lm_signals_release();
    if (child.start_error != 0 || child.status != 0)
        return 100;
    child = run("kill -HUP $$; exit 3", NULL);
    sigprocmask(SIG_SETMASK, NULL, &after);
    if (!sigismember(&after, SIGUSR2) || sigismember(&after, SIGTERM))
        return 101;
    if (signal(SIGCHLD, SIG_DFL) != SIG_IGN)
        return 102;
    return WIFEXITED(child.status) ? WEXITSTATUS(child.status) : 100;
}

static void masks_are_as_they_were(void **state) {
    (void)state;
    assert_int_equal(in_child(inherited, NULL), 3);
}

/* Held back, and taken when it is over. */
static int held(void *argument) {
    (void)argument;
    lm_signals_hold();
    raise(SIGTERM);
    sigset_t pending;
    sigpending(&pending);
    if (!sigismember(&pending, SIGTERM))
        return 1;
    lm_signals_release();
    return 2;
}

static void signals_are_held_back(void **state) {
    (void)state;
    assert_int_equal(in_child(held, NULL), -SIGTERM);
}

static void count(void *context) {
    ++*(int *)context;
}

/* Now and then, as long as the program runs. */
static int watched(void *argument) {
    int looks = 0;
    const lm_child_watch watch = {count, &looks};
    (void)argument;
    const lm_child child = run("sleep 1", &watch);
    return child.status == 0 && looks > 0 ? 0 : 1;
}

static void what_is_watched_is_looked_at(void **state) {
    (void)state;
    assert_int_equal(in_child(watched, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_ended),
        cmocka_unit_test(what_cant_be_started),
        cmocka_unit_test(texts_are_run_by_the_shell),
        cmocka_unit_test(signals_are_passed_on),
        cmocka_unit_test(masks_are_as_they_were),
        cmocka_unit_test(signals_are_held_back),
        cmocka_unit_test(what_is_watched_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
