#include "heap/settings.h"

#include "base/finding.h"
#include "heap/arena.h"
#include "heap/guard.h"
#include "heap/limits.h"
#include "heap/protect.h"
#include "heap/sampled.h"
#include "os/os.h"

LM_ONCE lm_heap_once lm_once = {.small_offset = lm_small_offset};

/* ---- Protection ----------------------------------------------------------------------------- */

enum { LEVEL_LIGHT = 1, LEVEL_USUAL = 2, LEVEL_FULL = 3 };

/* A measure that the options name by itself goes by that, else by the level. */
#define CHOOSE(option, by_level) ((option) == 0 ? (by_level) : (option) == 1)

static void choose_protection(lm_protection *chosen, const lm_options *options) {
    uint64_t level = options->harden;
    bool full = level >= LEVEL_FULL;
    chosen->tail = CHOOSE(options->canary, level >= LEVEL_USUAL);
    chosen->clear = CHOOSE(options->clear, level >= LEVEL_USUAL);
    chosen->clear_max = !chosen->clear ? 0 : full ? LM_SLOT_MAX : LM_SMALL_MAX;
    chosen->random = CHOOSE(options->random, level >= LEVEL_LIGHT);
    chosen->scatter = chosen->random && full;
    chosen->guard_rate = full ? LM_GUARDED_SLABS_FULL : level >= LEVEL_LIGHT ? LM_GUARDED_SLABS : 0;
    chosen->guard_max = full ? SIZE_MAX : LM_SMALL_MAX;
    chosen->zero_traps = CHOOSE(options->zero, level >= LEVEL_LIGHT);
    chosen->hide_large =
        CHOOSE(options->hide, level >= LEVEL_LIGHT && lm_once.guard.kind != LM_GUARDS_OFF);
    chosen->neighbours = !chosen->tail ? LM_NEIGHBOURS_NONE
                         : full        ? LM_NEIGHBOURS_ALL
                                       : LM_NEIGHBOURS_FEW;
    chosen->sweep_max = !chosen->tail && !chosen->clear ? 0 : full ? SIZE_MAX : LM_SWEEP_BYTES;
    chosen->check_before = full && chosen->tail;
    chosen->purge_slabs = full;
    chosen->strict_arrays = options->strict_arrays;
}

/* The inlined form is that of the default level, whole. */
static uint16_t choose_form(const lm_protection *chosen) {
    if (chosen->tail && chosen->clear && chosen->clear_max == LM_SMALL_MAX && !chosen->check_before)
        return LM_PROTECT_INLINE;
    return chosen->tail || chosen->clear ? LM_PROTECT_GENERAL : LM_PROTECT_NOT;
}

static void start_protection(const lm_options *options) {
    uint64_t random[3];
    lm_os_random(random, sizeof random);
    lm_once.secret = random[0] | 1; /* odd: see lm_canary_key */
    lm_once.multiplier = random[1] | 1;
    lm_once.seed = random[2];
    choose_protection(&lm_once.protection, options);
    lm_once.protect = choose_form(&lm_once.protection);
    bool wide = lm_once.protect == LM_PROTECT_INLINE && lm_os.wide_vectors &&
                options->vectors == LM_VECTORS_AUTO;
    lm_once.wide_limit = wide ? LM_SMALL_MAX + 1 : 0;
    lm_once.plain_limit = lm_once.protect == LM_PROTECT_NOT ? LM_SMALL_MAX + 1 : 0;
    lm_once.tail = lm_once.protection.tail ? LM_TAIL : 0;
    /* The table with a tail leads requests of no bytes to the slow path, which knows what to do. */
    lm_once.small_offset = lm_once.tail                    ? lm_small_offset_with_tail
                           : lm_once.protection.zero_traps ? lm_small_offset_zero_apart
                                                           : lm_small_offset;
    lm_classes_start(options->harden >= LEVEL_FULL && lm_guard_is_cheap() ? lm_os.page : 0);
}

/* ---- The rest ------------------------------------------------------------------------------- */

/* Where guards cost none, few mappings are needed, and the usual limit is believed without asking. */
static size_t choose_mappings(const lm_options *options) {
    if (options->mappings)
        return options->mappings;
    return lm_guard_is_cheap() ? LM_MAPPINGS_USUAL
                               : lm_min(LM_MAPPINGS_USUAL, lm_os_map_limit() / 8);
}

static lm_guards choose_guards(const lm_options *options) {
    if (options->guards == LM_GUARDS_AUTO)
        return lm_os.guards_by_advice ? LM_GUARDS_ADVISE : LM_GUARDS_PROTECT;
    if (options->guards == LM_GUARDS_ADVISE && !lm_os.guards_by_advice)
        return LM_GUARDS_OFF;
    return options->guards;
}

static void start_findings(const lm_options *options) {
    static const lm_policy policies[] = {[LM_ON_ERROR_ABORT] = LM_POLICY_ABORT,
                                         [LM_ON_ERROR_REPORT] = LM_POLICY_REPORT,
                                         [LM_ON_ERROR_IGNORE] = LM_POLICY_IGNORE};
    /* Each of these options has "auto" before the same three. */
    const unsigned by_kind[LM_KINDS_COUNT] = {[LM_DOUBLE_FREE] = options->on_double_free,
                                              [LM_INVALID_FREE] = options->on_invalid_free,
                                              [LM_FOREIGN_FREE] = options->on_foreign_free,
                                              [LM_MISMATCHED_FREE] = options->on_mismatched_free,
                                              [LM_SIZE_MISMATCH] = options->on_size_mismatch,
                                              [LM_HEAP_OVERFLOW] = options->on_heap_overflow,
                                              [LM_HEAP_UNDERFLOW] = options->on_heap_underflow,
                                              [LM_USE_AFTER_FREE] = options->on_use_after_free};
    for (int kind = 0; kind < LM_KINDS_COUNT; kind++)
        lm_finding_rule.policy[kind] =
            by_kind[kind] ? policies[by_kind[kind] - 1] : policies[options->on_error];
    /* Nothing breaks by it here, and programs that people rely on do it. */
    if (!options->on_mismatched_free && options->on_error == LM_ON_ERROR_ABORT)
        lm_finding_rule.policy[LM_MISMATCHED_FREE] = LM_POLICY_REPORT;
}

void lm_settings_start(const lm_options *options) {
    start_findings(options);
    lm_once.arena.first_size = options->arena;
    lm_once.arena.keep = options->keep;
    lm_once.arena.huge_pages = options->thp == LM_THP_ALWAYS  ? 1
                               : options->thp == LM_THP_NEVER ? -1
                                                              : 0;
    lm_once.guard.kind = choose_guards(options);
    lm_once.guard.mappings = choose_mappings(options);
    start_protection(options);
    bool can_guard = lm_once.guard.kind != LM_GUARDS_OFF;
    lm_once.sampled.mean = options->harden >= LEVEL_LIGHT && can_guard ? options->sample : 0;
}
