/* Who gets a place against guards. */
#include "check/exact.h"

#include "check/amounts.h"
#include "check/budget.h"

#include <stdatomic.h>

enum {
    STACKS = 1 << 15,
    FIRST = 8,
    ALLOWANCE = 20000000 /* ns at the beginning, on top of the share */
};

static _Atomic uint32_t seen[STACKS];

/* After the first eight of a stack eight of every second, then eight of every fourth, ... */
static bool is_turn(uint32_t before) {
    const uint32_t phase = 31u - (uint32_t)__builtin_clz(before / FIRST + 1);
    const uint32_t inside = before - FIRST * ((1u << phase) - 1);
    return (inside & ((1u << phase) - 1)) == 0;
}

static bool has_time(void) {
    const uint64_t spent = atomic_load_explicit(&lm_exact_count.spent, memory_order_relaxed);
    if (spent < ALLOWANCE ||
        atomic_load_explicit(&lm_exact_count.due, memory_order_relaxed) < LM_EXACT_FREE)
        return true;
    return spent - ALLOWANCE < lm_budget_time() / 100 * lm_exact_setting.share;
}

bool lm_exact_due(uint32_t stack) {
    if (lm_exact_setting.mode != LM_EXACT_MODE_AUTO || !lm_exact_ready())
        return lm_exact_setting.mode == LM_EXACT_MODE_ALL && lm_exact_ready();
    const uint32_t slot = stack * 0x9e3779b1u >> 17;
    /* What is lost when two threads count at once matters to nobody. */
    const uint32_t before = atomic_load_explicit(&seen[slot], memory_order_relaxed);
    atomic_store_explicit(&seen[slot], before + 1, memory_order_relaxed);
    if (!is_turn(before) || !has_time())
        return false;
    atomic_fetch_add_explicit(&lm_exact_count.due, 1, memory_order_relaxed);
    return true;
}
