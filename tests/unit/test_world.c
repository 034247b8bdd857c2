// ctest-builds: release clang debug test-mode asan ubsan

/* Not under the thread sanitizer: it has a thread of its own, which can't run a handler that it watches. */
#include "support/unit.h"

#include "check/world.h"
#include "os/os.h"
#include "support/child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

enum { MOST = 16 };

/* ---- Threads that do one thing or another -------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    _Atomic int id;
    _Atomic uintptr_t stack, control;
    _Atomic unsigned long turns;
    _Atomic int error; /* what became of its errno */
} worker;

static worker workers[MOST];
static _Atomic bool leave;

static void arrive(worker *w) {
    w->stack = (uintptr_t)__builtin_frame_address(0);
    w->control = (uintptr_t)pthread_self();
    w->id = (int)syscall(SYS_gettid);
}

static void *spin(void *argument) {
    worker *w = argument;
    arrive(w);
    errno = 4711;
    while (!leave)
        w->turns++;
    w->error = errno;
    return NULL;
}

static void *sleep_on(void *argument) {
    worker *w = argument;
    arrive(w);
    for (errno = 4711; !leave; w->turns++) {
        const struct timespec moment = {0, 1000 * 1000};
        syscall(SYS_nanosleep, &moment, NULL);
        if (errno == EINTR) /* of the call, which was interrupted */
            errno = 4711;
    }
    w->error = errno;
    return NULL;
}

static void *block_all(void *argument) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    return spin(argument);
}

/* Two registers hold what nothing else does, complements of each other. */
static void *hold(void *argument) {
    worker *w = argument;
    arrive(w);
#if defined(__x86_64__)
    __asm__ volatile("mov $0x1122334455667788, %%r12\n mov %%r12, %%r13\n not %%r13\n"
                     "movq %%r12, %%xmm7\n"
                     "1: incq %0\n cmpb $0, %1\n je 1b"
                     : "+m"(w->turns)
                     : "m"(leave)
                     : "r12", "r13", "xmm7", "memory", "cc");
    w->error = 4711;
#else
    spin(argument);
#endif
    return NULL;
}

static void start(size_t count, void *(*function)(void *)) {
    leave = false;
    memset(workers, 0, sizeof workers);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, function, &workers[i]), 0);
    for (size_t i = 0; i < count; i++)
        while (!workers[i].id)
            sched_yield();
}

static void end(size_t count) {
    leave = true;
    for (size_t i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].error, 4711);
    }
}

static const lm_world_thread *thread_of(const worker *w) {
    size_t count;
    const lm_world_thread *threads = lm_world_threads(&count);
    for (size_t i = 0; i < count; i++)
        if (threads[i].id == w->id && threads[i].state != LM_WORLD_GONE)
            return &threads[i];
    return NULL;
}

static bool is_near(uintptr_t a, uintptr_t b) {
    enum { NEAR = 32 << 10 };
    return a - b + NEAR < 2 * NEAR;
}

/* In the stopped world: all are there, and none does a thing. */
static void expect_still(size_t count) {
    unsigned long before[MOST];
    const struct timespec moment = {0, 3000 * 1000};
    assert_int_equal(lm_world_missing(), 0);
    for (size_t i = 0; i < count; i++) {
        const lm_world_thread *t = thread_of(&workers[i]);
        before[i] = workers[i].turns;
        assert_non_null(t);
        assert_int_equal(t->state, LM_WORLD_HERE);
        assert_true(is_near(t->sp, workers[i].stack));
        assert_int_equal(t->control, workers[i].control);
        assert_true(t->count > 0);
    }
    nanosleep(&moment, NULL);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(workers[i].turns, before[i]);
}

static void expect_going(size_t count) {
    for (size_t i = 0; i < count; i++) {
        const unsigned long before = workers[i].turns;
        while (workers[i].turns == before)
            sched_yield();
    }
}

/* ---- Tests --------------------------------------------------------------------------------------- */

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

static void alone(void **state) {
    size_t count = 0, here = 0;
    (void)state;
    assert_true(lm_world_stop());
    const lm_world_thread *threads = lm_world_threads(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(threads[i].id, (int)syscall(SYS_gettid));
        here += threads[i].state == LM_WORLD_HERE;
    }
    lm_world_go();
    assert_true(here <= 1); /* a sanitizer may have a thread of its own */
}

static void stops_whatever_they_do(void **state) {
    static void *(*const all[])(void *) = {spin, sleep_on, block_all, hold};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        start(5, all[i]);
        for (int round = 0; round < 3; round++) {
            assert_true(lm_world_stop());
            expect_still(5);
            lm_world_go();
            expect_going(5);
        }
        end(5);
    }
}

static void many_times(void **state) {
    (void)state;
    start(3, spin);
    for (int i = 0; i < 300; i++) {
        assert_true(lm_world_stop());
        const unsigned long turns = workers[1].turns;
        assert_int_equal(lm_world_missing(), 0);
        for (int w = 0; w < 3; w++)
            assert_non_null(thread_of(&workers[w]));
        assert_int_equal(workers[1].turns, turns);
        lm_world_go();
    }
    end(3);
}

