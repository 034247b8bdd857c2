#include "support/unit.h"

#include "base/compiler.h"
#include "check/signals.h"
#include "os/os.h"
#include "support/child.h"
#include "support/thread.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

enum { STACK = 128 << 10, GOOD = 33 };

/* ---- A process whose signals are taken ----------------------------------------------------------- */

static volatile sig_atomic_t came; /* to Loam's handler */

static void take(int number, siginfo_t *info, void *context) {
    came++;
    lm_signals_pass(number, info, context);
}

/* Without the sanitizers' handlers, and their stacks for handlers. */
static bool start(void) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    came = 0;
    return syscall(SYS_sigaltstack, &none, NULL) == 0 && lm_signals_start(take);
}

static int (*to_run)(void *);

/* Nor with cmocka's handlers. */
static int by_default(void *argument) {
    signal(SIGFPE, SIG_DFL);
    signal(SIGSYS, SIG_DFL);
    return to_run(argument);
}

static int run(int (*function)(void *)) {
    to_run = function;
    return in_child(by_default, NULL);
}

static void set_handler(int number, void (*handler)(int), int flags, int masked) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    if (masked)
        sigaddset(&action.sa_mask, masked);
    lm_signals_action(number, &action, NULL);
}

static bool is_blocked(int number) {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    return sigismember(&now, number);
}

/* A fault that the compiler doesn't see, nor a sanitizer. */
static volatile char *volatile nowhere = NULL;
static __attribute__((noinline, no_sanitize("address", "undefined", "thread"))) void fault(void) {
    *nowhere = 1;
}

static void at_all_exit(int number) {
    (void)number;
    _exit(GOOD);
}

/* ---- What is taken ------------------------------------------------------------------------------- */

static void before_the_start(void **state) {
    sigset_t set;
    (void)state;
    sigfillset(&set);
    lm_signals_let_through(&set);
    assert_true(sigismember(&set, SIGSEGV));
    for (int i = -1; i < 70; i++)
        assert_false(lm_signals_taken(i) || lm_signals_handled(i));
}

static int look_at_taken(void *argument) {
    static const int taken[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    size_t count = 0;
    sigset_t set;
    (void)argument;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV); /* blocked when Loam comes */
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (!start() || is_blocked(SIGSEGV))
        return 1;
    for (int i = -1000; i < 1000; i++)
        count += lm_signals_taken(i);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (!lm_signals_taken(taken[i]) || lm_signals_handled(taken[i]))
            return 2;
    if (count != sizeof taken / sizeof taken[0] || lm_signals_handled(SIGUSR1) ||
        lm_signals_handled(100000) || lm_signals_handled(-100000))
        return 3;
    sigfillset(&set);
    lm_signals_let_through(&set);
    for (int i = 1; i < 32; i++)
        if (sigismember(&set, i) == (i == SIGSEGV || i == SIGBUS || i == SIGTRAP || i == SIGSYS))
            return 4;
    return GOOD;
}

static void what_is_taken(void **state) {
    (void)state;
    assert_int_equal(run(look_at_taken), GOOD);
}

/* What was there before, and what is set later, is what the program sees. */
static int look_at_actions(void *argument) {
    struct sigaction action = {.sa_handler = at_all_exit, .sa_flags = SA_NODEFER | SA_RESTART}, old;
    (void)argument;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGFPE, &action, NULL);
    signal(SIGBUS, SIG_IGN);
    if (!start())
        return 1;
    lm_signals_action(SIGFPE, NULL, &old);
    if (!LM_THREAD_SANITIZER && /* which puts a handler of its own there */
        (old.sa_handler != at_all_exit || old.sa_flags != (SA_NODEFER | SA_RESTART) ||
         !sigismember(&old.sa_mask, SIGUSR1) || sigismember(&old.sa_mask, SIGUSR2)))
        return 2;
    lm_signals_action(SIGBUS, NULL, &old);
    if (old.sa_handler != SIG_IGN || !lm_signals_handled(SIGFPE) || lm_signals_handled(SIGBUS))
        return 3;
    for (int i = 0; i < 3; i++) { /* the same memory for both */
        struct sigaction both = {.sa_handler = i % 2 ? SIG_IGN : at_all_exit, .sa_flags = i};
        lm_signals_action(SIGSEGV, &both, &both);
        if (i > 0 && (both.sa_handler != (i % 2 ? at_all_exit : SIG_IGN) || both.sa_flags != i - 1))
            return 4;
    }
    lm_signals_action(SIGSEGV, NULL, NULL);
    if (!lm_signals_handled(SIGSEGV))
        return 5;
    uintptr_t kernels[4] = {0};
    syscall(SYS_rt_sigaction, SIGSEGV, NULL, kernels, 8);
    return kernels[0] == (uintptr_t)take ? GOOD : 6;
}

