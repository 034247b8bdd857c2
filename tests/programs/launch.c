/* Runs one program and everything it starts, and says how it went.
 *
 *     launch RESULT PRELOAD SECONDS PROGRAM [ARGUMENT...]
 *
 * PROGRAM gets LD_PRELOAD=PRELOAD; the launcher itself runs without, so that its own memory and
 * time don't count. RESULT gets one line of `key=value` fields:
 *
 *     status    exit status as a shell sees it (128 + n for signal n)
 *     seconds   from start to end of PROGRAM
 *     peak_kib  resident set of the largest single process, at its peak
 *     late      1 when SECONDS had passed and PROGRAM was killed
 *     left      processes that still lived when PROGRAM had ended; they are killed
 *
 * A script can't do this: a daemon leaves its session (postgres puts each of its processes into
 * one of their own) and would survive, and the peak of a child started by a large interpreter is
 * never reported below the interpreter's own. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    exit(125);
}

/* Kills the children that the launcher has now and returns how many there were. */
static int kill_children(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *list = fopen(path, "r");
    if (list == NULL)
        fail(path);
    int killed = 0;
    int pid;
    while (fscanf(list, "%d", &pid) == 1)
        killed += kill(pid, SIGKILL) == 0;
    fclose(list);
    return killed;
}

/* As the subreaper the launcher inherits each orphan below it, so that killing children until
 * there are none ends the whole tree. */
static int end_tree(void) {
    int left = 0;
    for (;;) {
        left += kill_children();
        if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
            return left;
    }
}

static int shell_status(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits until `child` has ended; orphans that end meanwhile are reaped. Returns false when the time
 * is over or when the launcher itself is asked to end. */
static int wait_for(pid_t child, const sigset_t *signals, double deadline, int *status) {
    for (;;) {
        pid_t ended;
        while ((ended = waitpid(-1, status, WNOHANG)) > 0) {
            if (ended == child)
                return 1;
        }
        double rest = deadline - now();
        if (rest <= 0)
            return 0;
        struct timespec pause = {(time_t)rest, (long)((rest - (double)(time_t)rest) * 1e9)};
        int signal = sigtimedwait(signals, NULL, &pause);
        if (signal == SIGTERM || signal == SIGINT)
            return 0;
    }
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: launch RESULT PRELOAD SECONDS PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);

    double start = now();
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        setsid();
        setenv("LD_PRELOAD", argv[2], 1);
        execvp(argv[4], argv + 4);
        fail(argv[4]);
    }

    int status = 0;
    int in_time = wait_for(child, &signals, start + atof(argv[3]), &status);
    double seconds = now() - start;
    int left = end_tree();
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);

    FILE *result = fopen(argv[1], "w");
    if (result == NULL)
        fail(argv[1]);
    fprintf(result, "status=%d seconds=%.3f peak_kib=%ld late=%d left=%d\n",
            in_time ? shell_status(status) : 124, seconds, usage.ru_maxrss, !in_time,
            in_time ? left : 0);
    fclose(result);
    return 0;
}
