#include "support/unit.h"

#include "stack/recall.h"

#include "heap/limits.h"
#include "os/os.h"
#include "stack/depot.h"
#include "stack/machine.h"
#include "stack/modules.h"
#include "stack/stack.h"
#include "support/loaded.h"
#include "support/thread.h"
#include "support/trees.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile int after; /* keeps calls from becoming jumps */

static int start(void **state) {
    (void)state;
    lm_os_start();
    return LM_MACHINE_FRAME_WORDS == 0 ? -1 : 0;
}

/* ---- Entries --------------------------------------------------------------------------------- */

enum { WORDS = 20, PC = 0x1000, ID = 47 };

/* A stack of its own, with nothing but words; sp is somewhere below them. */
static uintptr_t stack_words[100 + WORDS];
static uintptr_t *const words = &stack_words[100];

static void make_trail(lm_trail *trail, size_t count) {
    memset(trail, 0, sizeof *trail);
    trail->whole = true;
    trail->count = count;
    for (size_t i = 0; i < count; i++)
        trail->slots[i] = (lm_trail_slot){(uintptr_t)&words[i], words[i]};
}

static void finds_a_stack_as_long_as_it_is_the_same(void **state) {
    const uintptr_t sp = (uintptr_t)&stack_words[0];
    lm_trail trail;
    (void)state;
    for (size_t i = 0; i < WORDS; i++)
        words[i] = i * 16;
    make_trail(&trail, WORDS);
    assert_int_equal(lm_recall_get(PC, sp), 0);
    lm_recall_put(PC, sp, &trail, ID);
    assert_int_equal(lm_recall_get(PC, sp), ID);
    assert_int_equal(lm_recall_get(PC + 1, sp), 0);
    assert_int_equal(lm_recall_get(PC, sp + 8), 0);
    for (size_t i = 0; i < WORDS; i++) {
        words[i]++;
        assert_int_equal(lm_recall_get(PC, sp), 0);
        words[i]--;
        assert_int_equal(lm_recall_get(PC, sp), ID);
    }
}

static void does_not_remember_what_is_not_whole(void **state) {
    const uintptr_t sp = (uintptr_t)&stack_words[4];
    lm_trail trail;
    (void)state;
    make_trail(&trail, WORDS);
    trail.whole = false;
    assert_int_equal(lm_recall_get(PC, sp), 0);
    lm_recall_put(PC, sp, &trail, ID);
    assert_int_equal(lm_recall_get(PC, sp), 0);
    trail.whole = true;
    lm_recall_put(PC, sp, &trail, 0);
    assert_int_equal(lm_recall_get(PC, sp), 0);
}

/* Stacks that begin alike: the number is that of all the words, or there is none. */
static void tells_stacks_with_one_start_apart(void **state) {
    enum { STACKS = 200 };
    const uintptr_t sp = (uintptr_t)&stack_words[8];
    lm_trail trail;
    size_t known = 0;
    (void)state;
    for (int turn = 0; turn < 3; turn++)
        for (uint32_t i = 0; i < STACKS; i++) {
            random_state random = {i};
            for (size_t w = 0; w < WORDS; w++)
                words[w] = random_below(&random, 3);
            words[WORDS - 1] = i;
            const uint32_t id = lm_recall_get(PC, sp);
            assert_true(id == 0 || id == i + 1);
            known += id != 0;
            make_trail(&trail, WORDS);
            lm_recall_put(PC, sp, &trail, i + 1);
        }
    if (LM_RECALL_ENTRIES >= 4 * STACKS)
        assert_true(known >= STACKS); /* half of those that came again */
}

/* More than there is room for, of all lengths. */
static void forgets_but_does_not_mistake(void **state) {
    const uint32_t stacks = LM_RECALL_SLOTS / 4;
    const uintptr_t sp = (uintptr_t)&stack_words[12];
    lm_trail trail;
    size_t known = 0;
    (void)state;
    for (int turn = 0; turn < 2; turn++)
        for (uint32_t i = 0; i < stacks; i++) {
            words[0] = i;
            assert_int_equal(lm_recall_get(PC + i, sp), 0);
            make_trail(&trail, 1 + i % WORDS);
            lm_recall_put(PC + i, sp, &trail, i + 1);
            known += lm_recall_get(PC + i, sp) == i + 1;
            if (i >= 5) {
                words[0] = i - 5;
                const uint32_t id = lm_recall_get(PC + i - 5, sp);
                assert_true(id == 0 || id == i - 4);
            }
        }
    assert_int_equal(known, 2 * stacks);
}

