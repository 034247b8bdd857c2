/* Tests of what clears rooms and looks at slacks, for files that are compiled for vectors of different widths. */
#ifndef LM_TESTS_UNIT_ROOMS_H
#define LM_TESTS_UNIT_ROOMS_H

#include "support/unit.h"

#include "heap/protect.h"
#include "support/pattern.h"

#include <string.h>

/* Every byte of every room is reached, and none beyond. */
static void rooms_of_all_sizes(void **state) {
    enum { BEYOND = 128 };
    _Alignas(16) static char bytes[BEYOND + LM_SMALL_MAX + BEYOND];
    (void)state;
    for (size_t room = LM_GRAIN; room <= LM_SMALL_MAX; room += LM_GRAIN) {
        char *p = bytes + BEYOND;
        memset(bytes, 'x', sizeof bytes);
        lm_room_clear(p, room);
        assert_true(all_zero(p, room));
        assert_true(lm_room_is_clear(p, room));
        for (size_t i = 0; i < BEYOND; i++) {
            assert_int_equal(bytes[i], 'x');
            assert_int_equal(p[room + i], 'x');
        }
        for (size_t i = 0; i < room; i++) {
            p[i] = 1;
            assert_false(lm_room_is_clear(p, room));
            p[i] = 0;
        }
    }
}

/* A block in a room, with so much slack: changes each byte around the slack by turns. */
static void look_at_slack(char *p, size_t room, size_t slack,
                          bool (*intact)(const char *p, size_t room, size_t slack)) {
    size_t size = room - LM_TAIL - slack;
    memset(p, 0, room);
    memset(p, 'x', size);
    lm_tail_put(p, room, size, 0);
    for (size_t i = size - lm_min(size, 2 * LM_SLACK_LONG); i < room - LM_TAIL; i++) {
        p[i] ^= 0x20;
        assert_int_equal(intact(p, room, slack), i < size);
        p[i] ^= 0x20;
    }
}

static bool usual_intact(const char *p, size_t room, size_t slack) {
    return lm_usual_slack_intact(p, room, slack);
}

/* Each byte of every slack is seen that these forms take, and none of the block. */
static void slacks_of_all_lengths(void **state) {
    _Alignas(16) static char p[LM_SMALL_MAX + LM_GRAIN];
    (void)state;
    for (size_t room = LM_GRAIN; room <= LM_SMALL_MAX; room += LM_GRAIN) {
        size_t most = room <= LM_ROOM_MIDDLE ? LM_SLACK_SHORT : LM_SLACK_LONG;
        for (size_t slack = 0; slack <= lm_min(most, room - LM_TAIL); slack++)
            look_at_slack(p, room, slack, usual_intact);
        if (most < room - LM_TAIL)
            assert_false(lm_usual_slack_intact(p, room, most + 1));
    }
    assert_false(lm_usual_slack_intact(p, LM_SMALL_MAX + LM_GRAIN, 0));
}

/* The slot of a block becomes a clear one, or nothing is changed. */
static void slots_come_in(void **state) {
    _Alignas(16) static char p[LM_SMALL_MAX];
    (void)state;
    for (size_t room = LM_GRAIN; room <= LM_SMALL_MAX; room += LM_GRAIN) {
        size_t slack = lm_min(room - LM_TAIL, LM_SLACK_SHORT), size = room - LM_TAIL - slack;
        memset(p, 0, room);
        memset(p, 'x', size);
        lm_tail_put(p, room, size, 0);
        p[room - LM_TAIL - 1] ^= 1;
        assert_false(lm_slot_in(p, room, slack));
        assert_true(size == 0 || p[0] == 'x');
        p[room - LM_TAIL - 1] ^= 1;
        assert_true(lm_slot_in(p, room, slack));
        assert_true(all_zero(p, room));
    }
}

/* What a new block's slack must hold comes over whatever stood there. */
static void slacks_over_old_bytes(void **state) {
    enum { ROOM = 2048 };
    _Alignas(16) static char p[ROOM + LM_GRAIN];
    (void)state;
    for (size_t slack = 0; slack <= 300; slack++) {
        size_t size = ROOM - LM_TAIL - slack;
        memset(p, 'x', sizeof p);
        lm_tail_put_over(p, ROOM, size, 0);
        assert_true(lm_slack_begins_intact(p, ROOM, slack));
        assert_int_equal(lm_note_of(p, ROOM), slack);
        assert_int_equal(p[ROOM], 'x');
        assert_int_equal(p[lm_min(size, ROOM - LM_TAIL - LM_SLACK_SHORT) - 1], 'x');
        for (size_t i = 0; i < lm_min(slack, LM_SLACK_SHORT); i++) {
            p[size + i] ^= 0x20;
            assert_false(lm_slack_begins_intact(p, ROOM, slack));
            p[size + i] ^= 0x20;
        }
    }
}

static const struct CMUnitTest room_tests[] = {
    cmocka_unit_test(rooms_of_all_sizes),
    cmocka_unit_test(slacks_of_all_lengths),
    cmocka_unit_test(slots_come_in),
    cmocka_unit_test(slacks_over_old_bytes),
};

#endif
