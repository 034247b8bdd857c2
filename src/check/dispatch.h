/* No system call may meet a page that is closed only because Loam watches it: the kernel would say EFAULT where
 * the program was right. So while blocks are tracked, every system call of the program comes here first, by the
 * kernel's own means (PR_SET_SYSCALL_USER_DISPATCH, Linux 5.11; no privilege), wherever its instruction is.
 *
 * A call that hands over nothing but plain buffers opens those of the tracked blocks that it names, and goes
 * on. Any other opens them all. Loam's own calls (raw.h) aren't taken. */
#ifndef LM_CHECK_DISPATCH_H
#define LM_CHECK_DISPATCH_H

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* From now on the calling thread's system calls are taken while lm_dispatch_set says so. False: the kernel
 * can't. */
bool lm_dispatch_start(void);

/* Whether they are taken; returns how it was. */
bool lm_dispatch_set(bool taken);

/* In the handler of SIGSYS: whether it was such a call, which then goes on. */
bool lm_dispatch_taken(const siginfo_t *info, ucontext_t *context);

#endif
