/* The program's own options, the environment's, and the first calls. Each case is a fresh process:
 * the test starts itself again with an argument. */
#include "support/unit.h"

#include "base/finding.h"
#include "heap/init.h"
#include "support/child.h"
#include "support/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char loam_default_options[] = "keep=3MiB:on_error=report";

static char *myself;

static void value_is(const char *key, const char *expected) {
    char buffer[64];
    assert_int_equal(loam_option(key, buffer, sizeof buffer), strlen(expected));
    assert_string_equal(buffer, expected);
}

static void the_programs_options(void **state) {
    (void)state;
    value_is("keep", "3145728");
    value_is("on_error", "report");
    value_is("stats", "0");
    for (int kind = 0; kind < LM_KINDS_COUNT; kind++)
        assert_int_equal(lm_finding_rule.policy[kind], LM_POLICY_REPORT);
    assert_int_equal(lm_once.arena.keep, 3 << 20);
}

static void unknown_keys(void **state) {
    char buffer[8];
    (void)state;
    assert_int_equal(loam_option("kep", buffer, sizeof buffer), -1);
    assert_int_equal(loam_option("", buffer, sizeof buffer), -1);
}

static void values_are_cut(void **state) {
    char buffer[4];
    (void)state;
    assert_int_equal(loam_option("keep", buffer, sizeof buffer), 7);
    assert_string_equal(buffer, "314");
    assert_int_equal(loam_option("keep", NULL, 0), 7);
}

static void versions(void **state) {
    (void)state;
    assert_string_equal(loam_version(), LM_VERSION);
}

static void more_calls_change_nothing(void **state) {
    (void)state;
    assert_true(lm_init());
    assert_true(lm_init());
    assert_int_equal(stats_now().arenas, 1);
}

/* ---- Fresh processes
 * ------------------------------------------------------------------------------------ */

/* Runs this program again with the options and the name of a case below; what it said on standard
 * error. */
static int fresh(const char *options, const char *name, char *said, size_t size) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        setenv("LOAM_OPTIONS", options, 1);
        execl(myself, myself, name, (char *)NULL);
        _exit(99);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], said + length, size - 1 - length)) > 0;)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* In the fresh process: exits with 7 when all is well. */
static int fresh_main(const char *name) {
    char *volatile p = loam_malloc(100);
    if (strcmp(name, "keep") == 0)
        return lm_once.arena.keep == 5 << 20 ? 7 : 1;
    if (strcmp(name, "arena") == 0)
        return lm_once.lookups[0].size == 8 << 20 ? 7 : 1;
    if (strcmp(name, "nothing") == 0)
        return 7;
    loam_free(p);
    loam_free(p);
    return 7; /* "twice" */
}

static char said[8192];

static void the_environment_comes_last(void **state) {
    (void)state;
    assert_int_equal(fresh("keep=5m", "keep", said, sizeof said), 7);
    assert_string_equal(said, "");
    assert_int_equal(fresh("arena=8MiB", "arena", said, sizeof said), 7);
}

static void mistakes_are_named(void **state) {
    (void)state;
    assert_int_equal(fresh("keeep=5", "nothing", said, sizeof said), 7);
    assert_non_null(strstr(said, "keeep"));
    assert_non_null(strstr(said, "LOAM_OPTIONS"));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void what_happens_on_errors(void **state) {
    (void)state;
    assert_int_equal(fresh("on_error=abort", "twice", said, sizeof said), -SIGABRT);
    assert_non_null(strstr(said, "double-free"));
    assert_int_equal(fresh("", "twice", said, sizeof said), 7); /* the program's own: report */
    assert_non_null(strstr(said, "double-free"));
    assert_non_null(strstr(said, "class 112"));
    assert_int_equal(fresh("on_error=ignore", "twice", said, sizeof said), 7);
    assert_string_equal(said, "");
}

static void help_and_stats(void **state) {
    (void)state;
    assert_int_equal(fresh("help=1", "nothing", said, sizeof said), 7);
    assert_non_null(strstr(said, "on_error"));
    assert_int_equal(fresh("stats=1", "nothing", said, sizeof said), 7);
    assert_non_null(strstr(said, "peak"));
}

static void files(void **state) {
    char path[] = "/tmp/loam-test-XXXXXX", options[64], line[8192] = "";
    (void)state;
    int file = mkstemp(path);
    snprintf(options, sizeof options, "loaded_file=%s", path);
    assert_int_equal(fresh(options, "nothing", said, sizeof said), 7);
    assert_true(read(file, line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, " " LM_VERSION "\n"));
    snprintf(options, sizeof options, "stats_file=%s", path);
    assert_int_equal(fresh(options, "nothing", said, sizeof said), 7);
    assert_true(read(file, line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "\"pid\":"));
    close(file);
    unlink(path);
}

/* Where there is little address space: an arena that fits, and no complaint. */
static void little_address_space(void **state) {
    static const char command[] = "ulimit -v 500000; exec \"$0\" nothing";
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || LM_THREAD_SANITIZER
    skip(); /* their shadow alone is larger */
#endif
    pid_t child = fork();
    int status;
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, myself, (char *)NULL);
        _exit(99);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

int main(int count, char **arguments) {
    if (count > 1)
        return fresh_main(arguments[1]);
    myself = arguments[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_programs_options),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(values_are_cut),
        cmocka_unit_test(versions),
        cmocka_unit_test(more_calls_change_nothing),
        cmocka_unit_test(the_environment_comes_last),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(what_happens_on_errors),
        cmocka_unit_test(help_and_stats),
        cmocka_unit_test(files),
        cmocka_unit_test(little_address_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
