/* Freed blocks rest, filled, until others push them out; what was written to them meanwhile is told. */
#include "support/unit.h"

#include "check/quarantine.h"
#include "check/zone.h"
#include "support/checked.h"
#include "support/tales.h"

#include <string.h>

static int set_up(void **state) {
    (void)state;
    checked_start();
    lm_quarantine_limit = 64 * 1024;
    tales_catch();
    return 0;
}

static uint8_t state_of(const void *p) {
    lm_place place;
    assert_true(lm_table_find((uintptr_t)p, &place));
    return lm_record_state(place.record);
}

/* Frees other blocks until the limit is passed several times. */
static void push(void) {
    enum { SIZE = 1024, COUNT = 1024 };
    for (int i = 0; i < COUNT; i++)
        free_plain(lm_check_malloc(SIZE, LM_CALL_MALLOC));
    lm_quarantine_flush(lm_watcher_here());
}

static void a_freed_block_is_filled_and_rests(void **state) {
    (void)state;
    unsigned char *p = lm_check_malloc(100, LM_CALL_MALLOC);
    memset(p, 1, 100);
    free_plain(p);
    assert_int_equal(state_of(p), LM_STATE_RESTING);
    assert_true(lm_zone_is(p, 100, LM_FILL_FREED));
    for (int i = 0; i < 20; i++) {
        void *q = lm_check_malloc(100, LM_CALL_MALLOC);
        assert_ptr_not_equal(p, q);
        free_plain(q);
    }
    push();
    assert_int_not_equal(state_of(p), LM_STATE_RESTING);
    assert_int_equal(tales_count, 0);
}

static void what_was_written_is_told_when_it_leaves(void **state) {
    (void)state;
    tales_catch();
    unsigned char *p = lm_check_malloc(100, LM_CALL_MALLOC);
    free_plain(p);
    p[40] = 1;
    p[43] = 2;
    push();
    assert_int_equal(tales_count, 1);
    assert_int_equal(tales[0].code, LM_CODE_USE_AFTER_FREE);
    assert_int_equal(tales[0].certainty, LM_CERTAIN_LATER);
    assert_int_equal(tale_blocks[0].start, (uintptr_t)p);
    assert_int_equal(tales[0].first, 40);
    assert_int_equal(tales[0].last, 43);
}

static void nothing_leaves_while_it_is_held(void **state) {
    (void)state;
    tales_catch();
    unsigned char *p = lm_check_malloc(100, LM_CALL_MALLOC);
    free_plain(p);
    assert_true(lm_quarantine_hold());
    assert_false(lm_quarantine_hold()); /* by one at a time */
    push();
    assert_int_equal(state_of(p), LM_STATE_RESTING);
    lm_quarantine_let_go();
    push();
    assert_int_not_equal(state_of(p), LM_STATE_RESTING);
}

static void a_large_block_gives_its_memory_back(void **state) {
    (void)state;
    tales_catch();
    enum { SIZE = 4 << 20 };
    lm_place place;
    unsigned char *p = lm_check_malloc(SIZE, LM_CALL_MALLOC);
    assert_true(lm_table_find((uintptr_t)p, &place));
    free_plain(p);
    assert_true(place.record->hidden != LM_HIDDEN_NOT || state_of(p) != LM_STATE_RESTING);
    push();
    unsigned char *q = lm_check_malloc(SIZE, LM_CALL_MALLOC);
    memset(q, 1, SIZE); /* all of it can be touched again */
    free_plain(q);
    assert_int_equal(tales_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_freed_block_is_filled_and_rests),
        cmocka_unit_test(what_was_written_is_told_when_it_leaves),
        cmocka_unit_test(nothing_leaves_while_it_is_held),
        cmocka_unit_test(a_large_block_gives_its_memory_back),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
