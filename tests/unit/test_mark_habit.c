#include "support/unit.h"

#include "check/amounts.h"
#include "check/mark_habit.h"
#include "os/os.h"
#include "stack/depot.h"

#include <string.h>

enum { MOST = 100 };
static lm_marked blocks[MOST];

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_mark_habit_start();
    memset(blocks, 0, sizeof blocks);
    return 0;
}

/* A number for a place that allocates. */
static uint32_t place(uintptr_t caller) {
    const uintptr_t frames[] = {caller, 0x1000};
    return lm_depot_put(frames, 2, false);
}

static lm_marked held_at(uint32_t stack, uint32_t inside) {
    return (lm_marked){
        .stack = stack & LM_MARKED_STACKS, .reach = LM_REACH_LOST, .inside = 1, .leader = inside};
}

static void count_blocks(uint32_t stack, uint32_t inside, size_t count) {
    for (size_t i = 0; i < count; i++)
        blocks[i] = held_at(stack, inside);
    lm_mark_habit_count(blocks, count);
}

static bool is_habit(uint32_t stack, uint32_t inside) {
    const lm_marked block = held_at(stack, inside);
    return lm_mark_habit(&block);
}

static void it_takes_many(void **state) {
    const uint32_t stack = place(0x4000);
    (void)state;
    assert_false(is_habit(stack, 16));
    count_blocks(stack, 16, LM_HABIT_LEAST - 1);
    assert_false(is_habit(stack, 16));
    count_blocks(stack, 16, LM_HABIT_LEAST);
    assert_true(is_habit(stack, 16));
}

/* Each count is one of its own, unless there were enough. */
static void few_are_forgotten(void **state) {
    const uint32_t stack = place(0x5000);
    (void)state;
    count_blocks(stack, 16, LM_HABIT_LEAST - 1);
    count_blocks(stack, 16, LM_HABIT_LEAST - 1);
    assert_false(is_habit(stack, 16));
    count_blocks(stack, 16, LM_HABIT_LEAST);
    count_blocks(stack, 16, 1);
    assert_true(is_habit(stack, 16));
    lm_mark_habit_start();
    assert_false(is_habit(stack, 16));
}

static void every_place_for_itself(void **state) {
    const uint32_t one = place(0x6000), other = place(0x7000);
    (void)state;
    count_blocks(one, 16, LM_HABIT_LEAST);
    assert_true(is_habit(one, 16));
    assert_false(is_habit(other, 16));
}

/* By whom it was called, in turn, doesn't matter. */
static void the_caller_counts_alone(void **state) {
    const uintptr_t frames[] = {0x8000, 0x2000};
    (void)state;
    count_blocks(place(0x8000), 24, LM_HABIT_LEAST);
    assert_true(is_habit(lm_depot_put(frames, 2, false), 24));
}

/* Headers come in several sizes; what lies farther inside is another thing each. */
static void headers_speak_for_each_other(void **state) {
    const uint32_t stack = place(0x9000), far = place(0xa000);
    (void)state;
    count_blocks(stack, 16, LM_HABIT_LEAST);
    assert_true(is_habit(stack, 24));
    assert_true(is_habit(stack, LM_HABIT_HEADER));
    assert_false(is_habit(stack, LM_HABIT_HEADER + 1));
    count_blocks(far, LM_HABIT_HEADER + 8, LM_HABIT_LEAST);
    assert_true(is_habit(far, LM_HABIT_HEADER + 8));
    assert_false(is_habit(far, LM_HABIT_HEADER + 16));
    assert_false(is_habit(far, 16));
}

/* Those that are reached, or of which no address is held, tell nothing. */
static void others_dont_count(void **state) {
    const uint32_t stack = place(0xb000);
    (void)state;
    for (size_t i = 0; i < MOST; i++) {
        blocks[i] = held_at(stack, 16);
        blocks[i].reach = i % 2 ? LM_REACH_REACHED : LM_REACH_POSSIBLE;
    }
    lm_mark_habit_count(blocks, MOST);
    assert_false(is_habit(stack, 16));
    for (size_t i = 0; i < MOST; i++) {
        blocks[i] = held_at(stack, 16);
        blocks[i].inside = 0;
    }
    lm_mark_habit_count(blocks, MOST);
    assert_false(is_habit(stack, 16));
    count_blocks(stack, 16, LM_HABIT_LEAST);
    lm_marked block = held_at(stack, 16);
    block.reach = LM_REACH_REACHED;
    assert_false(lm_mark_habit(&block));
}

/* Without a call stack nothing is known of the place. */
static void blocks_without_a_stack(void **state) {
    (void)state;
    count_blocks(0, 16, MOST);
    assert_false(is_habit(0, 16));
}

/* What finds no room isn't counted, and does no harm. */
static void there_is_no_room_for_all(void **state) {
    enum { PLACES = 40000, FAR = LM_HABIT_HEADER + 8 };
    (void)state;
    for (uintptr_t i = 0; i < PLACES; i++)
        count_blocks(place(0x100000 + 16 * i), FAR, 1);
    const uint32_t first = place(0x100000), last = place(0x100000 + 16 * PLACES);
    count_blocks(first, FAR, LM_HABIT_LEAST);
    assert_true(is_habit(first, FAR)); /* it was there before */
    count_blocks(last, FAR, LM_HABIT_LEAST);
    assert_false(is_habit(last, FAR));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_takes_many, set_up),
        cmocka_unit_test_setup(few_are_forgotten, set_up),
        cmocka_unit_test_setup(every_place_for_itself, set_up),
        cmocka_unit_test_setup(the_caller_counts_alone, set_up),
        cmocka_unit_test_setup(headers_speak_for_each_other, set_up),
        cmocka_unit_test_setup(others_dont_count, set_up),
        cmocka_unit_test_setup(blocks_without_a_stack, set_up),
        cmocka_unit_test_setup(there_is_no_room_for_all, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