static void registers_are_kept(void **state) {
    (void)state;
#if defined(__x86_64__)
    const uintptr_t word = 0x1122334455667788;
    bool found[3] = {false, false, false};
    start(1, hold);
    while (workers[0].turns == 0)
        sched_yield();
    assert_true(lm_world_stop());
    const lm_world_thread *t = thread_of(&workers[0]);
    assert_non_null(t);
    for (size_t i = 0; i < t->count; i++) {
        found[0] = found[0] || t->registers[i] == word;
        found[1] = found[1] || t->registers[i] == ~word;
    }
    for (size_t at = 0; at + sizeof word <= t->vectors_size; at += sizeof word)
        found[2] = found[2] || memcmp((const char *)t->vectors + at, &word, sizeof word) == 0;
    lm_world_go();
    end(1);
    assert_true(found[0] && found[1] && found[2]);
#endif
}

static void who_ended_is_gone(void **state) {
    (void)state;
    start(4, spin);
    assert_true(lm_world_stop());
    expect_still(4);
    lm_world_go();
    end(4);
    assert_true(lm_world_stop());
    for (int i = 0; i < 4; i++)
        assert_null(thread_of(&workers[i]));
    assert_int_equal(lm_world_missing(), 0);
    lm_world_go();
}

/* The C library lets nobody block this signal: here the kernel is asked. */
static _Atomic bool unblock;

static void block_really(int how) {
    const uint64_t set = (uint64_t)1 << (LM_WORLD_SIGNAL - 1);
    syscall(SYS_rt_sigprocmask, how, &set, NULL, sizeof set);
}

static void *be_deaf(void *argument) {
    worker *w = argument;
    block_really(SIG_BLOCK);
    arrive(w);
    while (!unblock) {
        const struct timespec moment = {0, 1000 * 1000};
        syscall(SYS_nanosleep, &moment, NULL);
        w->turns++;
    }
    block_really(SIG_UNBLOCK); /* now it gets what is long over */
    return spin(argument);
}

static void who_does_not_come_is_missing(void **state) {
    (void)state;
    unblock = false;
    start(2, be_deaf);
    assert_true(lm_world_stop());
    assert_int_equal(lm_world_missing(), 2);
    for (int i = 0; i < 2; i++) {
        const lm_world_thread *t = thread_of(&workers[i]);
        assert_non_null(t);
        assert_int_equal(t->state, LM_WORLD_MISSING);
        assert_true(t->sp == 0 || is_near(t->sp, workers[i].stack)); /* where it waits */
        assert_int_equal(t->count, 0);
    }
    lm_world_go();
    unblock = true;
    expect_going(2);
    assert_true(lm_world_stop());
    expect_still(2);
    lm_world_go();
    end(2);
}

/* ---- The signal's other uses --------------------------------------------------------------------- */

static int send(pid_t to, int value) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = LM_WORLD_SIGNAL;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_value.sival_int = value;
    return (int)syscall(SYS_rt_sigqueueinfo, to, LM_WORLD_SIGNAL, &info);
}

static volatile sig_atomic_t answers, others;

static void answer(const void *context) {
    answers += context != NULL;
    errno = 5;
}

/* Whoever had the signal before, as the C library has it. */
static void other(int number, siginfo_t *info, void *context) {
    others += number == LM_WORLD_SIGNAL && info->si_value.sival_int == 77 && context;
}

static void put_handler(void) {
    struct {
        void (*handler)(int, siginfo_t *, void *);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } mine = {.handler = other}, whole;
    /* With the way back that the C library gives its handlers. */
    const struct sigaction plain = {.sa_sigaction = other, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &plain, NULL);
    syscall(SYS_rt_sigaction, SIGUSR2, NULL, &whole, sizeof whole.mask);
    mine = whole;
    syscall(SYS_rt_sigaction, LM_WORLD_SIGNAL, &mine, NULL, sizeof mine.mask);
}

static int called(void *argument) {
    (void)argument;
    put_handler();
    lm_world_answer(answer);
    errno = 4711;
    const pid_t parent = getpid(), child = fork();
    if (child == 0)
        _exit(send(parent, LM_WORLD_CALL) == 0 && send(parent, 77) == 0 ? 0 : 1);
    int status;
    while (waitpid(child, &status, 0) != child)
        ;
    for (int i = 0; i < 1000 && (answers == 0 || others == 0); i++)
        usleep(1000);
    if (status != 0 || answers != 1 || others != 1)
        return 1;
    errno = 4711;
    if (send(parent, LM_WORLD_CALL) != 0 || send(parent, 77) != 0)
        return 2;
    return answers == 1 && others == 2 && errno == 4711 ? 0 : 3; /* none calls oneself */
}

static void calls_from_others(void **state) {
    (void)state;
    assert_int_equal(in_child(called, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(stops_whatever_they_do),
        cmocka_unit_test(many_times),
        cmocka_unit_test(registers_are_kept),
        cmocka_unit_test(who_ended_is_gone),
        cmocka_unit_test(who_does_not_come_is_missing),
        cmocka_unit_test(calls_from_others),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
