#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

#include <fcntl.h>
#include <limits.h>

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static int with(const char *content) {
    FILE *file = tmpfile();
    fputs(content, file);
    fflush(file);
    int fd = dup(fileno(file));
    fclose(file);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void reads_and_writes(void **state) {
    (void)state;
    char *to = block(8);
    int fd = with("abcdefghijklmnop");
    GOOD(assert_int_equal(lm_wrap_read(fd, to, 8), 8), "read", to, 8, WRITE);
    assert_memory_equal(to, "abcdefgh", 8);
    BAD(assert_int_equal(lm_wrap_read(fd, to, 100), 8), "read", to, 100, WRITE);
    BAD(lm_wrap___read_chk(fd, to, 9, 99), "read", to, 9, WRITE);
    BAD(assert_int_equal(lm_wrap_pread(fd, to, 9, 1), 9), "pread", to, 9, WRITE);
    BAD(lm_wrap_pread64(fd, to, 9, 1), "pread", to, 9, WRITE);
    BAD(lm_wrap___pread_chk(fd, to, 9, 1, 99), "pread", to, 9, WRITE);
    BAD(lm_wrap___pread64_chk(fd, to, 9, 1, 99), "pread", to, 9, WRITE);
    BAD(assert_int_equal(lm_wrap_write(fd, to, 9), 9), "write", to, 9, READ);
    BAD(lm_wrap_pwrite(fd, to, 9, 0), "pwrite", to, 9, READ);
    BAD(lm_wrap_pwrite64(fd, to, 9, 0), "pwrite", to, 9, READ);
    close(fd);
    errno = 0;
    assert_int_equal(lm_wrap_read(-1, to, 100), -1);
    assert_int_equal(errno, EBADF);
}

static void reads_and_writes_in_pieces(void **state) {
    (void)state;
    char *a = block(4), *b = block(4);
    int fd = with("abcdefghijklmnop");
    struct iovec good[] = {{a, 4}, {b, 4}}, bad[] = {{a, 4}, {b, 5}};
    GOOD(assert_int_equal(lm_wrap_readv(fd, good, 2), 8), "readv", b, 4, WRITE);
    assert_memory_equal(b, "efgh", 4);
    BAD(lm_wrap_readv(fd, bad, 2), "readv", b, 5, WRITE);
    BAD(lm_wrap_preadv(fd, bad, 2, 0), "preadv", b, 5, WRITE);
    BAD(lm_wrap_preadv64(fd, bad, 2, 0), "preadv", b, 5, WRITE);
    BAD(lm_wrap_writev(fd, bad, 2), "writev", b, 5, READ);
    BAD(lm_wrap_pwritev(fd, bad, 2, 0), "pwritev", b, 5, READ);
    BAD(lm_wrap_pwritev64(fd, bad, 2, 0), "pwritev", b, 5, READ);
    struct iovec *half = block(sizeof *half);
    *half = good[0];
    BAD(lm_wrap_readv(fd, half, 2), "readv", half, 2 * sizeof *half, READ);
    forget();
    volatile int negative = -1;
    assert_int_equal(lm_wrap_readv(fd, good, negative), -1);
    assert_int_equal(touched_count, 0);
    close(fd);
}

static void names(void **state) {
    (void)state;
    char *to = block(200), *tight = block(4), here[PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    GOOD(assert_string_equal(lm_wrap_getcwd(to, 200), here), "getcwd", to, 200, WRITE);
    BAD(lm_wrap_getcwd(tight, 200), "getcwd", tight, 200, WRITE);
    BAD(lm_wrap___getcwd_chk(tight, 200, 200), "getcwd", tight, 200, WRITE);
    GOOD(assert_ptr_equal(lm_wrap_realpath("/usr/.././usr", to), to), "realpath", to, 5, WRITE);
    assert_string_equal(to, "/usr");
    BAD(lm_wrap_realpath("/usr/.././usr", tight), "realpath", tight, 5, WRITE);
    BAD(lm_wrap___realpath_chk("/usr", tight, PATH_MAX), "realpath", tight, 5, WRITE);
    char *made = lm_wrap_realpath(text("/usr"), NULL);
    assert_string_equal(made, "/usr");
    free(made);
    errno = 0;
    assert_null(lm_wrap_realpath("/nowhere/at/all", to));
    assert_int_equal(errno, ENOENT);
    assert_string_equal(to, "/nowhere");
    BAD(lm_wrap_readlink("/proc/self/exe", tight, 100), "readlink", tight, 100, WRITE);
    BAD(lm_wrap___readlink_chk("/proc/self/exe", tight, 5, 9), "readlink", tight, 5, WRITE);
    BAD(lm_wrap_readlinkat(AT_FDCWD, "/proc/self/exe", tight, 5), "readlinkat", tight, 5, WRITE);
    BAD(lm_wrap___readlinkat_chk(AT_FDCWD, "/", tight, 5, 9), "readlinkat", tight, 5, WRITE);
    BAD(lm_wrap_gethostname(tight, 200), "gethostname", tight, 200, WRITE);
    BAD(lm_wrap___gethostname_chk(tight, 200, 999), "gethostname", tight, 200, WRITE);
    BAD(assert_int_equal(lm_wrap_getrandom(tight, 5, 0), 5), "getrandom", tight, 5, WRITE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reads_and_writes, fresh),
        cmocka_unit_test_setup(reads_and_writes_in_pieces, fresh),
        cmocka_unit_test_setup(names, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