static void knows_when_an_object_is_gone(void **state) {
    const uintptr_t sp = (uintptr_t)&stack_words[16];
    lm_trail trail;
    lm_object object;
    bool stays;
    uintptr_t place;
    (void)state;
    loaded first = load("first");
    if (!first.call)
        skip();
    memcpy(&place, &first.call, sizeof place);
    assert_true(lm_object_find(place, &object));
    make_trail(&trail, WORDS);
    trail.checks = 1;
    trail.check[0] = (lm_trail_check){place, lm_modules_note(&object, &stays), 3};
    assert_int_equal(lm_recall_get(PC, sp), 0);
    lm_recall_put(PC, sp, &trail, ID);
    assert_int_equal(lm_recall_get(PC, sp), ID);
    words[1]++;
    assert_int_equal(lm_recall_get(PC, sp), 0);
    words[1]--;
    words[5]++;
    assert_int_equal(lm_recall_get(PC, sp), 0);
    words[5]--;
    dlclose(first.handle);
    if (lm_object_find(place, &object))
        skip(); /* a sanitizer keeps it */
    assert_int_equal(lm_recall_get(PC, sp), 0);
    loaded second = load("second");
    assert_int_equal(lm_recall_get(PC, sp), 0);
    dlclose(second.handle);
}

/* ---- Whole stacks ---------------------------------------------------------------------------- */

/* What lm_depot_here says is what a walk says. Only the call in this function differs. */
static inline __attribute__((always_inline)) void check_in_place(void *argument) {
    uintptr_t walked[LM_DEPOT_FRAMES], got[LM_DEPOT_FRAMES];
    const uint32_t id = lm_depot_here();
    const size_t count = lm_stack_capture(walked, LM_DEPOT_FRAMES);
    bool exact;
    assert_int_not_equal(id, 0);
    assert_int_equal(lm_depot_get(id, got, LM_DEPOT_FRAMES, &exact), count);
    assert_memory_equal(&got[1], &walked[1], (count - 1) * sizeof got[0]);
    assert_false(exact);
    assert_int_not_equal(got[0], walked[0]);
    (*(size_t *)argument)++;
}

static __attribute__((noinline)) void check(void *argument) {
    check_in_place(argument);
}

static void equals_a_walk_on_random_trees(void **state) {
    size_t checked = 0;
    (void)state;
    for (int turn = 0; turn < 3; turn++)
        for (uint64_t seed = 0; seed < 300; seed++)
            tree_run(seed, (int)(4 + seed % 20), check, &checked);
    assert_true(checked > 3000);
}

/* Whatever the registers hold and wherever the stack lies by chance, a place that was met is known. */
static void walks_once_only(void **state) {
    size_t checked = 0, puts[4];
    (void)state;
    for (int turn = 0; turn < 4; turn++) {
        for (uint64_t seed = 1000; seed < 1010; seed++)
            tree_run(seed, 8, check, &checked);
        puts[turn] = lm_recall_puts();
    }
    if (LM_RECALL_ENTRIES >= 4096) /* by chance two may have one place in the table */
        assert_in_range(puts[3] - puts[2], 0, checked / 4 / 10);
}

/* Two ways to one stack pointer: a frame that lies high and is long, and one that lies low and is short.
 * Only the frame pointer tells them apart: where the first had its return address it still stands, in a
 * part of the second's caller that nobody writes to. */
static __attribute__((noinline)) void check_moving(size_t bytes, size_t *checked) {
    char *block = __builtin_alloca(bytes + 1);
    __asm__ volatile("" : : "r"(block) : "memory");
    check_in_place(checked);
    after++;
}

static __attribute__((noinline)) void check_high(size_t bytes, size_t *checked) {
    (void)bytes;
    check_moving(1200, checked);
    after++;
}

static __attribute__((noinline)) void check_low(size_t bytes, size_t *checked) {
    char room[512];
    __asm__ volatile("" : : "r"(room) : "memory");
    check_moving(bytes, checked);
    after++;
}

static void goes_by_the_frame_pointer(void **state) {
    static void (*const ways[2])(size_t, size_t *) = {check_high, check_low};
    size_t checked = 0;
    (void)state;
    for (size_t bytes = 0; bytes < 1200; bytes += 16)
        for (volatile size_t turn = 0; turn < 6; turn++)
            ways[turn % 2](bytes, &checked);
    assert_int_equal(checked, 6 * 75);
}

