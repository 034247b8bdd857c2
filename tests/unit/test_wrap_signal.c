// ctest-builds: release clang debug test-mode ubsan

/* Not with sanitizers that take the same names. The names are this program's own: their source is a part of it. */
#include "support/unit.h"

#include "check/wrap_signal.c"

#include <string.h>

/* ---- In the stead of signals.c: SIGSEGV is taken, and must never be blocked ------------------------ */

static struct sigaction seen_as;
static unsigned asked;

bool lm_signals_taken(int number) {
    return number == SIGSEGV;
}

void lm_signals_action(int number, const struct sigaction *action, struct sigaction *old) {
    assert_int_equal(number, SIGSEGV);
    asked++;
    if (old)
        *old = seen_as;
    if (action)
        seen_as = *action;
}

void lm_signals_let_through(sigset_t *set) {
    sigdelset(set, SIGSEGV);
}

static int stack_result;

int lm_signals_stack(const stack_t *stack, stack_t *old) {
    (void)stack, (void)old;
    return stack_result;
}

static void handler(int number) {
    (void)number;
}

static int set_up(void **state) {
    (void)state;
    memset(&seen_as, 0, sizeof seen_as);
    stack_result = 0;
    return __sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static struct sigaction kernels(int number) {
    struct sigaction now;
    assert_int_equal(__sigaction(number, NULL, &now), 0);
    return now;
}

/* ---- Handlers --------------------------------------------------------------------------------- */

static void taken_signals_stay_taken(void **state) {
    struct sigaction action = {.sa_handler = handler}, old;
    const __sighandler_t before = kernels(SIGSEGV).sa_handler;
    (void)state;
    asked = 0; /* cmocka has set its own */
    assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
    assert_true(kernels(SIGSEGV).sa_handler == before);
    assert_int_equal(sigaction(SIGSEGV, NULL, &old), 0);
    assert_true(old.sa_handler == handler);
    assert_true(signal(SIGSEGV, SIG_IGN) == handler);
    assert_true(seen_as.sa_handler == SIG_IGN);
    assert_true(kernels(SIGSEGV).sa_handler == before);
    assert_int_equal(asked, 3);
}

static void others_are_set_but_block_nothing_that_is_taken(void **state) {
    struct sigaction action = {.sa_handler = handler}, old;
    (void)state;
    asked = 0;
    sigfillset(&action.sa_mask);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_true(sigismember(&action.sa_mask, SIGSEGV)); /* the program's own stays as it is */
    const struct sigaction now = kernels(SIGUSR1);
    assert_true(now.sa_handler == handler);
    assert_false(sigismember(&now.sa_mask, SIGSEGV));
    assert_true(sigismember(&now.sa_mask, SIGUSR2));
    assert_int_equal(sigaction(SIGUSR1, NULL, &old), 0);
    assert_true(old.sa_handler == handler);
    assert_int_equal(asked, 0);
}

static void every_name_has_its_flags(void **state) {
    (void)state;
    assert_true(signal(SIGUSR1, handler) == SIG_DFL);
    struct sigaction now = kernels(SIGUSR1);
    assert_true(now.sa_handler == handler && (now.sa_flags & SA_RESTART));
    assert_true(sigismember(&now.sa_mask, SIGUSR1));
    assert_true(bsd_signal(SIGUSR1, SIG_IGN) == handler);
    assert_true(ssignal(SIGUSR1, handler) == SIG_IGN);
    assert_true(sysv_signal(SIGUSR1, handler) == handler);
    now = kernels(SIGUSR1);
    assert_true((now.sa_flags & (int)SA_RESETHAND) && (now.sa_flags & SA_NODEFER));
    assert_false(sigismember(&now.sa_mask, SIGUSR1));
    assert_true(__sysv_signal(SIGUSR1, SIG_DFL) == handler);
}

static void errors_are_the_c_librarys(void **state) {
    (void)state;
    errno = 0;
    assert_true(signal(SIGUSR1, SIG_ERR) == SIG_ERR);
    assert_int_equal(errno, EINVAL);
    errno = 0;
    assert_true(signal(1000, handler) == SIG_ERR);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(sigaction(SIGKILL, &(struct sigaction){.sa_handler = handler}, NULL), -1);
}

/* ---- Masks ------------------------------------------------------------------------------------- */

typedef int masks(int how, const sigset_t *set, sigset_t *old);

static void check_masks(masks *change) {
    sigset_t set, before, now;
    sigfillset(&set);
    assert_int_equal(change(SIG_SETMASK, &set, &before), 0);
    assert_true(sigismember(&set, SIGSEGV));
    assert_int_equal(change(SIG_BLOCK, NULL, &now), 0);
    assert_true(sigismember(&now, SIGUSR2));
    assert_false(sigismember(&now, SIGSEGV));
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGSEGV);
    assert_int_equal(change(SIG_UNBLOCK, &set, NULL), 0);
    assert_int_equal(change(SIG_BLOCK, &set, NULL), 0);
    assert_int_equal(change(SIG_BLOCK, NULL, &now), 0);
    assert_true(sigismember(&now, SIGUSR2));
    assert_false(sigismember(&now, SIGSEGV));
    assert_int_equal(change(SIG_SETMASK, &before, NULL), 0);
}

static void what_is_taken_is_never_blocked(void **state) {
    (void)state;
    check_masks(sigprocmask);
    check_masks(pthread_sigmask);
}

/* ---- Stacks ------------------------------------------------------------------------------------ */

static void stacks_are_signals_business(void **state) {
    stack_t stack = {0};
    (void)state;
    assert_int_equal(sigaltstack(&stack, NULL), 0);
    stack_result = -EPERM;
    errno = 0;
    assert_int_equal(sigaltstack(&stack, NULL), -1);
    assert_int_equal(errno, EPERM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(taken_signals_stay_taken, set_up),
        cmocka_unit_test_setup(others_are_set_but_block_nothing_that_is_taken, set_up),
        cmocka_unit_test_setup(every_name_has_its_flags, set_up),
        cmocka_unit_test_setup(errors_are_the_c_librarys, set_up),
        cmocka_unit_test_setup(what_is_taken_is_never_blocked, set_up),
        cmocka_unit_test_setup(stacks_are_signals_business, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
