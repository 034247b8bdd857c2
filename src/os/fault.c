#include "os/fault.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

static const int caught[] = {SIGSEGV, SIGBUS};
enum { CAUGHT = sizeof caught / sizeof caught[0] };

static struct sigaction before[CAUGHT];
static bool (*judge_fault)(const lm_os_fault *fault);

/* The processor's own word for it: bit 1 of the page fault's error code (Intel SDM, vol. 3, 4.7). */
static const char *access_of(const void *context) {
#if defined(__x86_64__)
    enum { WRITE = 2 };
    const ucontext_t *at = context;
    return at->uc_mcontext.gregs[REG_ERR] & WRITE ? "write to" : "read of";
#else
    (void)context;
    return "access to";
#endif
}

static void default_action(int number) {
    struct sigaction action = {0};
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
}

/* As if this handler weren't there. A fault that the default action shall have comes again when the
 * access is repeated; a signal that somebody sent doesn't. */
static void pass_on(int number, siginfo_t *info, void *context) {
    const struct sigaction *old = &before[number == caught[1]];
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(number, info, context);
    } else if (old->sa_handler == SIG_IGN && info->si_code <= 0) {
        return;
    } else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
        default_action(number);
        if (info->si_code <= 0)
            raise(number);
    } else {
        old->sa_handler(number);
    }
}

static void on_fault(int number, siginfo_t *info, void *context) {
    int saved = errno;
    lm_os_fault fault = {(uintptr_t)info->si_addr, NULL};
    bool is_access = info->si_code > 0 && info->si_code != SI_KERNEL;
    if (is_access)
        fault.access = access_of(context);
    if (is_access && judge_fault(&fault))
        default_action(number);
    else
        pass_on(number, info, context);
    errno = saved;
}

bool lm_os_catch_faults(bool (*judge)(const lm_os_fault *fault)) {
    int saved = errno;
    bool done = true;
    struct sigaction action = {0};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    judge_fault = judge;
    for (int i = 0; i < CAUGHT; i++)
        done = sigaction(caught[i], &action, &before[i]) == 0 && done;
    errno = saved;
    return done;
}