static void what_the_program_sees(void **state) {
    (void)state;
    assert_int_equal(run(look_at_actions), GOOD);
}

/* ---- Passing on ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;
static sigjmp_buf back;

static void count(int number) {
    handled += number == SIGSEGV || number == SIGFPE || number == SIGABRT;
}

static void jump(int number) {
    handled += number == SIGSEGV && is_blocked(SIGSEGV);
    siglongjmp(back, 1);
}

static const siginfo_t *given;
static void count_with_info(int number, siginfo_t *info, void *context) {
    const ucontext_t *at = context;
    given = info;
    handled +=
        number == info->si_signo && info->si_pid == getpid() && at->uc_stack.ss_size == STACK;
}

static int handlers_run(void *argument) {
    (void)argument;
    if (!start())
        return 1;
    set_handler(SIGABRT, count, 0, 0);
    raise(SIGABRT);
    raise(SIGABRT);
    if (handled != 2 || came != 2 || is_blocked(SIGABRT))
        return 2;
    struct sigaction action = {.sa_sigaction = count_with_info, .sa_flags = SA_SIGINFO};
    lm_signals_action(SIGFPE, &action, NULL);
    raise(SIGFPE);
    if (handled != 3 || !given)
        return 3;
    set_handler(SIGSEGV, jump, 0, 0);
    for (int i = 0; i < 3; i++) /* a real one, again and again */
        if (sigsetjmp(back, 1) == 0)
            fault();
    return handled == 6 && came == 6 && !is_blocked(SIGSEGV) ? GOOD : 4;
}

static volatile sig_atomic_t masks;
static void note_masks(int number) {
    masks = is_blocked(number) | is_blocked(SIGUSR1) << 1 | is_blocked(SIGUSR2) << 2 |
            is_blocked(SIGBUS) << 3;
}

/* As they would be, but for what must come through. */
static int masks_are_the_programs(void *argument) {
    sigset_t set;
    (void)argument;
    if (!start())
        return 1;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    set_handler(SIGABRT, note_masks, 0, SIGUSR1);
    raise(SIGABRT);
    if (masks != 7 || is_blocked(SIGABRT) || is_blocked(SIGUSR1) || !is_blocked(SIGUSR2))
        return 2;
    set_handler(SIGABRT, note_masks, SA_NODEFER, 0);
    raise(SIGABRT);
    if (masks != 4)
        return 3;
    set_handler(SIGABRT, note_masks, 0, SIGBUS);
    raise(SIGABRT);
    return masks == 5 ? GOOD : 4;
}

static int once_only(void *argument) {
    struct sigaction now;
    (void)argument;
    if (!start())
        return 1;
    set_handler(SIGABRT, count, (int)SA_RESETHAND, 0);
    raise(SIGABRT);
    lm_signals_action(SIGABRT, NULL, &now);
    if (handled != 1 || now.sa_handler != SIG_DFL)
        return 2;
    raise(SIGABRT);
    return 3;
}

static int ignored(void *argument) {
    (void)argument;
    if (!start())
        return 1;
    set_handler(SIGSEGV, SIG_IGN, 0, 0);
    raise(SIGSEGV);
    set_handler(SIGTRAP, SIG_IGN, 0, 0);
    raise(SIGTRAP);
    return came == 2 ? GOOD : 2;
}

static void passed_on(void **state) {
    (void)state;
    assert_int_equal(run(handlers_run), GOOD);
    assert_int_equal(run(masks_are_the_programs), GOOD);
    assert_int_equal(run(once_only), -SIGABRT);
    assert_int_equal(run(ignored), GOOD);
}

/* ---- The end of a program ------------------------------------------------------------------------ */

static int sent_signal;

static int die_by_sent(void *argument) {
    (void)argument;
    if (!start())
        return 1;
    raise(sent_signal);
    return 2;
}

static int die_by_fault(void *argument) {
    (void)argument;
    if (start())
        fault();
    return 2;
}

static int die_though_ignored(void *argument) {
    (void)argument;
    if (!start())
        return 1;
    set_handler(SIGSEGV, SIG_IGN, 0, 0);
    fault();
    return 2;
}

static void fault_again(int number) {
    (void)number;
    handled++;
    fault();
}

/* It comes while it is blocked. */
static int die_in_handler(void *argument) {
    (void)argument;
    if (!start())
        return 1;
    set_handler(SIGSEGV, fault_again, 0, 0);
    fault();
    return 2;
}

static int die_by_break(void *argument) {
    (void)argument;
    if (start())
        __asm__ volatile("int3");
    return 2;
}

static int die_by_bad_code(void *argument) {
    (void)argument;
    if (start())
        __asm__ volatile("ud2");
    return 2;
}

