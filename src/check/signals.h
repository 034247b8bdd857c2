/* Signals that the checker takes, and the program doesn't notice: for it, its own handlers and dispositions are
 * in force. The wrappers (wrap_signal.c) ask here; the trap hands on what isn't Loam's.
 *
 * Handlers are set by plain system calls, with a way back of Loam's own: while blocks are tracked (dispatch.h),
 * the C library's would be taken for a system call of the program. */
#ifndef LM_CHECK_SIGNALS_H
#define LM_CHECK_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP and SIGSYS now go to `handler`, on the alternate stack.
 * False: not on this machine. */
bool lm_signals_start(void (*handler)(int number, siginfo_t *info, void *context));

/* Whether the signal is one of those. */
bool lm_signals_taken(int number);

/* Whether the program has a handler for such a signal. */
bool lm_signals_handled(int number);

/* sigaction for such a signal, as the program sees it. Either may be NULL. */
void lm_signals_action(int number, const struct sigaction *action, struct sigaction *old);

/* What may be blocked: a set without the signals that must come through, which would end the program if they
 * came blocked. */
void lm_signals_let_through(sigset_t *set);

/* In the handler: what would have happened without Loam. A fault whose default action it is to end the program
 * comes again, after this returns. */
void lm_signals_pass(int number, siginfo_t *info, ucontext_t *context);

/* An alternate stack for the calling thread, unless it has one. */
void lm_signals_thread_start(void);
void lm_signals_thread_end(void);

/* sigaltstack, as the program sees it: while its stack is no larger than Loam's, handlers run on Loam's, since
 * the program's own may be too small for them, or gone. Returns 0 or -errno. Either may be NULL. */
int lm_signals_stack(const stack_t *stack, stack_t *old);

#endif
