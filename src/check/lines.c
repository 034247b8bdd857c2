#include "check/lines.h"

#include "base/bits.h"
#include "base/system.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- The file --------------------------------------------------------------------------------- */

enum { PATH_MOST = 4096, DIGITS_MOST = 24 };
static char directory[PATH_MOST];

/* The program may close what it doesn't know, and open something else in its place. */
static int file = -1;
static dev_t device;
static ino_t inode;

bool lm_lines_wanted(void) {
    return directory[0] != '\0';
}

void lm_lines_start(const char *path) {
    size_t before = 0;
    directory[0] = '\0';
    if (path[0] == '\0')
        return;
    if (path[0] != '/') {
        long got = syscall(SYS_getcwd, directory, sizeof directory);
        if (got <= 0)
            return;
        before = (size_t)got;
        directory[before - 1] = '/';
    }
    if (before + DIGITS_MOST >= sizeof directory) {
        directory[0] = '\0';
        return;
    }
    size_t length = lm_min(strlen(path), sizeof directory - DIGITS_MOST - before);
    memcpy(directory + before, path, length);
    directory[before + length] = '\0';
}

static bool is_ours(void) {
    struct stat state;
    return file >= 0 && fstat(file, &state) == 0 && state.st_dev == device && state.st_ino == inode;
}

/* Far up, where no program expects its own. */
static int move_up(int low) {
    enum { HIGH = 1 << 16, BELOW_LIMIT = 8 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 4 * BELOW_LIMIT)
        return low;
    long wish = (long)lm_min((size_t)limit.rlim_cur, HIGH) - BELOW_LIMIT;
    long high = syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, wish);
    if (high < 0)
        return low;
    syscall(SYS_close, low);
    return (int)high;
}

static bool open_file(void) {
    char path[PATH_MOST];
    lm_text text;
    struct stat state;
    if (is_ours())
        return true;
    lm_text_init(&text, path, sizeof path);
    lm_text_format(&text, "%s/%d", directory, lm_os_process());
    file =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        return false;
    file = move_up(file);
    if (fstat(file, &state) == 0) {
        device = state.st_dev;
        inode = state.st_ino;
    }
    return true;
}

/* Where files have a limit (ulimit -f), more than that ends a process by a signal. It isn't the program that wants
 * to write. */
static long write_quietly(const char *bytes, size_t size) {
    const uint64_t limit = (uint64_t)1 << (SIGXFSZ - 1);
    const struct timespec at_once = {0, 0};
    uint64_t before = 0;
    const bool blocked = syscall(SYS_rt_sigprocmask, SIG_BLOCK, &limit, &before, sizeof limit) == 0;
    const long done = syscall(SYS_write, file, bytes, size);
    const int error = errno;
    if (blocked && done < 0 && error == EFBIG && !(before & limit))
        syscall(SYS_rt_sigtimedwait, &limit, NULL, &at_once, sizeof limit);
    if (blocked)
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
    errno = error;
    return done;
}

static void write_all(const char *bytes, size_t size) {
    while (size > 0) {
        const long done = write_quietly(bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        bytes += done;
        size -= (size_t)done;
    }
}

/* ---- Text ------------------------------------------------------------------------------------- */

static char buffer[16 * 1024];
static size_t used, ended; /* bytes; of whole lines */

void lm_lines_flush(void) {
    int saved = errno;
    if (ended > 0 && lm_lines_wanted() && open_file())
        write_all(buffer, ended);
    memmove(buffer, buffer + ended, used - ended);
    used -= ended;
    ended = 0;
    errno = saved;
}

void lm_lines_forked(void) {
    if (is_ours())
        syscall(SYS_close, file);
    file = -1;
    used = ended = 0;
}

/* A line that is longer than the buffer is cut. */
static void put(char c) {
    if (used + 1 >= sizeof buffer && ended > 0)
        lm_lines_flush();
    if (used + 1 < sizeof buffer)
        buffer[used++] = c;
}

void lm_lines_piece(const char *text) {
    for (; *text; text++)
        put(*text);
}

static void put_byte(unsigned char byte) {
    static const char digits[] = "0123456789abcdef";
    put(digits[byte >> 4]);
    put(digits[byte & 15]);
}

void lm_lines_begin(const char *word) {
    lm_lines_piece(word);
}

void lm_lines_key(const char *key) {
    put(' ');
    lm_lines_piece(key);
    put('=');
}

void lm_lines_text(const char *key, const char *value) {
    if (!value)
        return;
    lm_lines_key(key);
    for (; *value; value++) {
        if (*value >= '!' && *value <= '~' && *value != '%') {
            put(*value);
        } else {
            put('%');
            put_byte((unsigned char)*value);
        }
    }
}

void lm_lines_number(const char *key, uint64_t value) {
    char digits[DIGITS_MOST];
    lm_text text;
    lm_text_init(&text, digits, sizeof digits);
    lm_text_format(&text, "%llu", (unsigned long long)value);
    lm_lines_key(key);
    lm_lines_piece(digits);
}

void lm_lines_signed(const char *key, int64_t value) {
    char digits[DIGITS_MOST];
    lm_text text;
    lm_text_init(&text, digits, sizeof digits);
    lm_text_format(&text, "%lld", (long long)value);
    lm_lines_key(key);
    lm_lines_piece(digits);
}

void lm_lines_address(const char *key, uintptr_t value) {
    char digits[DIGITS_MOST];
    lm_text text;
    lm_text_init(&text, digits, sizeof digits);
    lm_text_format(&text, "0x%llx", (unsigned long long)value);
    lm_lines_key(key);
    lm_lines_piece(digits);
}

void lm_lines_hex(const char *key, const unsigned char *bytes, size_t size) {
    lm_lines_key(key);
    for (size_t i = 0; i < size; i++)
        put_byte(bytes[i]);
}

void lm_lines_end(void) {
    if (used < sizeof buffer)
        buffer[used++] = '\n';
    ended = used;
}
