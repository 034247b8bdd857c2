#include "support/unit.h"

#include "check/control.h"
#include "os/os.h"
#include "stack/machine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_control_start();
    return 0;
}

static void the_first_threads(void **state) {
    lm_control control;
    (void)state;
    assert_true(lm_control_read(lm_machine_thread(), &control));
    assert_int_equal(control.low, 0); /* its stack is the kernel's */
    assert_int_equal(control.high, 0);
    assert_int_not_equal(control.dynamic, 0);
    assert_false(control.joined);
}

static _Atomic uintptr_t block, on_stack;
static _Atomic bool leave;

static void *stand_about(void *argument) {
    on_stack = (uintptr_t)__builtin_frame_address(0);
    block = lm_machine_thread();
    while (!leave)
        lm_os_nap();
    return argument;
}

static void another_threads(void **state) {
    enum { SIZE = 1 << 20, MOST_ABOVE = 8192 };
    pthread_attr_t attributes;
    pthread_t thread;
    lm_control control;
    (void)state;
    leave = false;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SIZE);
    assert_int_equal(pthread_create(&thread, &attributes, stand_about, NULL), 0);
    while (!block)
        lm_os_nap();
    assert_true(lm_control_read(block, &control));
    assert_true(control.low < on_stack && on_stack < control.high);
    assert_true(block < control.high && control.high - block <= MOST_ABOVE);
    assert_true(control.high - control.low >= SIZE && control.high - control.low < 2 * SIZE);
    assert_int_not_equal(control.dynamic, 0);
    assert_false(control.joined);
    leave = true;
    pthread_join(thread, NULL);
    if (lm_control_read(block, &control)) /* the C library keeps the stack for the next thread */
        assert_true(control.joined && control.low < on_stack && on_stack < control.high);
}

static void no_blocks(void **state) {
    static _Alignas(64) uintptr_t memory[1024];
    const uintptr_t own = lm_machine_thread(), at = (uintptr_t)memory;
    lm_control control;
    (void)state;
    assert_false(lm_control_read(0, &control));
    assert_false(lm_control_read(8, &control));
    assert_false(lm_control_read(own + 1, &control));
    assert_false(lm_control_read(own + 64, &control));
    assert_false(lm_control_read(UINTPTR_MAX - 7, &control));
    assert_false(lm_control_read(at, &control));
    memory[0] = at;
    assert_false(lm_control_read(at, &control));
    memory[LM_CONTROL_SELF] = at;
    assert_true(lm_control_read(at, &control)); /* as far as can be told */
    assert_int_equal(control.low, 0);
    memory[LM_CONTROL_SELF] = at + 8;
    assert_false(lm_control_read(at, &control));
}

/* What proves to be a stack: its address, its size and its guard side by side. */
static void stacks(void **state) {
    static _Alignas(64) uintptr_t memory[1024];
    const uintptr_t at = (uintptr_t)memory, low = at - (64 << 10), size = (64 << 10) + 4096;
    lm_control control;
    (void)state;
    memory[0] = memory[LM_CONTROL_SELF] = at;
    memory[1] = 77;
    memory[100] = low;
    memory[101] = size;
    memory[102] = 4096;
    assert_true(lm_control_read(at, &control));
    assert_int_equal(control.low, low);
    assert_int_equal(control.high, low + size);
    assert_int_equal(control.dynamic, 77);
    memory[102] = size; /* nothing but guard */
    assert_true(lm_control_read(at, &control) && control.low == 0);
    memory[102] = 0;
    memory[101] = at - low; /* the block isn't in it */
    assert_true(lm_control_read(at, &control) && control.low == 0);
    memory[101] = at - low + 1;
    assert_true(lm_control_read(at, &control) && control.low == low);
    memory[101] = at - low + 8193; /* it isn't at the end */
    assert_true(lm_control_read(at, &control) && control.low == 0);
    memory[101] = UINTPTR_MAX; /* wraps around */
    assert_true(lm_control_read(at, &control) && control.low == 0);
    memory[100] = low + 4;
    memory[101] = size;
    assert_true(lm_control_read(at, &control) && control.low == 0);
}

/* Behind which nothing is mapped. */
static void at_the_end_of_memory(void **state) {
    const size_t page = lm_os.page;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lm_control control;
    (void)state;
    munmap(pages + page, page);
    uintptr_t *words = (void *)(pages + page - 64);
    words[0] = words[LM_CONTROL_SELF] = (uintptr_t)words;
    assert_true(lm_control_read((uintptr_t)words, &control));
    assert_int_equal(control.low, 0);
    words = (void *)(pages + page - 16);
    words[0] = (uintptr_t)words; /* the second one would be in the next page */
    assert_false(lm_control_read((uintptr_t)words, &control));
    munmap(pages, page);
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_threads),
        cmocka_unit_test(another_threads),
        cmocka_unit_test(no_blocks),
        cmocka_unit_test(stacks),
        cmocka_unit_test(at_the_end_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
#endif
}
