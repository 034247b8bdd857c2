#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often what is watched is looked at while nothing else happens. */
enum { WATCH_EACH_NS = 200 * 1000 * 1000 };

/* What the process was started with, for the program. */
static sigset_t original_mask;
static struct sigaction original_child_action;

/* All signals but those of this process's own faults, and those that stop it as the terminal's
 * reader or writer, which it becomes only in the background like any other command. */
static void fill_held(sigset_t *set) {
    static const int free_ones[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                    SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU};
    sigfillset(set);
    for (size_t i = 0; i < sizeof free_ones / sizeof free_ones[0]; i++)
        sigdelset(set, free_ones[i]);
}

void lm_signals_hold(void) {
    sigset_t held;
    fill_held(&held);
    sigprocmask(SIG_BLOCK, &held, &original_mask);
    /* Who started this process may have ignored it; then the end of the program couldn't be waited
     * for. */
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &usual, &original_child_action);
}

void lm_signals_release(void) {
    sigaction(SIGCHLD, &original_child_action, NULL);
    sigprocmask(SIG_SETMASK, &original_mask, NULL);
}

/* ---- The program's side --------------------------------------------------------------------- */

/* Runs the file with the shell. The C library's execvp does this inside, but looks for the file
 * anew. */
static void execute_by_shell(const char *path, char *const argv[]) {
    size_t count = 0;
    while (argv[count] != NULL)
        count++;
    char **with_shell = calloc(count + 2, sizeof *with_shell);
    if (with_shell == NULL)
        return;
    static char shell[] = "/bin/sh";
    char *script = strdup(path);
    with_shell[0] = shell;
    with_shell[1] = script;
    for (size_t i = 1; i < count; i++)
        with_shell[i + 1] = argv[i];
    if (script != NULL)
        execve(shell, with_shell, environ);
}

static _Noreturn void become(const char *path, char *const argv[], int report) {
    lm_signals_release();
    execve(path, argv, environ);
    if (errno == ENOEXEC)
        execute_by_shell(path, argv);
    const int error = errno;
    /* If it can't be said, the status at least tells that there was no program. */
    const ssize_t written = write(report, &error, sizeof error);
    (void)written;
    _exit(127);
}

/* ---- This process's side -------------------------------------------------------------------- */

/* Stops this process as the program stopped, so that the shell takes notice. SIGTSTP leaves a
 * process alone that no shell could continue. Afterwards a SIGCONT is pending if it did stop. */
static void stop_too(void) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    /* The terminal's own SIGTSTP may be pending beside it: one stop is enough. */
    const struct timespec no_time = {0};
    while (sigtimedwait(&stop, NULL, &no_time) > 0)
        continue;
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
}

/* Whether the program needs to be sent the signal that came. */
static bool must_forward(const siginfo_t *signal, pid_t program) {
    switch (signal->si_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGHUP:
    case SIGWINCH:
        /* From the terminal they go to the whole process group. */
        return signal->si_code != SI_KERNEL && signal->si_pid != program;
    case SIGCONT:
        /* A second one does no harm, a missing one leaves the program stopped. */
        return true;
    default:
        /* What the program sends to its own process group has reached it. */
        return signal->si_code == SI_KERNEL || signal->si_pid != program;
    }
}

/* Takes note of what became of the program. Returns whether it has ended. */
static bool look_after(lm_child *child) {
    int status;
    pid_t pid;
    while ((pid = waitpid(child->pid, &status, WNOHANG | WUNTRACED)) == child->pid) {
        if (!WIFSTOPPED(status)) {
            child->status = status;
            return true;
        }
        stop_too();
    }
    if (pid == 0 || errno == EINTR)
        return false;
    /* Nobody else waits for it, so this can't be; but waiting on would be forever. */
    child->start_error = errno;
    return true;
}

static void wait_for_end(lm_child *child, const lm_child_watch *watch) {
    const struct timespec pause = {.tv_nsec = WATCH_EACH_NS};
    sigset_t held;
    fill_held(&held);
    for (;;) {
        siginfo_t signal;
        const int number = sigtimedwait(&held, &signal, watch == NULL ? NULL : &pause);
        if (number < 0 && errno == EAGAIN && watch != NULL) {
            watch->look(watch->context);
        } else if (number == SIGCHLD) {
            if (look_after(child))
                return;
        } else if (number > 0 && must_forward(&signal, child->pid)) {
            kill(child->pid, number);
        }
    }
}

/* Reads the error that `become` reports; 0 when the pipe closed by itself, which execve does. */
static int read_report(int report) {
    int error = 0;
    ssize_t length;
    do {
        length = read(report, &error, sizeof error);
    } while (length < 0 && errno == EINTR);
    return length == sizeof error ? error : 0;
}

void lm_child_run(const char *path, char *const argv[], const lm_child_watch *watch,
                  lm_child *child) {
    *child = (lm_child){.pid = -1};
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        child->start_error = errno;
        return;
    }
    child->pid = fork();
    if (child->pid == 0)
        become(path, argv, report[1]);
    child->start_error = child->pid < 0 ? errno : 0;
    close(report[1]);
    if (child->pid > 0) {
        child->start_error = read_report(report[0]);
        wait_for_end(child, watch);
    }
    close(report[0]);
}
