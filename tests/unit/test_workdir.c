#include "support/unit.h"

#include "cli/workdir.h"
#include "support/said.h"

#include <sys/stat.h>

static lm_workdir workdir;

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void put_file(const char *path) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static int usual(void **state) {
    (void)state;
    return unsetenv("TMPDIR");
}

static void for_this_user_only(void **state) {
    struct stat status;
    (void)state;
    assert_true(lm_workdir_make(&workdir));
    assert_true(starts_with(workdir.folder, "/tmp/loam-"));
    assert_int_equal(stat(workdir.folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_true(starts_with(workdir.stats, workdir.folder));
    assert_true(starts_with(workdir.loaded, workdir.folder));
    assert_true(starts_with(workdir.library, workdir.folder));
    assert_false(is_folder(workdir.check));
    lm_workdir_remove(&workdir);
    assert_false(is_folder(workdir.folder));
}

static void nothing_stays_behind(void **state) {
    char path[300];
    (void)state;
    assert_true(lm_workdir_make(&workdir));
    assert_true(lm_workdir_make_check(&workdir));
    assert_true(is_folder(workdir.check));
    put_file(workdir.loaded);
    put_file(workdir.stats);
    assert_int_equal(symlink("/nowhere", workdir.library), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(path, sizeof path, "%s/%d", workdir.check, i);
        put_file(path);
    }
    lm_workdir_remove(&workdir);
    assert_false(is_folder(workdir.folder));
}

static void the_checks_folder_once(void **state) {
    (void)state;
    assert_true(lm_workdir_make(&workdir));
    assert_true(lm_workdir_make_check(&workdir));
    said_begin();
    assert_false(lm_workdir_make_check(&workdir));
    assert_non_null(strstr(said_end(), workdir.check));
    lm_workdir_remove(&workdir);
}

/* Where TMPDIR says, unless the path couldn't be written into LD_PRELOAD or LOAM_OPTIONS. */
static void where_temporary_files_belong(void **state) {
    char folder[] = "/tmp/loam-test.XXXXXX", bad[200], name[150];
    (void)state;
    assert_non_null(mkdtemp(folder));
    setenv("TMPDIR", folder, 1);
    assert_true(lm_workdir_make(&workdir));
    assert_true(starts_with(workdir.folder, folder));
    lm_workdir_remove(&workdir);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *const names[] = {"with blank", "with:colon", "with'quote", name};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(bad, sizeof bad, "%s/%s", folder, names[i]);
        assert_int_equal(mkdir(bad, 0700), 0);
        setenv("TMPDIR", bad, 1);
        assert_true(lm_workdir_make(&workdir));
        assert_true(starts_with(workdir.folder, "/tmp/loam-"));
        assert_false(starts_with(workdir.folder, folder));
        lm_workdir_remove(&workdir);
        rmdir(bad);
    }
    setenv("TMPDIR", ".", 1); /* the program may change its folder */
    assert_true(lm_workdir_make(&workdir));
    assert_int_equal(workdir.folder[0], '/');
    lm_workdir_remove(&workdir);
    setenv("TMPDIR", "/nonexistent", 1);
    assert_true(lm_workdir_make(&workdir));
    lm_workdir_remove(&workdir);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(for_this_user_only, usual, usual),
        cmocka_unit_test_setup_teardown(nothing_stays_behind, usual, usual),
        cmocka_unit_test_setup_teardown(the_checks_folder_once, usual, usual),
        cmocka_unit_test_setup_teardown(where_temporary_files_belong, usual, usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
