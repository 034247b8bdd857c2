/* What the programs here share. They know nothing of Loam: whatever fails is said with its place,
 * and the program ends. No function here allocates. */
#ifndef PRELOAD_CHECK_H
#define PRELOAD_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)

/* _exit, since the failure may be in a place from which exit() can't be called. */
static inline void check_failed(const char *file, int line, const char *condition) {
    dprintf(STDERR_FILENO, "%s:%d: failed: %s (errno %d)\n", file, line, condition, errno);
    _exit(EXIT_FAILURE);
}

/* The number behind `key` in a file of /proc such as "VmRSS:", in its unit; -1 when it isn't there.
 */
static inline long proc_number(const char *path, const char *key) {
    static const size_t most = 16384;
    char text[16384];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    ssize_t length = 0, n;
    while ((size_t)length < most - 1 &&
           (n = read(file, text + length, most - 1 - (size_t)length)) > 0)
        length += n;
    close(file);
    text[length] = '\0';
    const char *found = strstr(text, key);
    return found ? strtol(found + strlen(key), NULL, 10) : -1;
}

static inline long resident_kib(void) {
    return proc_number("/proc/self/status", "VmRSS:");
}

static inline long peak_kib(void) {
    return proc_number("/proc/self/status", "VmHWM:");
}

/* Lines of /proc/self/maps. */
static inline long count_mappings(void) {
    char text[4096];
    long lines = 0;
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    for (ssize_t n; (n = read(file, text, sizeof text)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            lines += text[i] == '\n';
    close(file);
    return lines;
}

/* The child must exit with 0. */
static inline void expect_success(pid_t child) {
    int status;
    pid_t ended;
    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    CHECK(ended == child);
    if (WIFSIGNALED(status))
        dprintf(STDERR_FILENO, "child %d: signal %d\n", (int)child, WTERMSIG(status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Pseudo-random numbers: the same ones in each run (xorshift). */
static inline unsigned next_random(unsigned *state) {
    unsigned x = *state ? *state : 1;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

#endif
