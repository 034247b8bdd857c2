/* The C library's functions for handlers of signals and for masks: the signals that the checker takes stay
 * taken, and the program sees what it set. The C library's own calls of them don't come here. */
#include "check/signals.h"

#include "base/compiler.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#define EXPORTED __attribute__((visibility("default")))

/* Other names of the C library for the same functions, which it exports for such as this. */
extern int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

typedef int mask_function(int how, const sigset_t *set, sigset_t *old);
static mask_function *real_sigprocmask, *real_pthread_sigmask;

__attribute__((constructor)) static void find_real(void) {
    *(void **)&real_sigprocmask = dlsym(RTLD_NEXT, "sigprocmask");
    *(void **)&real_pthread_sigmask = dlsym(RTLD_NEXT, "pthread_sigmask");
}

/* A handler of the program's must not block them either. */
static int set_action(int number, const struct sigaction *action, struct sigaction *old) {
    if (lm_signals_taken(number)) {
        lm_signals_action(number, action, old);
        return 0;
    }
    if (!action)
        return __sigaction(number, NULL, old);
    struct sigaction bearable = *action;
    lm_signals_let_through(&bearable.sa_mask);
    return __sigaction(number, &bearable, old);
}

EXPORTED int sigaction(int number, const struct sigaction *action, struct sigaction *old);
int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
    return set_action(number, action, old);
}

static __sighandler_t set_handler(int number, __sighandler_t handler, int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    sigemptyset(&action.sa_mask);
    if (!(flags & SA_NODEFER))
        sigaddset(&action.sa_mask, number);
    return set_action(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

#define SIGNAL(name, flags)                                                                        \
    EXPORTED __sighandler_t name(int number, __sighandler_t handler);                              \
    __sighandler_t name(int number, __sighandler_t handler) {                                      \
        return set_handler(number, handler, flags);                                                \
    }

SIGNAL(signal, SA_RESTART)
SIGNAL(bsd_signal, SA_RESTART)
SIGNAL(ssignal, SA_RESTART)
SIGNAL(sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))
SIGNAL(__sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))

static int mask(mask_function *real, int how, const sigset_t *set, sigset_t *old) {
    sigset_t bearable;
    if (!real)
        return ENOSYS;
    if (!set || how == SIG_UNBLOCK)
        return real(how, set, old);
    bearable = *set;
    lm_signals_let_through(&bearable);
    return real(how, &bearable, old);
}

EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigprocmask(int how, const sigset_t *set, sigset_t *old) {
    if (!real_sigprocmask)
        find_real();
    return mask(real_sigprocmask, how, set, old);
}

EXPORTED int pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
    if (!real_pthread_sigmask)
        find_real();
    return mask(real_pthread_sigmask, how, set, old);
}

EXPORTED int sigaltstack(const stack_t *stack, stack_t *old);
int sigaltstack(const stack_t *stack, stack_t *old) {
    const int result = lm_signals_stack(stack, old);
    if (result == 0)
        return 0;
    errno = -result;
    return -1;
}
