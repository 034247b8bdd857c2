/* src/cli/find.c; the heap's find.c has test_find.c. */
#include "support/unit.h"

#include "cli/find.h"
#include "support/said.h"

#include <errno.h>
#include <sys/stat.h>

static char folder[] = "/tmp/loam-find.XXXXXX";
static char path[PATH_MAX];

static void make_path(char *to, size_t size, const char *name) {
    snprintf(to, size, "%s/%s", folder, name);
}

static void put_file(const char *name, mode_t mode) {
    char file_path[100];
    make_path(file_path, sizeof file_path, name);
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    fclose(file);
    chmod(file_path, mode);
}

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    put_file("program", 0755);
    put_file("text", 0644);
    make_path(path, sizeof path, "folder");
    return mkdir(path, 0755);
}

static int tear_down(void **state) {
    static const char *const names[] = {"program", "text"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        make_path(path, sizeof path, names[i]);
        unlink(path);
    }
    make_path(path, sizeof path, "folder");
    rmdir(path);
    return rmdir(folder);
}

static void assert_found(const char *name) {
    char wanted[100];
    make_path(wanted, sizeof wanted, name);
    assert_string_equal(path, wanted);
}

static void names_are_searched_in_path(void **state) {
    char paths[200];
    (void)state;
    snprintf(paths, sizeof paths, "/nonexistent:%s:/bin", folder);
    setenv("PATH", paths, 1);
    assert_int_equal(lm_find_program("program", path), 0);
    assert_found("program");
    assert_int_equal(lm_find_program("sh", path), 0);
    assert_string_equal(path, "/bin/sh");
    assert_int_equal(lm_find_program("no-such-program", path), ENOENT);
    assert_int_equal(lm_find_program("", path), ENOENT);
    /* One that may not be executed says more than one that isn't there. */
    assert_int_equal(lm_find_program("text", path), EACCES);
    assert_int_equal(lm_find_program("folder", path), ENOENT);
}

/* An empty part is the working folder; without PATH there are the usual ones. */
static void parts_that_arent_there(void **state) {
    (void)state;
    assert_int_equal(chdir(folder), 0);
    setenv("PATH", "/nonexistent::", 1);
    assert_int_equal(lm_find_program("program", path), 0);
    assert_string_equal(path, "./program");
    assert_int_equal(chdir("/"), 0);
    unsetenv("PATH");
    assert_int_equal(lm_find_program("sh", path), 0);
    assert_non_null(strstr(path, "bin/sh"));
}

static void paths_are_taken_as_they_are(void **state) {
    char name[100];
    static char longer[2 * PATH_MAX];
    (void)state;
    make_path(name, sizeof name, "program");
    assert_int_equal(lm_find_program(name, path), 0);
    assert_string_equal(path, name);
    make_path(name, sizeof name, "text");
    assert_int_equal(lm_find_program(name, path), EACCES);
    make_path(name, sizeof name, "folder");
    assert_int_equal(lm_find_program(name, path), EISDIR);
    assert_int_equal(lm_find_program("/nonexistent/x", path), ENOENT);
    memset(longer, '/', sizeof longer - 1);
    assert_int_equal(lm_find_program(longer, path), ENAMETOOLONG);
    assert_int_equal(lm_find_program("/dev/null", path), EACCES);
}

static void libraries_that_are_named(void **state) {
    char name[100];
    (void)state;
    make_path(name, sizeof name, "text");
    setenv("TEST_LIBRARY", name, 1);
    assert_true(lm_find_library("libnone.so", "TEST_LIBRARY", path));
    assert_string_equal(path, name);
    assert_int_equal(chdir(folder), 0);
    setenv("TEST_LIBRARY", "text", 1); /* becomes absolute */
    assert_true(lm_find_library("libnone.so", "TEST_LIBRARY", path));
    assert_found("text");
    assert_int_equal(chdir("/"), 0);
    setenv("TEST_LIBRARY", "/nonexistent.so", 1);
    said_begin();
    assert_false(lm_find_library("libnone.so", "TEST_LIBRARY", path));
    assert_non_null(strstr(said_end(), "TEST_LIBRARY names can't be read: /nonexistent.so"));
}

static void libraries_that_are_looked_for(void **state) {
    (void)state;
    unsetenv("TEST_LIBRARY");
    said_begin();
    assert_false(lm_find_library("libnone.so", "TEST_LIBRARY", path));
    assert_non_null(strstr(said_end(), "set TEST_LIBRARY"));
    setenv("TEST_LIBRARY", "", 1); /* as if it weren't set */
    char own[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    assert_true(length > 0);
    own[length] = '\0';
    assert_true(lm_find_library(lm_base_name(own), "TEST_LIBRARY", path)); /* beside itself */
    assert_string_equal(path, own);
}

static void base_names(void **state) {
    (void)state;
    assert_string_equal(lm_base_name("/usr/bin/ls"), "ls");
    assert_string_equal(lm_base_name("ls"), "ls");
    assert_string_equal(lm_base_name("/usr/bin/"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_searched_in_path),    cmocka_unit_test(parts_that_arent_there),
        cmocka_unit_test(paths_are_taken_as_they_are),   cmocka_unit_test(libraries_that_are_named),
        cmocka_unit_test(libraries_that_are_looked_for), cmocka_unit_test(base_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
