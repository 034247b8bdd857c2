/* Runs a function in a child process: for what ends a process, or must not change this one. */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals that tests expect end the child at once, without a sanitizer's, cmocka's or a core dump's
 * ado. */
static inline void child_dies_quietly(void) {
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP};
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], SIG_DFL);
}

/* The child's exit status, or minus the number of the signal that ended it. */
static inline int in_child(int (*function)(void *argument), void *argument) {
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        child_dies_quietly();
        _exit(function(argument));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 1000;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
