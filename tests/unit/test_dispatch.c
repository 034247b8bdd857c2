// ctest-builds: release clang debug test-mode ubsan

/* Not with sanitizers that take the C library's system calls themselves. */
#include "support/unit.h"

#include "check/dispatch.h"
#include "check/shadow.h"
#include "check/signals.h"
#include "support/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)

enum { GOOD = 33, BAD = 34, CANT = 77, OPENED_MOST = 6 };

/* ---- In the stead of what keeps tracked blocks --------------------------------------------------- */

static const void *volatile opened[OPENED_MOST];
static volatile unsigned opened_count, released; /* glibc says that its calls change nothing here */

void lm_shadow_open(const void *at) {
    opened[opened_count % OPENED_MOST] = at;
    opened_count++;
}

/* Nothing is tracked any more, so no call is taken. */
void lm_shadow_release_all(void) {
    released++;
    lm_dispatch_set(false);
}

/* ---- A process whose system calls are taken: those of the C library's instructions ----------------- */

static volatile sig_atomic_t came;

static void on_signal(int number, siginfo_t *info, void *context) {
    came++;
    if (number != SIGSYS || !lm_dispatch_taken(info, context))
        _exit(BAD);
}

static bool start(void) {
    came = 0;
    opened_count = released = 0;
    signal(SIGSYS, SIG_DFL); /* cmocka's */
    return lm_signals_start(on_signal) && lm_dispatch_start();
}

static int done(bool right) {
    lm_dispatch_set(false);
    return right ? GOOD : BAD;
}

#define REQUIRE_START()                                                                            \
    do {                                                                                           \
        if (!start())                                                                              \
            return CANT;                                                                           \
    } while (0)

static void expect_good(int (*function)(void *)) {
    const int status = in_child(function, NULL);
    if (status == CANT)
        skip();
    assert_int_equal(status, GOOD);
}

/* A call that is handed plain buffers: those are opened, and it goes on as if nothing had been. */
static int plain(void *argument) {
    char from[] = "some bytes", to[sizeof from] = "";
    int ends[2];
    (void)argument;
    REQUIRE_START();
    if (pipe(ends) != 0)
        return BAD;
    const bool before = lm_dispatch_set(true);
    const long wrote = syscall(SYS_write, ends[1], from, sizeof from);
    const unsigned came_first = (unsigned)came;
    bool right = !before && came_first == 1 && opened_count == OPENED_MOST &&
                 opened[0] == (const void *)(uintptr_t)ends[1] && opened[1] == from &&
                 opened[2] == (const void *)sizeof from;
    const long got = syscall(SYS_read, ends[0], to, sizeof to);
    right &= wrote == sizeof from && got == sizeof to && memcmp(from, to, sizeof to) == 0;
    return done(right && came == 2 && released == 0);
}

static void plain_calls_open_what_they_are_given(void **state) {
    (void)state;
    expect_good(plain);
}

/* Its errors, all its registers, and what lies on the stack are as they would be. */
static int results(void *argument) {
    volatile char on_stack[64];
    (void)argument;
    REQUIRE_START();
    for (size_t i = 0; i < sizeof on_stack; i++)
        on_stack[i] = (char)i;
    lm_dispatch_set(true);
    errno = 0;
    bool right = syscall(SYS_close, -1) == -1 && errno == EBADF;
    right &= syscall(SYS_getpid) == getpid();
    const struct timespec moment = {0, 1000};
    right &= nanosleep(&moment, NULL) == 0;
    for (size_t i = 0; i < sizeof on_stack; i++)
        right &= on_stack[i] == (char)i;
    return done(right && came >= 3 && released == 0);
}

static void results_are_the_kernels(void **state) {
    (void)state;
    expect_good(results);
}

/* Of any other call nobody knows what it touches: all is released, and then it runs. */
static int other(void *argument) {
    stack_t now;
    (void)argument;
    REQUIRE_START();
    lm_dispatch_set(true);
    const long result = syscall(SYS_sigaltstack, NULL, &now);
    const bool right = result == 0 && released == 1 && opened_count == 0 && came == 1;
    return done(right && !lm_dispatch_set(false));
}

static void other_calls_release_everything(void **state) {
    (void)state;
    expect_good(other);
}

/* Some calls are plain by what they are asked for. */
static int by_request(void *argument) {
    int ready = 0, ends[2];
    (void)argument;
    REQUIRE_START();
    if (pipe(ends) != 0)
        return BAD;
    lm_dispatch_set(true);
    bool right = syscall(SYS_ioctl, ends[0], FIONREAD, &ready) == 0 && released == 0;
    right &= syscall(SYS_fcntl, ends[0], F_GETFL) >= 0 && released == 0;
    right &= syscall(SYS_fcntl, ends[0], F_GETPIPE_SZ) > 0 && released == 1;
    lm_dispatch_set(true);
    right &= syscall(SYS_ioctl, ends[0], FIONBIO, &ready) == 0;
    return done(right && released == 2);
}

static void what_is_asked_for_decides(void **state) {
    (void)state;
    expect_good(by_request);
}

/* Only while it is wished, and never Loam's own. */
static int not_taken(void *argument) {
    (void)argument;
    REQUIRE_START();
    bool right = syscall(SYS_getpid) > 0 && came == 0;
    right &= !lm_dispatch_set(true) && lm_dispatch_set(true);
    long own = SYS_getpid;
    __asm__ volatile("syscall" : "+a"(own) : : "rcx", "r11", "memory");
    right &= own > 0 && came == 0;
    right &= lm_dispatch_set(false);
    return done(right && syscall(SYS_getpid) == own && came == 0);
}

static void taken_while_it_is_wished(void **state) {
    (void)state;
    expect_good(not_taken);
}

/* SIGSYS of a filter of the program's own (seccomp), or from anywhere. */
static void other_signals_are_the_programs(void **state) {
    siginfo_t info = {.si_signo = SIGSYS, .si_code = SI_USER};
    ucontext_t context;
    (void)state;
    memset(&context, 0, sizeof context);
    assert_false(lm_dispatch_taken(&info, &context));
    assert_int_equal(context.uc_mcontext.gregs[REG_RIP], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_calls_open_what_they_are_given),
        cmocka_unit_test(results_are_the_kernels),
        cmocka_unit_test(other_calls_release_everything),
        cmocka_unit_test(what_is_asked_for_decides),
        cmocka_unit_test(taken_while_it_is_wished),
        cmocka_unit_test(other_signals_are_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
    return 77;
}
#endif
