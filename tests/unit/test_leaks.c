// ctest-timeout: 120
// ctest-builds: release clang debug test-mode

/* Not under the sanitizers: what they keep of stacks and of freed memory holds pointers. */
#include "support/unit.h"

#include "check/dangling.h"
#include "check/stand.h"
#include "stack/depot.h"
#include "support/leaky.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Shapes ------------------------------------------------------------------------------------ */

static node *tree(unsigned depth, uint32_t stack) {
    node *n = make(sizeof *n, stack);
    if (depth > 1) {
        n->next = tree(depth - 1, stack + 1);
        n->other = tree(depth - 1, stack + 1);
    }
    return n;
}

static void held_is_not_told(void **state) {
    (void)state;
    global = list(100, 10);
    look();
    assert_int_equal(tale_count, 0);
    global = NULL;
}

static void list_is_one_group(void **state) {
    (void)state;
    list(100, 10);
    look();
    assert_int_equal(tale_count, 1);
    assert_leak(10, 1, 99);
    assert_int_equal(told(10)->indirect_bytes, 99 * sizeof(node));
    assert_int_equal(told(10)->bytes_in_all, 100 * sizeof(node));
}

static __attribute__((noinline)) void make_shapes(void) {
    tree(8, 20);
    node *ring = list(10, 30);
    node *last = ring;
    while (last->next)
        last = last->next;
    last->next = ring;
    for (int i = 0; i < 7; i++)
        make(24, 40);
    node *shared = make(16, 50); /* two direct ones lead to it: it is indirect, once */
    ((node *)make(16, 51))->next = shared;
    ((node *)make(16, 52))->next = shared;
    node *self = make(16, 60);
    self->next = self;
}

static void shapes(void **state) {
    (void)state;
    make_shapes();
    look();
    assert_leak(20, 1, 254);
    assert_true(told(30) || told(31)); /* any of a ring may be the direct one */
    const lm_tale *ring = told(30) ? told(30) : told(31);
    assert_int_equal(ring->blocks + ring->indirect_blocks, 10);
    assert_leak(40, 7, 0);
    assert_null(told(50));
    assert_int_equal(told(51)->indirect_blocks + told(52)->indirect_blocks, 1);
    assert_leak(60, 1, 0);
    assert_int_equal(tale_count, 6);
    for (size_t i = 1; i < tale_count; i++)
        assert_true(tales[i - 1].tale.bytes_in_all >= tales[i].tale.bytes_in_all);
}

/* ---- On demand --------------------------------------------------------------------------------- */

static _Atomic bool locked;
static bool try_lock(void) {
    return !locked;
}

static void on_demand(void **state) {
    static const lm_leaks_needs needs = {.note = note, .lock = try_lock, .enabled = true};
    (void)state;
    signal(SIGUSR1, SIG_DFL);
    lm_leaks_start(&needs);
    list(5, 10);
    wipe();
    raise(SIGUSR1);
    assert_leak(10, 1, 4);
    tale_count = 0;
    locked = true;
    raise(SIGUSR1);
    lm_leaks_poll();
    assert_int_equal(tale_count, 0);
    locked = false;
    wipe();
    lm_leaks_poll();
    assert_leak(10, 1, 4);
    tale_count = 0;
    lm_leaks_poll();
    assert_int_equal(tale_count, 0);
    signal(SIGUSR1, SIG_IGN);
    lm_leaks_start(&needs);
    raise(SIGUSR1);
    assert_int_equal(tale_count, 0);
    lm_leaks_start(&without);
}

static void on_call_of_another_process(void **state) {
    (void)state;
    list(5, 10);
    wipe();
    const pid_t self = getpid(), child = fork();
    if (child == 0) {
        const union sigval value = {.sival_int = 0x6c6f616d};
        siginfo_t info = {.si_signo = 32, .si_code = SI_QUEUE, .si_value = value};
        info.si_pid = getpid();
        _exit(syscall(129 /* rt_sigqueueinfo */, self, 32, &info) == 0 ? 0 : 1);
    }
    int status;
    while (waitpid(child, &status, 0) != child)
        ;
    assert_int_equal(status, 0);
    for (int i = 0; i < 1000 && tale_count == 0; i++)
        usleep(1000);
    assert_leak(10, 1, 4);
}

static uint64_t now(void) {
    return 5;
}

