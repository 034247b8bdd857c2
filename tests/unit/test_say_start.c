#include "support/unit.h"

#include "cli/say.h"
#include "cli/say_start.h"
#include "support/child.h"
#include "support/said.h"

#include <errno.h>
#include <fcntl.h>

static void expect_not_found(const char *name, int error, int status, const char *sentence) {
    said_begin();
    const int is = lm_say_not_found(name, error);
    assert_string_equal(said_end(), sentence);
    assert_int_equal(is, status);
}

static void programs_that_arent_found(void **state) {
    (void)state;
    expect_not_found("x", ENOENT, LM_STATUS_NOT_FOUND, "loam: x was not found in PATH\n");
    expect_not_found("", ENOENT, LM_STATUS_NOT_FOUND,
                     "loam: a program without a name was not found in PATH\n");
    expect_not_found("./x", ENOENT, LM_STATUS_NOT_FOUND, "loam: ./x was not found\n");
    expect_not_found("x", EISDIR, LM_STATUS_NOT_EXECUTABLE,
                     "loam: x can't be executed: it is a directory\n");
    expect_not_found("x", EACCES, LM_STATUS_NOT_EXECUTABLE,
                     "loam: x can't be executed: Permission denied\n");
    expect_not_found("x", ENAMETOOLONG, LM_STATUS_NOT_FOUND,
                     "loam: x was not found: File name too long\n");
}

static void expect_start(pid_t pid, int error, int status, const char *sentence) {
    const lm_child child = {.pid = pid, .start_error = error};
    said_begin();
    const int is = lm_say_start_error("x", &child);
    assert_string_equal(said_end(), sentence);
    assert_int_equal(is, status);
}

static void programs_that_dont_start(void **state) {
    (void)state;
    expect_start(-1, EAGAIN, LM_STATUS_FAILED,
                 "loam: no process can be made for x: Resource temporarily unavailable\n");
    expect_start(7, ENOENT, LM_STATUS_NOT_FOUND,
                 "loam: x can't be executed: No such file or directory\n");
    expect_start(7, ENOEXEC, LM_STATUS_NOT_EXECUTABLE,
                 "loam: x can't be executed: Exec format error\n");
}

/* Where the standard files are closed, the next one that is opened would be one of them. */
static int open_without_standard_files(void *path) {
    for (int i = 0; i <= STDERR_FILENO; i++)
        close(i);
    FILE *file = lm_open_apart(path);
    return file && fileno(file) > STDERR_FILENO && fcntl(fileno(file), F_GETFD) == FD_CLOEXEC &&
                   fcntl(STDIN_FILENO, F_GETFD) == -1
               ? 0
               : 1;
}

static void files_are_never_standard_ones(void **state) {
    char path[] = "/tmp/loam-say.XXXXXX";
    (void)state;
    close(mkstemp(path));
    assert_int_equal(in_child(open_without_standard_files, path), 0);
    unlink(path);
    errno = 0;
    assert_null(lm_open_apart("/nonexistent/file"));
    assert_int_equal(errno, ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_that_arent_found),
        cmocka_unit_test(programs_that_dont_start),
        cmocka_unit_test(files_are_never_standard_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
