// ctest-builds: release clang debug test-mode

/* Not with sanitizers, which have handlers and stacks of their own. */
#include "support/unit.h"

#include "check/explain.h"
#include "check/signals.h"
#include "check/withheld.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)

/* ---- In the stead of what it asks ------------------------------------------------------------------ */

static unsigned told;
static int told_number;
static uintptr_t told_pc;
static bool told_sure, program_handles;

bool lm_explain(int number, const siginfo_t *info, const lm_halt *m, bool sure) {
    assert_non_null(info);
    told++;
    told_number = number;
    told_pc = m->pc;
    told_sure = sure;
    return true;
}

/* Weak: a sanitizer brings the real one along. */
__attribute__((weak)) bool lm_signals_handled(int number) {
    (void)number;
    return program_handles;
}

/* The C library's, past the wrapper, which would bring the real ones along. */
extern int __sigaction(int number, const struct sigaction *action, struct sigaction *old);

/* ---- A handler on an alternate stack -------------------------------------------------------------- */

static _Alignas(64) char stack[256 << 10];
static void (*in_handler)(int number, siginfo_t *info, ucontext_t *context);

static void handle(int number, siginfo_t *info, void *context) {
    in_handler(number, info, context);
}

static int set_up(void **state) {
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    (void)state;
    sigemptyset(&action.sa_mask);
    told = 0;
    told_number = 0;
    program_handles = false;
    lm_withheld_returned(SIGUSR1); /* nothing is left of the test before */
    return syscall(SYS_sigaltstack, &alternate, NULL) == 0 &&
                   __sigaction(SIGUSR1, &action, NULL) == 0
               ? 0
               : -1;
}

static void run(void (*function)(int, siginfo_t *, ucontext_t *)) {
    in_handler = function;
    raise(SIGUSR1);
}

static void keep_and_tell(int number, siginfo_t *info, ucontext_t *context) {
    lm_withheld_keep(number, info, context);
    assert_int_equal(told, 0);
    lm_withheld_tell();
    assert_int_equal(told, 1);
    assert_int_equal(told_number, number);
    assert_int_equal(told_pc, context->uc_mcontext.gregs[REG_RIP]);
    lm_withheld_tell();
}

static void told_when_the_program_ends_in_the_handler(void **state) {
    (void)state;
    run(keep_and_tell);
    assert_int_equal(told, 1); /* once */
    assert_false(told_sure);
}

static void keep(int number, siginfo_t *info, ucontext_t *context) {
    lm_withheld_keep(number, info, context);
}

/* A program may jump out of its handler. */
static void not_told_elsewhere(void **state) {
    (void)state;
    lm_withheld_tell();
    assert_int_equal(told, 0);
    run(keep);
    lm_withheld_tell();
    assert_int_equal(told, 0);
}

static void keep_and_return(int number, siginfo_t *info, ucontext_t *context) {
    lm_withheld_keep(number, info, context);
    lm_withheld_returned(SIGUSR2); /* another one's */
    lm_withheld_returned(number);
    lm_withheld_tell();
}

static void not_told_when_the_handler_comes_back(void **state) {
    (void)state;
    run(keep_and_return);
    assert_int_equal(told, 0);
}

static void keep_and_return_another(int number, siginfo_t *info, ucontext_t *context) {
    lm_withheld_keep(number, info, context);
    lm_withheld_returned(SIGUSR2);
    lm_withheld_tell();
}

static void another_handler_says_nothing(void **state) {
    (void)state;
    run(keep_and_return_another);
    assert_int_equal(told, 1);
}

/* It sent itself the signal once more, to end by it: that waits until the handler is left. */
static void raise_and_return(int number, siginfo_t *info, ucontext_t *context) {
    in_handler = keep; /* when it comes again */
    lm_withheld_keep(number, info, context);
    raise(number);
    assert_int_equal(told, 0);
    lm_withheld_returned(number);
    assert_int_equal(told, 1);
}

static void told_when_the_signal_comes_again(void **state) {
    (void)state;
    run(raise_and_return);
    assert_int_equal(told, 1);
}

static void raise_handled(int number, siginfo_t *info, ucontext_t *context) {
    in_handler = keep;
    lm_withheld_keep(number, info, context);
    raise(number);
    lm_withheld_returned(number);
}

static void not_told_when_the_program_handles_it_again(void **state) {
    (void)state;
    program_handles = true;
    run(raise_handled);
    assert_int_equal(told, 0);
}

/* Another frame has come to lie there. */
static void change_and_tell(int number, siginfo_t *info, ucontext_t *context) {
    lm_withheld_keep(number, info, context);
    context->uc_mcontext.gregs[REG_RIP]++;
    lm_withheld_tell();
    context->uc_mcontext.gregs[REG_RIP]--;
    lm_withheld_keep(number, info, context);
    context->uc_mcontext.gregs[REG_RSP] += 16;
    lm_withheld_tell();
    context->uc_mcontext.gregs[REG_RSP] -= 16;
    void *address = info->si_addr;
    lm_withheld_keep(number, info, context);
    info->si_addr = (char *)address + 1;
    lm_withheld_tell();
    info->si_addr = address;
}

static void not_told_of_another_frame(void **state) {
    (void)state;
    run(change_and_tell);
    assert_int_equal(told, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(told_when_the_program_ends_in_the_handler, set_up),
        cmocka_unit_test_setup(not_told_elsewhere, set_up),
        cmocka_unit_test_setup(not_told_when_the_handler_comes_back, set_up),
        cmocka_unit_test_setup(another_handler_says_nothing, set_up),
        cmocka_unit_test_setup(told_when_the_signal_comes_again, set_up),
        cmocka_unit_test_setup(not_told_when_the_program_handles_it_again, set_up),
        cmocka_unit_test_setup(not_told_of_another_frame, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
    return 77;
}
#endif