static void children(void **state) {
    static const lm_leaks_needs needs = {.note = note, .now = now, .enabled = true};
    (void)state;
    lm_leaks_start(&needs);
    list(5, 10);
    assert_true(lm_leaks_due_at_quick_exit());
    const pid_t child = fork();
    if (child == 0) {
        lm_leaks_forked();
        list(3, 20);
        table[block_count - 1].allocated_time = 9;
        look();
        _exit(tale_count == 1 && told(20) && !lm_leaks_due_at_quick_exit() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    lm_leaks_start(&without);
}

/* ---- Dangling pointers ------------------------------------------------------------------------- */

static const lm_leaks_needs with_dangling = {.enabled = true, .dangling = true};

static __attribute__((noinline)) void release(size_t number) {
    table[number].live = false;
    table[number].freed = table[number].allocated + 1000;
    lm_dangling_at_free(&table[number], (uintptr_t)__builtin_frame_address(0));
}

static __attribute__((noinline)) void hold_freed(bool clear) {
    global = list(1, 10);
    node *owner = make(sizeof *owner, 20);
    inner = (char *)owner;
    owner->other = list(1, 30);
    release(1);
    release(3);
    if (clear) {
        global = NULL;
        owner->other = NULL;
    }
}

static void dangling(void **state) {
    (void)state;
    lm_leaks_start(&with_dangling);
    hold_freed(false);
    look();
    assert_int_equal(tale_count, 2);
    assert_int_equal(told(10)->code, LM_CODE_DANGLING_POINTER);
    char expected[64];
    snprintf(expected, sizeof expected, "static:0x%zx:", (size_t)&global);
    assert_int_equal(strncmp(tales[0].holders, expected, strlen(expected)), 0);
    snprintf(expected, sizeof expected, "block:0x%zx:0x%zx+8", (size_t)inner + 8, (size_t)inner);
    assert_string_equal(tales[1].holders, expected);
    clean(NULL);
    hold_freed(true);
    look();
    assert_int_equal(tale_count, 0);
    global = NULL;
    inner = NULL;
    lm_leaks_start(&without);
}

static __attribute__((noinline)) void free_others(void) {
    for (int i = 0; i < 200; i++) {
        make(16, 99);
        release(block_count - 1);
    }
}

static __attribute__((noinline)) void free_on_stack(bool clear) {
    void *volatile here;
    put(&here, 10);
    const size_t number = block_count - 1;
    release(number);
    if (clear)
        here = NULL;
    wipe();
    free_others();
    free_others();
    __asm__ volatile("" ::"r"(&here) : "memory");
}

static void dangling_on_stack(void **state) {
    (void)state;
    lm_leaks_start(&with_dangling);
    free_on_stack(false);
    look();
    assert_non_null(told(10));
    assert_int_equal(tale_count, 1);
    assert_int_equal(strncmp(tales[0].holders, "stack:", 6), 0);
    clean(NULL);
    free_on_stack(true);
    look();
    assert_int_equal(tale_count, 0);
    lm_leaks_start(&without);
}

/* ---- Time -------------------------------------------------------------------------------------- */

static void many_blocks(void **state) {
    (void)state;
    node *first = NULL;
    for (size_t i = 0; i < 2000000; i++) {
        node *n = make(48, (uint32_t)(i % 100) + 1);
        n->next = first;
        n->other = i > 1000 ? (node *)table[1 + (i * 7919) % i].start : NULL;
        first = n;
    }
    global = first;
    first = NULL;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    look();
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("2 million blocks: %.2f s\n", (double)(end.tv_sec - begin.tv_sec) +
                                                    (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    assert_int_equal(tale_count, 0);
    global = NULL;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    wipe();
    lm_leaks_tell();
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("all lost: %.2f s\n", (double)(end.tv_sec - begin.tv_sec) +
                                            (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    assert_int_equal(tale_count, 1);
    assert_int_equal(tales[0].tale.indirect_blocks, 1999999);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(held_is_not_told, clean),
        cmocka_unit_test_setup(list_is_one_group, clean),
        cmocka_unit_test_setup(shapes, clean),
        cmocka_unit_test_setup(on_demand, clean),
        cmocka_unit_test_setup(on_call_of_another_process, clean),
        cmocka_unit_test_setup(children, clean),
        cmocka_unit_test_setup(dangling, clean),
        cmocka_unit_test_setup(dangling_on_stack, clean),
        cmocka_unit_test_setup(many_blocks, clean),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
