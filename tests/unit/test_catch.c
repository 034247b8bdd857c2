#include "support/unit.h"

#include "check/catch.h"
#include "check/exact.h"
#include "check/explain.h"
#include "check/signals.h"
#include "check/withheld.h"
#include "os/os.h"
#include "support/child.h"
#include "support/shared_tales.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

static const lm_block story = {.allocated_call = "malloc", .allocated = 7};
static const lm_block end = {.freed_call = "free", .freed = 9};

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_exact_start();
    return 0;
}

static bool none_failed(lm_failed *failed) {
    *failed = (lm_failed){.call = "malloc", .size = 5000, .stack = 3, .error = 12};
    return true;
}

/* Runs it in a child that the trap watches. */
static int watched(void (*function)(void)) {
    tales_start();
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        child_dies_quietly();
        lm_catch_seam.failed_last = none_failed;
        if (!lm_catch_start())
            _exit(99);
        function();
        _exit(5);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect(unsigned i, lm_code code, const char *access, size_t bytes, ptrdiff_t first,
                   ptrdiff_t last) {
    assert_true(i < told->count);
    assert_int_equal(told->of[i].tale.code, code);
    assert_string_equal(told->of[i].access, access);
    assert_int_equal(told->of[i].tale.bytes, bytes);
    assert_int_equal(told->of[i].tale.first, first);
    assert_int_equal(told->of[i].tale.last, last);
}

/* Where the block lies, the first and the second are at the end of their places, the third at the start. */
static char *new_at_end(size_t size) {
    for (;;) {
        char *p = lm_exact_new(size, 0, &story);
        if (((uintptr_t)p & (lm_os.page - 1)) != 0)
            return p;
    }
}

static void three_mistakes(void) {
    volatile int *p = (volatile int *)(void *)new_at_end(64);
    p[16] = 1;
    volatile double *d = (volatile double *)(void *)new_at_end(32);
    if (d[5] != 0) /* the guard that was opened is empty */
        _exit(1);
    lm_exact_free((void *)(uintptr_t)p, &end);
    p[1]++;
}

static void goes_on(void **state) {
    (void)state;
    assert_int_equal(watched(three_mistakes), 5);
    expect(0, LM_CODE_HEAP_OVERFLOW, "write", 4, 64, 67);
    expect(1, LM_CODE_HEAP_OVERFLOW, "read", 8, 40, 47);
    assert_true(told->count >= 3);
    assert_int_equal(told->of[2].tale.code, LM_CODE_USE_AFTER_FREE);
    assert_int_equal(told->of[2].tale.first, 4);
    assert_false(told->of[2].block.live);
}

static void before_start(void) {
    char *p;
    do
        p = lm_exact_new(40, 0, &story);
    while (((uintptr_t)p & (lm_os.page - 1)) != 0);
    *(volatile short *)(void *)(p - 2) = 1;
}

static void underflow(void **state) {
    (void)state;
    assert_int_equal(watched(before_start), 5);
    expect(0, LM_CODE_HEAP_UNDERFLOW, "write", 2, -2, -1);
}

static void repeated(void) {
    void *to = new_at_end(128);
    size_t count = 200;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
    if (count != 0)
        _exit(1);
}

static void string_instruction(void **state) {
    (void)state;
    assert_int_equal(watched(repeated), 5);
    expect(0, LM_CODE_HEAP_OVERFLOW, "write", 72, 128, 199);
}

/* ---- Crashes ----------------------------------------------------------------------------------- */

static volatile int *volatile nothing = (volatile int *)8;

static void write_null(void) {
    *nothing = 1;
}

static void null(void **state) {
    (void)state;
    assert_int_equal(watched(write_null), -SIGSEGV);
    assert_int_equal(told->count, 1);
    assert_int_equal(told->of[0].tale.code, LM_CODE_NULL_DEREF);
    assert_int_equal(told->of[0].tale.failed_size, 5000);
    assert_string_equal(told->of[0].access, "write");
}

static void follow_fill(void) {
    uintptr_t *p = (uintptr_t *)(void *)new_at_end(64);
    memset(p, 0xf5, 64);
    __asm__ volatile("mov 16(%0), %%rax\n mov (%%rax), %%rax" : : "r"(p) : "rax", "memory");
}

static void fresh_fill(void **state) {
    (void)state;
    assert_int_equal(watched(follow_fill), -SIGSEGV);
    assert_int_equal(told->count, 1);
    const lm_tale *tale = &told->of[0].tale;
    assert_int_equal(tale->code, LM_CODE_WILD_POINTER);
    assert_string_equal(tale->fill, "fresh");
    assert_string_equal(tale->register_name, "rax");
    assert_int_equal(tale->value, UINTPTR_MAX / 255 * 0xf5);
    assert_int_equal(told->of[0].block.size, 64);
}

static void follow_nowhere(void) {
    nothing = (volatile int *)(uintptr_t)0x123456789000;
    *nothing = 1;
}

static void nowhere(void **state) {
    (void)state;
    assert_int_equal(watched(follow_nowhere), -SIGSEGV);
    assert_int_equal(told->of[0].tale.code, LM_CODE_WILD_POINTER);
    assert_int_equal(told->of[0].tale.fault, 0x123456789000);
}

static int deepen(int n) {
    volatile char room[4096];
    room[0] = (char)n;
    return n == 0 ? 0 : deepen(n - 1) + room[0];
}

static void use_up_stack(void) {
    const struct rlimit small = {1 << 20, RLIM_INFINITY};
    setrlimit(RLIMIT_STACK, &small);
    deepen(1 << 20);
}

static void stack_end(void **state) {
    (void)state;
    assert_int_equal(watched(use_up_stack), -SIGSEGV);
    assert_int_equal(told->count, 1);
    assert_string_equal(told->of[0].tale.where, "stack");
}

static void abort_it(void) {
    abort();
}

static void other_deaths(void **state) {
    (void)state;
    assert_int_equal(watched(abort_it), -SIGABRT);
    assert_int_equal(told->count, 0);
}

/* ---- The program's handlers -------------------------------------------------------------------- */

static sigjmp_buf back;

static void jump(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    if (info->si_addr == (void *)8)
        siglongjmp(back, 1);
}

/* As the wrappers have it. */
static void handle_by(void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action = {.sa_flags = SA_SIGINFO}, seen;
    action.sa_sigaction = handler;
    lm_signals_action(SIGSEGV, &action, NULL);
    lm_signals_action(SIGSEGV, NULL, &seen);
    if (seen.sa_sigaction != handler)
        _exit(1);
}

static void handle_own(void) {
    handle_by(jump);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(back, 1) == 0)
            write_null();
    new_at_end(16)[16] = 1; /* none of its business */
    lm_withheld_tell();
}

