/*
 * loam-bench-launch FD LIBRARY PROGRAM [ARGUMENT...]: runs the program with the library preloaded
 * ("-": none), waits for it, and writes one line of JSON about it to the file descriptor.
 *
 * Why not from the runner itself: the peak memory that the kernel reports for a child includes that
 * of the process it was forked from, and a Python interpreter is larger than some workloads. This
 * one is smaller than any program.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* wait4 */
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { USAGE = 125, NOT_STARTED = 127 };

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static long long in_us(struct timeval time) {
    return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

__attribute__((noreturn)) static void become(const char *library, char **command) {
    /* Who stops the launcher means the program. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strcmp(library, "-") != 0 && setenv("LD_PRELOAD", library, 1) != 0)
        _exit(NOT_STARTED);
    execv(command[0], command);
    fprintf(stderr, "loam-bench-launch: %s: %s\n", command[0], strerror(errno));
    _exit(NOT_STARTED);
}

static void report(int file, long long wall, int status, const struct rusage *usage) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    dprintf(file,
            "{\"status\": %d, \"wall_us\": %lld, \"user_us\": %lld, \"system_us\": %lld, "
            "\"peak_rss_kib\": %ld, "
            "\"minor_faults\": %ld, \"major_faults\": %ld}\n",
            code, wall, in_us(usage->ru_utime), in_us(usage->ru_stime), usage->ru_maxrss,
            usage->ru_minflt, usage->ru_majflt);
}

int main(int count, char **arguments) {
    if (count < 4) {
        fputs("usage: loam-bench-launch FD LIBRARY|- PROGRAM [ARGUMENT...]\n", stderr);
        return USAGE;
    }
    const int file = atoi(arguments[1]);
    fcntl(file, F_SETFD, FD_CLOEXEC); /* the program has no business with it */
    const long long start = now_us();
    const pid_t child = fork();
    if (child < 0) {
        perror("loam-bench-launch: fork");
        return USAGE;
    }
    if (child == 0)
        become(arguments[2], arguments + 3);
    int status = 0;
    struct rusage usage = {0};
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return USAGE;
    report(file, now_us() - start, status, &usage);
    return 0;
}
