/* A double free, and then a process goes on or ends in some way: processes BEFORE END.
 * tests/scripts/check_core.sh looks at what is told. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flaw.h"

static char **arguments;

static void *hidden(void *p) {
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

__attribute__((noinline)) static void flaw_here(void) {
    void *p = hidden(malloc(10));
    free(p);
    free(hidden(p));
}

__attribute__((noinline)) static void flaw_there(void) {
    void *p = hidden(malloc(20));
    free(p);
    free(hidden(p));
}

static void wait_for(pid_t child) {
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        abort();
}

/* ---- Before -------------------------------------------------------------------------------- */

static void plain(void) {
    flaw_here();
}

/* The program closes what it doesn't know, and then has the same numbers for a file of its own. */
static void close_all(void) {
    void *p = hidden(malloc(20));
    free(p);
    flaw_here();
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    for (int fd = open("other", O_WRONLY | O_CREAT | O_TRUNC, 0600); fd >= 0 && fd < 1023;)
        fd = dup(fd);
}

static void change_folder(void) {
    if (chdir("/") != 0)
        abort();
    flaw_here();
}

/* Two in the parent, and one in the child. */
static void with_fork(void) {
    flaw_here();
    pid_t child = fork();
    if (child == 0) {
        flaw_there();
        exit(0);
    }
    wait_for(child);
    flaw_there();
}

static void with_vfork(void) {
    flaw_here();
    pid_t child = vfork();
    if (child == 0)
        _exit(0);
    wait_for(child);
}

static void with_exec(void) {
    flaw_here();
    execl("/proc/self/exe", arguments[0], "plain", arguments[2], (char *)NULL);
    abort();
}

static void *in_thread(void *unused) {
    flaw_here();
    return unused;
}

static void with_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, in_thread, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}

/* ---- The end ------------------------------------------------------------------------------- */

static void by_exit(void) {
    exit(4);
}

static void by_exit_at_once(void) {
    _exit(5);
}

static void by_c_exit_at_once(void) {
    _Exit(6);
}

static void by_quick_exit(void) {
    quick_exit(7);
}

static void by_kill(void) {
    raise(SIGKILL);
}

int main(int argc, char **argv) {
    static const flaw before[] = {
        {"plain", plain},      {"close", close_all}, {"chdir", change_folder}, {"fork", with_fork},
        {"vfork", with_vfork}, {"exec", with_exec},  {"thread", with_thread},
    };
    static const flaw ends[] = {
        {"exit", by_exit},
        {"_exit", by_exit_at_once},
        {"_Exit", by_c_exit_at_once},
        {"quick_exit", by_quick_exit},
        {"abort", abort},
        {"kill", by_kill},
    };
    if (argc != 3)
        return 2;
    arguments = argv;
    if (run_flaw(before, sizeof before / sizeof *before, argv[1]) != 0)
        return 2;
    if (strcmp(argv[2], "return") == 0)
        return 8;
    return run_flaw(ends, sizeof ends / sizeof *ends, argv[2]);
}
