/* From addresses to records, and from records to their neighbours. */
#include "support/unit.h"

#include "check/table.h"
#include "support/checked.h"

#include <string.h>

static int set_up(void **state) {
    (void)state;
    checked_start();
    return 0;
}

static void every_address_of_a_slot_leads_to_its_record(void **state) {
    static const size_t sizes[] = {1, 24, 200, 3000, 40000, 3 << 20};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
        lm_place place, other;
        assert_true(lm_table_find((uintptr_t)p, &place));
        assert_int_equal(lm_place_start(&place), (uintptr_t)p);
        assert_int_equal(place.record->size, sizes[i]);
        assert_int_equal(lm_record_state(place.record), LM_STATE_LIVE);
        assert_true(lm_place_start(&place) >= place.raw + 16 && lm_place_rear(&place) >= 16);
        for (size_t at = 0; at < place.room; at += 1 + place.room / 97) {
            assert_true(lm_table_find(place.raw + at, &other));
            assert_ptr_equal(other.record, place.record);
            assert_int_equal(other.raw, place.raw);
        }
        free_plain(p);
        assert_int_equal(lm_record_state(place.record), LM_STATE_RESTING);
        assert_true(lm_table_find((uintptr_t)p, &other));
        assert_ptr_equal(other.record, place.record);
    }
}

static void elsewhere_is_nothing(void **state) {
    int local;
    lm_place place;
    (void)state;
    assert_false(lm_table_find((uintptr_t)&local, &place));
    assert_false(lm_table_find((uintptr_t)elsewhere_is_nothing, &place));
    assert_false(lm_table_find(0, &place));
    assert_false(lm_table_find(UINTPTR_MAX, &place));
}

static void neighbours(void **state) {
    lm_place place, next, back;
    (void)state;
    char *p = lm_check_malloc(24, LM_CALL_MALLOC);
    char *large = lm_check_malloc(3 << 20, LM_CALL_MALLOC);
    assert_true(lm_table_find((uintptr_t)p, &place));
    const int step = lm_table_beside(&place, 1, &next) ? 1 : -1; /* it may be the last */
    assert_true(lm_table_beside(&place, step, &next));
    assert_int_equal((intptr_t)(next.raw - place.raw), step * (intptr_t)place.room);
    assert_true(lm_table_beside(&next, -step, &back));
    assert_ptr_equal(back.record, place.record);
    assert_true(lm_table_find((uintptr_t)large, &place));
    assert_false(lm_table_beside(&place, 1, &next));
    assert_false(lm_table_beside(&place, -1, &next));
    free_plain(p);
    free_plain(large);
}

static bool count_live(const lm_place *place, void *context) {
    *(size_t *)context +=
        lm_record_state(place->record) == LM_STATE_LIVE && place->record->size == 4711;
    return true;
}

static bool stop_at_once(const lm_place *place, void *context) {
    (void)place;
    return ++*(size_t *)context < 2;
}

static void all_are_visited(void **state) {
    enum { COUNT = 100 };
    void *p[COUNT];
    size_t live = 0, visits = 0;
    (void)state;
    for (int i = 0; i < COUNT; i++)
        p[i] = lm_check_malloc(4711, LM_CALL_MALLOC);
    lm_table_each(count_live, &live);
    assert_int_equal(live, COUNT);
    lm_table_each(stop_at_once, &visits);
    assert_int_equal(visits, 2);
    for (int i = 0; i < COUNT; i++)
        free_plain(p[i]);
    live = 0;
    lm_table_each(count_live, &live);
    assert_int_equal(live, 0);
}

static void moments_keep_time_and_thread(void **state) {
    const lm_moment moment = lm_moment_of(123456789, 42);
    (void)state;
    assert_int_equal(lm_moment_thread(moment), 42);
    assert_int_equal(lm_moment_time(moment) >> LM_TIME_GRAIN, 123456789 >> LM_TIME_GRAIN);
    assert_int_equal(lm_moment_thread(lm_moment_of(1, UINT32_MAX)), (1u << LM_TIME_SHIFT) - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_of_a_slot_leads_to_its_record),
        cmocka_unit_test(elsewhere_is_nothing),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(all_are_visited),
        cmocka_unit_test(moments_keep_time_and_thread),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