static void ends_as_without(void **state) {
    static const int all[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        sent_signal = all[i];
        assert_int_equal(run(die_by_sent), -all[i]);
    }
    assert_int_equal(run(die_by_fault), -SIGSEGV);
    assert_int_equal(run(die_though_ignored), -SIGSEGV);
    assert_int_equal(run(die_in_handler), -SIGSEGV);
    assert_int_equal(run(die_by_break), -SIGTRAP);
    assert_int_equal(run(die_by_bad_code), -SIGILL);
}

/* ---- Stacks for handlers ------------------------------------------------------------------------- */

static stack_t kernels(void) {
    stack_t now;
    memset(&now, 0, sizeof now);
    syscall(SYS_sigaltstack, NULL,
            &now); /* the C library's call is wrapped, as everywhere in the checker */
    return now;
}

static bool is_own(void) {
    const stack_t now = kernels();
    return !(now.ss_flags & SS_DISABLE) && now.ss_size == STACK;
}

static int (*volatile deeper)(volatile char *above);

static __attribute__((noinline, no_sanitize("address", "undefined", "thread"))) int
dive(volatile char *above) {
    volatile char room[4096];
    room[0] = above ? above[0] : 0;
    return deeper(room) + room[0];
}

/* Nothing is left of the stack: the handler has another. */
static int overflow(void *argument) {
    const struct rlimit little = {256 << 10, RLIM_INFINITY};
    (void)argument;
    if (!start() || !is_own())
        return 1;
    setrlimit(RLIMIT_STACK, &little);
    set_handler(SIGSEGV, at_all_exit, 0, 0);
    deeper = dive;
    return dive(NULL);
}

static char small_stack[STACK], large_stack[STACK + 4096];

static int set_stacks(void *argument) {
    const stack_t small = {.ss_sp = small_stack, .ss_size = STACK};
    const stack_t large = {.ss_sp = large_stack, .ss_size = STACK + 4096};
    const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t old;
    (void)argument;
    if (!start())
        return 1;
    const void *own = kernels().ss_sp;
    if (lm_signals_stack(NULL, &old) != 0 || old.ss_flags != SS_DISABLE)
        return 2;
    if (lm_signals_stack(&small, &old) != 0 || old.ss_flags != SS_DISABLE || kernels().ss_sp != own)
        return 3;
    if (lm_signals_stack(&large, &old) != 0 || old.ss_sp != small_stack || old.ss_size != STACK ||
        kernels().ss_sp != large_stack)
        return 4;
    if (lm_signals_stack(NULL, &old) != 0 || old.ss_sp != large_stack)
        return 5;
    if (lm_signals_stack(&none, &old) != 0 || old.ss_sp != large_stack || kernels().ss_sp != own)
        return 6;
    return lm_signals_stack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE && !old.ss_sp ? GOOD : 7;
}

static void set_kernels(const stack_t *stack) {
    syscall(SYS_sigaltstack, stack, NULL);
}

/* A sanitizer may have given each a stack, and wants to find it again. */
static void *look_in_thread(void *argument) {
    const stack_t none = {.ss_flags = SS_DISABLE}, first = kernels();
    set_kernels(&none);
    const bool before = is_own();
    lm_signals_thread_start();
    const bool during = is_own();
    const void *at = kernels().ss_sp;
    lm_signals_thread_start(); /* once is enough */
    const bool same = kernels().ss_sp == at;
    lm_signals_thread_end();
    const bool after = !(kernels().ss_flags & SS_DISABLE);
    lm_signals_thread_end();
    set_kernels(&first);
    return !before && during && same && !after ? argument : NULL;
}

/* A thread that has a stack of its own keeps it. */
static void *keep_in_thread(void *argument) {
    const stack_t small = {.ss_sp = small_stack, .ss_size = STACK}, first = kernels();
    set_kernels(&small);
    lm_signals_thread_start();
    const bool kept = kernels().ss_sp == small_stack;
    const stack_t large = {.ss_sp = large_stack, .ss_size = STACK + 4096};
    const bool plain = lm_signals_stack(&large, NULL) == 0 && kernels().ss_sp == large_stack;
    lm_signals_thread_end();
    const bool stays = kernels().ss_sp == large_stack;
    set_kernels(&first);
    return kept && plain && stays ? argument : NULL;
}

static int stacks_of_threads(void *argument) {
    int any;
    (void)argument;
    if (!start())
        return 1;
    if (in_thread(look_in_thread, &any) != &any)
        return 2;
    return in_thread(keep_in_thread, &any) == &any ? GOOD : 3;
}

static void stacks(void **state) {
    (void)state;
    assert_int_equal(run(overflow), GOOD);
    assert_int_equal(run(set_stacks), GOOD);
    assert_int_equal(run(stacks_of_threads), GOOD);
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_start),      cmocka_unit_test(what_is_taken),
        cmocka_unit_test(what_the_program_sees), cmocka_unit_test(passed_on),
        cmocka_unit_test(ends_as_without),       cmocka_unit_test(stacks),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
#endif
}
