/* A walk from registers that the test has set. test_stack.c walks through functions of all shapes. */
#include "support/unit.h"

#include "stack/climb.h"
#include "stack/stack.h"
#include "support/thread.h"

#include <string.h>

#define NOINLINE __attribute__((noinline))

enum { FRAMES = 40, DEPTH = 12 };

static volatile int after; /* keeps calls from becoming jumps */

#if defined(__x86_64__) || defined(__aarch64__)

static NOINLINE lm_climb stand_here(void) {
    lm_climb walk;
    memset(&walk, 0, sizeof walk);
    walk.registers.known = LM_MACHINE_KEPT | (uint64_t)1 << LM_MACHINE_PC;
    walk.exact = true;
    return walk;
}

/* Calls itself so often, then `function`. */
static NOINLINE void dive(int depth, void (*function)(void)) {
    if (depth > 0)
        dive(depth - 1, function);
    else
        function();
    after++;
}

static void assert_sensible(const uintptr_t *frames, size_t count) {
    lm_object object;
    assert_true(count > DEPTH);
    for (size_t i = 0; i < count; i++)
        assert_true(!lm_object_known() || lm_object_find(frames[i], &object));
    for (size_t i = 2; i < DEPTH; i++)
        assert_int_equal(frames[i], frames[i + 1]); /* dive's own call */
}

/* ---- To the stack's end ------------------------------------------------------------------------- */

static NOINLINE void follow(void) {
    uintptr_t frames[FRAMES], captured[FRAMES];
    lm_climb walk = stand_here();
    lm_machine_capture(walk.registers.at);
    const size_t count = lm_climb_follow(&walk, frames, FRAMES);
    const size_t captured_count = lm_stack_capture(captured, FRAMES);
    assert_sensible(frames, count);
    assert_int_equal(count, captured_count - 1); /* which is called here */
    assert_memory_equal(frames, captured + 1, count * sizeof frames[0]);
    after++;
}

static void from_here_to_the_end(void **state) {
    (void)state;
    dive(DEPTH, follow);
}

static void *dive_in_thread(void *argument) {
    dive(DEPTH, follow);
    return argument;
}

static void in_threads_as_well(void **state) {
    assert_non_null(in_thread(dive_in_thread, state));
}

static NOINLINE void follow_a_little(void) {
    uintptr_t frames[FRAMES], few[FRAMES] = {0};
    for (size_t max = 0; max < 5; max++) {
        lm_climb walk = stand_here();
        lm_machine_capture(walk.registers.at);
        lm_climb again = walk;
        assert_int_equal(lm_climb_follow(&walk, few, max), max);
        assert_int_equal(few[max], 0);
        lm_climb_follow(&again, frames, FRAMES);
        assert_memory_equal(frames, few, max * sizeof frames[0]);
        memset(few, 0, sizeof few);
    }
    after++;
}

static void no_more_than_are_wanted(void **state) {
    (void)state;
    dive(DEPTH, follow_a_little);
}

/* ---- Trails ------------------------------------------------------------------------------------ */

/* The words of the trail are where it says, and lead to the same frames. */
static NOINLINE LM_UNWATCHED void leave_trail(void) {
    uintptr_t frames[FRAMES], again[FRAMES];
    lm_trail trail = {.fp_pending = false};
    lm_climb walk = stand_here();
    lm_machine_capture(walk.registers.at);
    lm_climb other = walk;
    const size_t count = lm_climb_trail(&walk, frames, FRAMES, &trail);
    assert_int_equal(lm_climb_follow(&other, again, FRAMES), count);
    assert_memory_equal(frames, again, count * sizeof frames[0]);
    if (LM_MACHINE_TABLES) {
        assert_true(trail.whole);
        assert_false(trail.lost);
        assert_true(trail.count >= count - 1);
    }
    size_t next = 0;
    for (size_t i = 0; i < trail.count; i++) {
        assert_int_equal(*(const lm_extent_word *)trail.slots[i].at, trail.slots[i].value);
        next += next < count && trail.slots[i].value == frames[next];
    }
    if (trail.whole)
        assert_true(next >= count - 1);
    after++;
}

static void trails_hold_what_was_read(void **state) {
    (void)state;
    dive(DEPTH, leave_trail);
    dive(DEPTH, leave_trail); /* once more, with what the first one remembers */
}

static NOINLINE void leave_long_trail(void) {
    static uintptr_t frames[4 * LM_TRAIL_SLOTS];
    lm_trail trail = {.fp_pending = false};
    lm_climb walk = stand_here();
    lm_machine_capture(walk.registers.at);
    const size_t count = lm_climb_trail(&walk, frames, 4 * LM_TRAIL_SLOTS, &trail);
    assert_true(count > LM_TRAIL_SLOTS);
    assert_false(trail.whole);
    assert_true(trail.count <= LM_TRAIL_SLOTS);
    after++;
}

static void trails_have_an_end(void **state) {
    (void)state;
    dive(2 * LM_TRAIL_SLOTS, leave_long_trail);
}

/* ---- Nowhere ------------------------------------------------------------------------------------ */

/* The stack pointer is always a stack's; the others may be anything where the code is nobody's. */
static void registers_that_lead_nowhere(void **state) {
    static const uintptr_t nowhere[] = {0, 8, 4096, UINTPTR_MAX, UINTPTR_MAX - 7};
    uintptr_t frames[FRAMES];
    (void)state;
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++)
        for (int exact = 0; exact < 2; exact++) {
            lm_trail trail = {.fp_pending = false};
            lm_climb walk = stand_here();
            walk.registers.at[LM_MACHINE_PC] = nowhere[i];
            walk.registers.at[LM_MACHINE_SP] = (uintptr_t)frames;
            walk.registers.at[LM_MACHINE_FP] = nowhere[i];
            walk.exact = exact;
            lm_climb other = walk;
            assert_int_equal(lm_climb_follow(&walk, frames, FRAMES), 0);
            assert_int_equal(lm_climb_trail(&other, frames, FRAMES, &trail), 0);
            assert_false(trail.whole);
        }
}

/* A stack that goes round in a circle would never end. */
static void frame_pointers_in_a_circle(void **state) {
    uintptr_t words[8], frames[FRAMES];
    (void)state;
    for (size_t i = 0; i < 8; i++)
        words[i] = (uintptr_t)&words[0];
    lm_climb walk = stand_here();
    walk.registers.at[LM_MACHINE_PC] = (uintptr_t)words; /* no code that anybody knows */
    walk.registers.at[LM_MACHINE_SP] = (uintptr_t)words;
    walk.registers.at[LM_MACHINE_FP] = (uintptr_t)&words[2];
    assert_true(lm_climb_follow(&walk, frames, FRAMES) <= 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_here_to_the_end),       cmocka_unit_test(in_threads_as_well),
        cmocka_unit_test(no_more_than_are_wanted),    cmocka_unit_test(trails_hold_what_was_read),
        cmocka_unit_test(trails_have_an_end),         cmocka_unit_test(registers_that_lead_nowhere),
        cmocka_unit_test(frame_pointers_in_a_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void) {
    return 77;
}
#endif