static void *trees_in_thread(void *argument) {
    size_t checked = 0;
    for (uint64_t seed = 0; seed < 60; seed++)
        tree_run(seed, 10, check, &checked);
    return argument;
}

/* One after the other: the same stack and control block, the same table. */
static void equals_a_walk_in_threads(void **state) {
    for (int i = 0; i < 10; i++)
        assert_non_null(in_thread(trees_in_thread, state));
}

static ucontext_t outside, coroutine;

static void in_coroutine(void) {
    size_t checked = 0;
    for (uint64_t seed = 0; seed < 30; seed++)
        tree_run(seed, 8, check, &checked);
    swapcontext(&coroutine, &outside);
}

/* Each on a stack that ends elsewhere, at the same addresses, with nothing behind it. */
static void equals_a_walk_in_coroutines(void **state) {
    enum { MOST = 192 << 10, STEP = 16 << 10, LEAST = 128 << 10 };
    (void)state;
    char *stack = mmap(NULL, MOST + STEP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(stack, MAP_FAILED);
    for (int turn = 0; turn < 3; turn++)
        for (size_t size = MOST; size >= LEAST; size -= STEP) {
            assert_int_equal(mprotect(stack, MOST, PROT_NONE), 0);
            assert_int_equal(mprotect(stack, size, PROT_READ | PROT_WRITE), 0);
            getcontext(&coroutine);
            coroutine.uc_stack.ss_sp = stack;
            coroutine.uc_stack.ss_size = size;
            coroutine.uc_link = &outside;
            makecontext(&coroutine, in_coroutine, 0);
            assert_int_equal(swapcontext(&outside, &coroutine), 0);
        }
    munmap(stack, MOST + STEP);
}

static __attribute__((noinline)) void recurse(int depth, size_t *checked) {
    if (depth == 0 || depth % 10000 == 0)
        check(checked);
    if (depth > 0)
        recurse(depth - 1, checked);
    after++;
}

/* The thread sanitizer keeps a stack of its own, which is short. */
static void follows_deep_recursion(void **state) {
    const int depth = LM_THREAD_SANITIZER ? 30000 : 100000;
    size_t checked = 0;
    (void)state;
    for (int turn = 0; turn < 3; turn++)
        recurse(depth, &checked);
    assert_int_equal(checked, 3 * (depth / 10000 + 1));
}

/* ---- Signals --------------------------------------------------------------------------------- */

static size_t checked_in_handler;

static void handle(int number) {
    (void)number;
    check(&checked_in_handler);
    tree_run(1, 4, check, &checked_in_handler);
}

static void check_interrupted(void *argument) {
    check(argument);
    raise(SIGUSR1);
    check(argument);
}

static void equals_a_walk_in_handlers(void **state) {
    size_t checked = 0;
    stack_t other = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
    struct sigaction action = {.sa_handler = handle};
    (void)state;
    assert_int_equal(sigaltstack(&other, NULL), 0);
    for (int turn = 0; turn < 4; turn++) {
        action.sa_flags = turn % 2 ? SA_ONSTACK : 0;
        sigaction(SIGUSR1, &action, NULL);
        for (uint64_t seed = 0; seed < 5; seed++)
            tree_run(seed, 6, check_interrupted, &checked);
    }
    assert_true(checked_in_handler > 100);
    void *stack = other.ss_sp;
    other.ss_flags = SS_DISABLE;
    sigaltstack(&other, NULL);
    free(stack);
    signal(SIGUSR1, SIG_DFL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_stack_as_long_as_it_is_the_same),
        cmocka_unit_test(does_not_remember_what_is_not_whole),
        cmocka_unit_test(tells_stacks_with_one_start_apart),
        cmocka_unit_test(forgets_but_does_not_mistake),
        cmocka_unit_test(knows_when_an_object_is_gone),
        cmocka_unit_test(equals_a_walk_on_random_trees),
        cmocka_unit_test(walks_once_only),
        cmocka_unit_test(goes_by_the_frame_pointer),
        cmocka_unit_test(equals_a_walk_in_threads),
        cmocka_unit_test(equals_a_walk_in_coroutines),
        cmocka_unit_test(follows_deep_recursion),
        cmocka_unit_test(equals_a_walk_in_handlers),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
