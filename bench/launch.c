/*
 * loam-bench-launch FD LIBRARY PROGRAM [ARGUMENT...]: runs the program with the library preloaded
 * ("-": none), waits for it, and writes one line of JSON about it to the file descriptor.
 *
 * Why not from the runner itself: the peak memory that the kernel reports for a child includes that
 * of the process it was forked from, and a Python interpreter is larger than some workloads. This
 * one is smaller than any program. And it doesn't copy itself to start one, so that the start of a
 * small program isn't hidden behind its own.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* wait4 */
#endif

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { USAGE = 125, NOT_STARTED = 127 };

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static long long in_us(struct timeval time) {
    return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

static void report(int file, long long wall, int code, const struct rusage *usage) {
    dprintf(file,
            "{\"status\": %d, \"wall_us\": %lld, \"user_us\": %lld, \"system_us\": %lld, "
            "\"peak_rss_kib\": %ld, "
            "\"minor_faults\": %ld, \"major_faults\": %ld}\n",
            code, wall, in_us(usage->ru_utime), in_us(usage->ru_stime), usage->ru_maxrss,
            usage->ru_minflt, usage->ru_majflt);
}

/* The launcher itself was started without the library: only what it starts sees the variable. */
static int run(char **command, int file) {
    struct rusage usage = {0};
    pid_t child;
    const long long start = now_us();
    const int error = posix_spawn(&child, command[0], NULL, NULL, command, environ);
    if (error != 0) {
        fprintf(stderr, "loam-bench-launch: %s: %s\n", command[0], strerror(error));
        report(file, 0, NOT_STARTED, &usage);
        return 0;
    }
    int status = 0;
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return USAGE;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    report(file, now_us() - start, code, &usage);
    return 0;
}

int main(int count, char **arguments) {
    if (count < 4) {
        fputs("usage: loam-bench-launch FD LIBRARY|- PROGRAM [ARGUMENT...]\n", stderr);
        return USAGE;
    }
    const int file = atoi(arguments[1]);
    const char *library = arguments[2];
    fcntl(file, F_SETFD, FD_CLOEXEC); /* the program has no business with it */
    if (strcmp(library, "-") != 0 && setenv("LD_PRELOAD", library, 1) != 0)
        return USAGE;
    return run(arguments + 3, file);
}
