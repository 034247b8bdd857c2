// ctest-timeout: 120
#include "support/unit.h"

#include "check/process.h"
#include "support/child.h"
#include "support/page.h"
#include "support/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

static void calls_keep_errno(void **state) {
    (void)state;
    errno = 77;
    assert_int_equal(lm_process_call(SYS_getpid, 0, 0, 0, 0, 0, 0), getpid());
    assert_int_equal(lm_process_call(SYS_close, -1, 0, 0, 0, 0, 0), -EBADF);
    assert_int_equal(errno, 77);
}

enum { THREADS = 380 }; /* more than one read of the folder tells */

static _Atomic int ids[THREADS], waiting;
static _Atomic uintptr_t stack_of_first;
static int pipe_ends[2];

static void *wait_in_read(void *argument) {
    char byte;
    _Atomic int *id = argument;
    if (id == ids)
        stack_of_first = (uintptr_t)__builtin_frame_address(0);
    *id = (int)syscall(SYS_gettid);
    waiting++;
    return read(pipe_ends[0], &byte, 1) == 0 ? NULL : argument;
}

typedef struct seen {
    size_t count, most, met[THREADS], self;
} seen;

static bool note_thread(int id, void *context) {
    seen *s = context;
    s->count++;
    s->self += id == (int)syscall(SYS_gettid);
    for (size_t i = 0; i < THREADS; i++)
        s->met[i] += ids[i] == id;
    return s->count < s->most;
}

/* The kernel tells what a thread does that waits: that takes it a moment. */
static uintptr_t sp_of(int id) {
    uintptr_t sp = 0;
    for (int i = 0; i < 10000 && sp == 0; i++) {
        sp = lm_process_waiting_sp(id);
        sched_yield();
    }
    return sp;
}

static void threads(void **state) {
    static pthread_t all[THREADS];
    pthread_attr_t small;
    (void)state;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 << 10);
    assert_int_equal(pipe(pipe_ends), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&all[i], &small, wait_in_read, (void *)(uintptr_t)&ids[i]),
                         0);
    while (waiting < THREADS)
        usleep(1000);
    seen s = {.most = SIZE_MAX};
    assert_true(lm_process_threads(note_thread, &s));
    assert_int_equal(s.self, 1);
    assert_true(s.count > THREADS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(s.met[i], 1);
    s = (seen){.most = 3};
    assert_true(lm_process_threads(note_thread, &s));
    assert_int_equal(s.count, 3);
    const uintptr_t sp = sp_of(ids[0]);
    assert_true(sp < stack_of_first && stack_of_first - sp < 64 << 10);
    assert_false(lm_process_ended(ids[0]));
    close(pipe_ends[1]);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(all[i], NULL);
    close(pipe_ends[0]);
    for (int i = 0; i < 10000 && !lm_process_ended(ids[0]); i++)
        usleep(1000); /* joined, but perhaps not quite gone */
    assert_true(lm_process_ended(ids[0]));
    assert_int_equal(lm_process_waiting_sp(ids[0]), 0);
}

static _Atomic int runner;
static _Atomic bool leave;

static void *run(void *argument) {
    runner = (int)syscall(SYS_gettid);
    while (!leave)
        ;
    return argument;
}

static void of_who_runs_nothing_is_told(void **state) {
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
    while (!runner)
        sched_yield();
    assert_int_equal(lm_process_waiting_sp(runner), 0);
    assert_false(lm_process_ended(runner));
    leave = true;
    pthread_join(thread, NULL);
    assert_int_equal(lm_process_waiting_sp(-1), 0);
    assert_true(lm_process_ended(-1));
    assert_true(lm_process_ended(INT32_MAX));
}

static void names_are_no_states(void **state) {
    char before[16];
    (void)state;
    prctl(PR_GET_NAME, before);
    prctl(PR_SET_NAME, "a) Z (b) X");
    assert_false(lm_process_ended((int)syscall(SYS_gettid)));
    prctl(PR_SET_NAME, ")))");
    assert_false(lm_process_ended((int)syscall(SYS_gettid)));
    prctl(PR_SET_NAME, before);
}

/* The first thread's number stays in the list when it has ended. */
static void *look_at_first(void *argument) {
    const int first = getpid();
    (void)argument;
    for (int i = 0; i < 10000; i++) {
        if (lm_process_ended(first))
            _exit(lm_process_waiting_sp(first) == 0 ? 0 : 3);
        usleep(1000);
    }
    _exit(2);
}

static int end_first_thread(void *argument) {
    pthread_t other;
    (void)argument;
    if (pthread_create(&other, NULL, look_at_first, NULL) != 0)
        return 1;
    syscall(SYS_exit, 0); /* this thread, and only it */
    return 4;
}

static void the_first_thread_may_end(void **state) {
    (void)state;
    assert_int_equal(in_child(end_first_thread, NULL), 0);
}

static int be_traced(void *argument) {
    (void)argument;
    if (lm_process_traced())
        return 1;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        return 2;
    return lm_process_traced() ? 0 : 3;
}

/* A debugger's, around the test. */
static bool has_tracer(void) {
    char line[256];
    int tracer = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status) &&
           sscanf(line, "TracerPid: %d", &tracer) != 1)
        ;
    if (status)
        fclose(status);
    return tracer != 0;
}

static void traced(void **state) {
    (void)state;
    if (has_tracer())
        skip();
    assert_int_equal(in_child(be_traced, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_keep_errno),
        cmocka_unit_test(threads),
        cmocka_unit_test(of_who_runs_nothing_is_told),
        cmocka_unit_test(names_are_no_states),
        cmocka_unit_test(the_first_thread_may_end),
        cmocka_unit_test(traced),
    };
    return cmocka_run_group_tests(tests, page_start, NULL);
}