/* A program that gets over a fault made it by plan. */
static void own_handler(void **state) {
    (void)state;
    assert_int_equal(watched(handle_own), 5);
    assert_int_equal(told->count, 1);
    assert_int_equal(told->of[0].tale.code, LM_CODE_HEAP_OVERFLOW);
}

/* _exit, without its wrapper. */
static void leave(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    lm_withheld_tell();
    _exit(6);
}

static void fault_and_leave(void) {
    handle_by(leave);
    write_null();
}

static void die(int number, siginfo_t *info, void *context) {
    (void)info, (void)context;
    const struct sigaction action = {.sa_handler = SIG_DFL};
    lm_signals_action(SIGSEGV, &action, NULL);
    raise(number);
}

static void fault_and_die(void) {
    handle_by(die);
    write_null();
}

static void abort_in_handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    abort();
}

static void fault_and_abort(void) {
    handle_by(abort_in_handler);
    write_null();
}

static void ends_in_its_handler(void **state) {
    (void)state;
    static const struct {
        void (*run)(void);
        int result;
    } ways[] = {{fault_and_leave, 6}, {fault_and_die, -SIGSEGV}, {fault_and_abort, -SIGABRT}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        assert_int_equal(watched(ways[i].run), ways[i].result);
        assert_int_equal(told->count, 1);
        assert_int_equal(told->of[0].tale.code, LM_CODE_NULL_DEREF);
    }
}

enum { THREADS = 4 };

static pthread_barrier_t all_told;

static void *overrun(void *argument) {
    (void)argument;
    lm_signals_thread_start();
    volatile char *p = new_at_end(16);
    p[16] = 1;
    /* The sanitizer doesn't see that stacks are given back: no two threads may get the same one. */
    pthread_barrier_wait(&all_told);
    lm_signals_thread_end();
    return NULL;
}

static void in_threads(void) {
    pthread_t thread[THREADS];
    pthread_barrier_init(&all_told, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, overrun, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

static void threads(void **state) {
    (void)state;
    assert_int_equal(watched(in_threads), 5);
    assert_int_equal(told->count, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(told->of[i].tale.code, LM_CODE_HEAP_OVERFLOW);
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
        cmocka_unit_test(goes_on),
        cmocka_unit_test(underflow),
        cmocka_unit_test(string_instruction),
        cmocka_unit_test(null),
        cmocka_unit_test(fresh_fill),
        cmocka_unit_test(nowhere),
        cmocka_unit_test(stack_end),
        cmocka_unit_test(other_deaths),
        cmocka_unit_test(own_handler),
        cmocka_unit_test(ends_in_its_handler),
        cmocka_unit_test(threads),
#endif
    };
#if defined(__x86_64__)
    return cmocka_run_group_tests(tests, set_up, NULL);
#else
    return 77;
#endif
}
