#include "check/sweep.h"

#include "check/amounts.h"
#include "check/clock.h"
#include "check/damage.h"
#include "check/quarantine.h"

static _Atomic uint64_t next_time;

static bool look(const lm_place *place, void *context) {
    (void)context;
    uint8_t state = lm_record_state(place->record);
    if (state == LM_STATE_LIVE)
        lm_damage_look(place, NULL);
    else if (state == LM_STATE_RESTING)
        lm_damage_look_freed(place);
    return true;
}

/* Nothing leaves the quarantine meanwhile, so what is looked at stays where it is. */
void lm_sweep_all(void) {
    uint64_t time = lm_clock_now();
    if (!lm_quarantine_hold())
        return;
    lm_table_each(look, NULL);
    lm_damage_note_look(time);
    lm_quarantine_let_go();
}

void lm_sweep_if_due(void) {
    uint64_t now = lm_clock_now();
    uint64_t due = atomic_load_explicit(&next_time, memory_order_relaxed);
    if (due == 0) { /* the first time */
        atomic_store_explicit(&next_time, now + LM_SWEEP_EVERY, memory_order_relaxed);
        return;
    }
    if (now < due || !atomic_compare_exchange_strong_explicit(
                         &next_time, &due, UINT64_MAX, memory_order_relaxed, memory_order_relaxed))
        return;
    lm_sweep_all();
    uint64_t took = lm_clock_now() - now;
    uint64_t pause =
        took * LM_SWEEP_SHARE > LM_SWEEP_EVERY ? took * LM_SWEEP_SHARE : LM_SWEEP_EVERY;
    atomic_store_explicit(&next_time, now + took + pause, memory_order_relaxed);
}
