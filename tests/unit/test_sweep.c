#include "support/unit.h"

#include "check/amounts.h"
#include "check/clock.h"
#include "check/damage.h"
#include "check/quarantine.h"
#include "check/sweep.h"

#include <string.h>

/* ---- In the stead of what it asks ---------------------------------------------------------------- */

static uint64_t now;   /* what the clock says; */
static uint64_t takes; /* each look at all blocks takes so long */
static bool may_hold, held;
static unsigned holds, live, resting, sweeps;
static uint64_t noted;

/* One is whole. */
static const uint8_t states[] = {LM_STATE_NONE, LM_STATE_LIVE, LM_STATE_RESTING, LM_STATE_LIVE};
enum { WHOLE = 1, ROOM = 256, SIZE = 64 };
static _Alignas(64) unsigned char slots[sizeof states][ROOM];

uint64_t lm_clock_now(void) {
    return now;
}

bool lm_quarantine_hold(void) {
    holds++;
    return held = may_hold;
}

void lm_quarantine_let_go(void) {
    held = false;
}

void lm_table_each(bool (*visit)(const lm_place *place, void *context), void *context) {
    assert_true(held);
    sweeps++;
    for (size_t i = 0; i < sizeof states; i++) {
        lm_record record = {.state = states[i], .size = SIZE};
        const lm_place place = {.record = &record, .raw = (uintptr_t)slots[i], .room = ROOM};
        if (i == WHOLE)
            lm_damage_prepare(&place);
        assert_true(visit(&place, context));
    }
    now += takes;
}

void lm_damage_tell(const lm_place *place, const char *call) {
    assert_true(held);
    live += lm_record_state(place->record) == LM_STATE_LIVE && !call &&
            place->raw == (uintptr_t)slots[3];
}

void lm_damage_look_freed(const lm_place *place) {
    assert_true(held);
    resting += lm_record_state(place->record) == LM_STATE_RESTING;
}

void lm_damage_note_look(uint64_t time) {
    assert_true(held);
    noted = time;
}

static int set_up(void **state) {
    (void)state;
    may_hold = true;
    takes = 0;
    holds = live = resting = sweeps = 0;
    return 0;
}

static void all_that_live_or_rest(void **state) {
    (void)state;
    now = 12345;
    takes = 10;
    lm_sweep_all();
    assert_int_equal(live, 1);
    assert_int_equal(resting, 1);
    assert_int_equal(noted, 12345); /* what was whole then may be broken by now */
    assert_false(held);
}

static void not_while_others_do(void **state) {
    (void)state;
    noted = 1;
    may_hold = false;
    lm_sweep_all();
    assert_int_equal(holds, 1);
    assert_int_equal(sweeps, 0);
    assert_int_equal(noted, 1);
}

static void at(uint64_t time, bool due) {
    now = time;
    sweeps = 0;
    lm_sweep_if_due();
    assert_int_equal(sweeps, due);
}

static void from_time_to_time(void **state) {
    const uint64_t every = LM_SWEEP_EVERY;
    (void)state;
    at(1000, false); /* the first time only begins */
    at(1000 + every - 1, false);
    at(1000 + every, true);
    at(1000 + every, false);
    at(1000 + 2 * every - 1, false);
    at(1000 + 2 * every, true);
    at(1000 + 7 * every, true); /* nobody asked meanwhile */
    at(1000 + 8 * every - 1, false);
    takes = every / LM_SWEEP_SHARE; /* just what it may take */
    at(1000 + 8 * every, true);
    at(1000 + 9 * every + takes - 1, false);
    takes = every;
    at(1000 + 9 * every + every / LM_SWEEP_SHARE, true);
    const uint64_t ended = now;
    at(ended + LM_SWEEP_SHARE * every - 1, false);
    takes = 0;
    at(ended + LM_SWEEP_SHARE * every, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_that_live_or_rest, set_up),
        cmocka_unit_test_setup(not_while_others_do, set_up),
        cmocka_unit_test_setup(from_time_to_time, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
