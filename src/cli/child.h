/* Running the program: start it, be as good as not there while it runs, learn how it ended. */
#ifndef LM_CLI_CHILD_H
#define LM_CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct lm_child {
    pid_t pid;
    int start_error; /* errno of fork or execve when the program didn't start, else 0 */
    int status;      /* how it ended, as waitpid gives it; only when it started */
} lm_child;

/* What is to be looked at now and then while the program runs. */
typedef struct lm_child_watch {
    void (*look)(void *context);
    void *context;
} lm_child_watch;

/* Holds back all signals that would end or stop this process, but for those of its own faults,
 * until lm_signals_release: what is made after it can be removed before them. lm_child_run passes
 * them on to the program. */
void lm_signals_hold(void);

/* Signals have the effect again that they had before lm_signals_hold; those held back take it now.
 */
void lm_signals_release(void);

/* Executes the file at `path` with this process's environment and waits for its end, between
 * lm_signals_hold and lm_signals_release. The program has the signal mask and dispositions that
 * this process was started with, and its process group: a terminal's signals reach it directly.
 * Signals that somebody sends to this process reach it through this one. When it stops, so does
 * this process if a shell is there to continue it. A file in no format is run by /bin/sh, as execvp
 * does. `watch` may be NULL. */
void lm_child_run(const char *path, char *const argv[], const lm_child_watch *watch,
                  lm_child *child);

#endif
