// ctest-builds: release clang debug test-mode asan ubsan

/* Not under the thread sanitizer: it starts a thread, and blocks are tracked in processes with one only. */
#include "support/unit.h"

#include "check/catch.h"
#include "check/exact.h"
#include "check/shadow.h"
#include "os/os.h"
#include "support/child.h"
#include "support/shared_tales.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)

typedef struct record {
    char kind;
    int count;
    double weight;
    long more[2];
} record;

typedef struct bits {
    unsigned a : 3, b : 5, c : 24; /* fills the word: compilers read no less than all of it */
} bits;

static const lm_block story = {.allocated_call = "malloc", .allocated = 7};
static const lm_block end = {.freed_call = "free", .freed = 9};
static volatile int sink;
static volatile double double_sink;

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_exact_start();
    return 0;
}

static void *fresh(size_t size) {
    void *p = lm_exact_new(size, 0, &story);
    memset(p, 0xf5, size);
    if (!lm_shadow_track(p, false))
        _exit(98);
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static int watched(void (*function)(void)) {
    tales_start();
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        child_dies_quietly();
        if (!lm_catch_start())
            _exit(99);
        if (!lm_shadow_start())
            _exit(97);
        function();
        _exit(5);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect_read(void (*function)(void), size_t bytes, ptrdiff_t first) {
    assert_int_equal(watched(function), 5);
    assert_int_equal(told->count, 1);
    assert_int_equal(told->of[0].tale.code, LM_CODE_UNINITIALISED_READ);
    assert_int_equal(told->of[0].tale.bytes, bytes);
    assert_int_equal(told->of[0].tale.first, first);
}

static void expect_nothing(void (*function)(void)) {
    assert_int_equal(watched(function), 5);
    assert_int_equal(told->count, 0);
}

static void branch_on_int(void) {
    int *p = fresh(40);
    p[0] = 1;
    if (p[3] > p[0])
        sink = 1;
}

static void add_double(void) {
    double *p = fresh(32);
    double_sink = p[1] + 1;
}

static void assign_member(void) {
    record *p = fresh(sizeof *p);
    p->kind = 1;
    sink = p->count;
}

static void sum(void) {
    int *p = fresh(40), total = 0;
    for (int i = 0; i < 9; i++)
        p[i] = i;
    for (int i = 0; i < 10; i++) {
        total += p[i];
        __asm__ volatile("" : "+r"(total));
    }
    sink = total;
}

static void reads(void **state) {
    (void)state;
    expect_read(branch_on_int, 4, 12);
    expect_read(add_double, 8, 8);
    expect_read(assign_member, 4, offsetof(record, count));
    expect_read(sum, 4, 36);
}

static void write_and_read(void) {
    record *p = fresh(sizeof *p);
    *p = (record){1, 2, 3, {4, 5}};
    sink = p->count + p->kind;
    double_sink = p->weight * (double)p->more[1];
}

static void copy_record(void) {
    record *p = fresh(sizeof *p), *q = fresh(sizeof *q);
    p->kind = 1;
    *q = *p;
    sink = q->kind;
}

static void set_bits(void) {
    bits *p = fresh(sizeof *p);
    p->a = 2;
    p->b = 3;
    p->c = 4;
    sink = p->a;
}

static void in_bytes(void) {
    char *p = fresh(33);
    memset(p, 'x', 32);
    p[32] = '\0';
    sink = (int)strlen(p);
}

/* Half of a number, and one of two bit fields. */
static void half_a_long(void) {
    volatile int *p = fresh(8);
    p[0] = 5;
    if (*(volatile long *)(uintptr_t)p == 5)
        sink = 1;
}

static void the_other_field(void) {
    volatile bits *p = fresh(sizeof *p);
    p->a = 2;
    if (p->b)
        sink = 1;
}

static void written_in_part(void **state) {
    (void)state;
    expect_read(half_a_long, 8, 4);
    expect_read(the_other_field, sizeof(unsigned), 0);
}

/* The written half tells the numbers apart. */
static void half_decides(void) {
    volatile int *p = fresh(8);
    p[0] = 6;
    if (*(volatile long *)(uintptr_t)p == 5)
        sink = 1;
}

static void move_bytes(void) {
    size_t first;
    int *p = fresh(40), *q = fresh(80);
    p[0] = 1;
    if (!lm_shadow_move(q, p, 40) || lm_shadow_written(q, 40, &first) || first != 4)
        _exit(1);
    if (!lm_shadow_move(q + 1, q, 40) || !lm_shadow_written(q, 8, &first) ||
        lm_shadow_written(q, 40, &first) || first != 8 || q[1] != 1)
        _exit(2);
    if (lm_shadow_move(&first, &first, 8)) /* neither is tracked */
        _exit(3);
}

static void lend_bytes(void) {
    size_t first;
    char *p = fresh(64);
    int fd[2];
    if (pipe(fd) != 0 || write(fd[1], "abc", 3) != 3)
        _exit(1);
    lm_shadow_lend(p, 64);
    lm_shadow_open(p); /* as the system call does */
    if (read(fd[0], p, 64) != 3)
        _exit(2);
    lm_shadow_back(p, 3);
    if (!lm_shadow_written(p, 3, &first) || lm_shadow_written(p, 4, &first) || first != 3)
        _exit(3);
    if (memcmp(lm_shadow_content(p), "abc", 3) != 0)
        _exit(4);
}

static void lends_left_over(void) {
    char *p = fresh(64), *q = fresh(64);
    lm_shadow_lend(p, 64);
    lm_shadow_lend(q, 64); /* whoever had the first never came back */
    lm_shadow_back(q, 0);
    if (lm_shadow_content(p) || !lm_shadow_content(q))
        _exit(1);
}

static void moved_and_lent(void **state) {
    (void)state;
    expect_nothing(half_decides);
    expect_nothing(move_bytes);
    expect_nothing(lend_bytes);
    expect_nothing(lends_left_over);
}

static void no_false_alarms(void **state) {
    (void)state;
    expect_nothing(write_and_read);
    expect_nothing(copy_record);
    expect_nothing(set_bits);
    expect_nothing(in_bytes);
}

static void beside(void) {
    volatile char *p = fresh(17);
    p[0] = 1;
    p[20] = 1;
    lm_exact_free((void *)(uintptr_t)p, &end);
}

static void slack(void **state) {
    (void)state;
    assert_int_equal(watched(beside), 5);
    assert_int_equal(told->count, 1); /* not once more by the free */
    assert_int_equal(told->of[0].tale.code, LM_CODE_HEAP_OVERFLOW);
    assert_int_equal(told->of[0].tale.certainty, LM_CERTAIN_EXACT);
    assert_int_equal(told->of[0].tale.first, 20);
}

/* No EFAULT. Calls from the test's own code would pass for Loam's, which is linked into it. */
static void call_system(void) {
    int fd[2];
    char *p = fresh(64), *q = fresh(64);
    int *pair = fresh(sizeof fd);
    memset(p, 'a', 64);
    if (pipe(pair) != 0)
        _exit(1);
    memcpy(fd, pair, sizeof fd);
    const long result = syscall(SYS_write, fd[1], p, 64);
    if (result != 64 || read(fd[0], q, 64) != 64 || memcmp(p, q, 64) != 0)
        _exit(2);
    struct timespec *t = fresh(sizeof *t);
    *t = (struct timespec){0, 1};
    if (nanosleep(t, t) != 0)
        _exit(3);
    sigset_t *set = fresh(sizeof *set);
    sigemptyset(set);
    if (sigprocmask(SIG_BLOCK, set, NULL) != 0)
        _exit(4);
}

static void system_calls(void **state) {
    (void)state;
    expect_nothing(call_system);
}

/* Other calls leave tracked blocks alone. */
static void keep_tracking(void) {
    int *p = fresh(40);
    char byte = 'x';
    int fd[2];
    if (pipe(fd) != 0 || write(fd[1], &byte, 1) != 1)
        _exit(1);
    if (getpid() < 2)
        _exit(2);
    if (p[2] == 5)
        sink = 1;
}

static void untouched_by_calls(void **state) {
    (void)state;
    expect_read(keep_tracking, 4, 8);
}

static void forked(void) {
    int *p = fresh(40);
    p[1] = 7;
    const pid_t child = fork();
    if (child == 0) {
        p[1]++;
        _exit(p[1] == 8 ? 0 : 1);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0 || p[1] != 7)
        _exit(1);
}

static void children(void **state) {
    (void)state;
    expect_nothing(forked);
}

static void repeat(void) {
    char *p = fresh(200), *q = fresh(200), *to = q;
    const char *from = p;
    size_t count = 100, left = 100;
    void *fill = p;
    __asm__ volatile("rep stosb" : "+D"(fill), "+c"(count) : "a"('y') : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(left) : : "memory");
    if (q[99] != 'y' || to != q + 100 || from != p + 100 || left != 0)
        _exit(1);
    if (lm_shadow_written(q, 101, &left) || left != 100)
        _exit(2);
}

static void string_instructions(void **state) {
    (void)state;
    expect_nothing(repeat);
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
        cmocka_unit_test(reads),
        cmocka_unit_test(no_false_alarms),
        cmocka_unit_test(written_in_part),
        cmocka_unit_test(moved_and_lent),
        cmocka_unit_test(slack),
        cmocka_unit_test(system_calls),
        cmocka_unit_test(untouched_by_calls),
        cmocka_unit_test(children),
        cmocka_unit_test(string_instructions),
#endif
    };
#if defined(__x86_64__)
    return cmocka_run_group_tests(tests, set_up, NULL);
#else
    return 77;
#endif
}
