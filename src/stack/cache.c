#include "stack/cache.h"

#include <stdatomic.h>
#include <string.h>

enum {
    FEW_LOG2 = 10,
    FP_SHIFT = 2,
    LAST_SHIFT = 4,
    IDENTITY_SHIFT = 6,
    CFA_VALUE_SHIFT = 16,
    FP_VALUE_SHIFT = 48,
    IDENTITY_UNIT = 4, /* bytes; notes are aligned so */
    PAGE_LEAST = 4096,
};

static lm_cache_entry few[1 << FEW_LOG2];
static const lm_cache_table table_of_few = {few, FEW_LOG2};
static _Atomic(const lm_cache_table *) table = &table_of_few;

void lm_cache_use(const lm_cache_table *other) {
    atomic_store_explicit(&table, other, memory_order_release);
}

/* Odd numbers without a pattern: they spread what differs in a few bits over the whole word. */
#define SPREAD_PC       UINT64_C(0x9e3779b97f4a7c15)
#define SPREAD_RULE     UINT64_C(0xc2b2ae3d27d4eb4f)
#define SPREAD_IDENTITY UINT64_C(0xff51afd7ed558ccd)
#define SPREAD_START    UINT64_C(0x165667b19e3779f9)

static lm_cache_entry *entry_of(uintptr_t pc) {
    const lm_cache_table *now = atomic_load_explicit(&table, memory_order_acquire);
    return &now->entries[pc * SPREAD_PC >> (64 - now->log2)];
}

LM_INLINE uint64_t halves_swapped(uint64_t x) {
    return x << 32 | x >> 32;
}

/* The word of the object's first page that tells it from others. Whatever the rule says, it lies
 * within the page. */
static uint64_t key_of(uintptr_t pc, lm_cache_rule rule, uintptr_t start) {
    const size_t offset = (rule >> IDENTITY_SHIFT) % (PAGE_LEAST / IDENTITY_UNIT) * IDENTITY_UNIT;
    uint64_t identity;
    memcpy(&identity, (const void *)(start + offset), sizeof identity);
    return pc * SPREAD_PC ^ halves_swapped(rule * SPREAD_RULE) ^ identity * SPREAD_IDENTITY ^
           halves_swapped(start * SPREAD_START);
}

/* False when the object can't be told from another that takes its place. */
static bool identity_of(const lm_object *object, size_t *offset) {
    if (object->start % PAGE_LEAST != 0)
        return false;
    const lm_object_bytes id = lm_object_build_id(object);
    const uintptr_t at = (uintptr_t)id.start - object->start;
    *offset = 0;
    if (id.end - id.start >= (ptrdiff_t)sizeof(uint64_t) && at <= PAGE_LEAST - sizeof(uint64_t)) {
        *offset = at;
        return true;
    }
    return object->path[0] == '\0';
}

bool lm_cache_get(uintptr_t pc, const lm_object *object, lm_cache_step *step) {
    lm_cache_entry *e = entry_of(pc);
    const uint64_t key = atomic_load_explicit(&e->key, memory_order_relaxed);
    const lm_cache_rule rule = atomic_load_explicit(&e->rule, memory_order_relaxed);
    /* The last word of the page would reach beyond it: no rule names it. */
    if (key == 0 || (rule >> IDENTITY_SHIFT) % (PAGE_LEAST / IDENTITY_UNIT) >
                        (PAGE_LEAST - sizeof(uint64_t)) / IDENTITY_UNIT)
        return false;
    if (object->start % PAGE_LEAST != 0 || key != key_of(pc, rule, object->start))
        return false;
    step->cfa = rule & 3;
    step->fp = rule >> FP_SHIFT & 3;
    step->last = rule >> LAST_SHIFT & 1;
    step->cfa_value = (int32_t)(rule >> CFA_VALUE_SHIFT);
    step->fp_value = (int16_t)(rule >> FP_VALUE_SHIFT);
    return true;
}

void lm_cache_put(uintptr_t pc, const lm_object *object, const lm_cache_step *step) {
    size_t identity;
    if (!identity_of(object, &identity))
        return;
    const lm_cache_rule rule = (uint64_t)step->cfa | (uint64_t)step->fp << FP_SHIFT |
                               (uint64_t)step->last << LAST_SHIFT |
                               (uint64_t)(identity / IDENTITY_UNIT) << IDENTITY_SHIFT |
                               (uint64_t)(uint32_t)step->cfa_value << CFA_VALUE_SHIFT |
                               (uint64_t)(uint16_t)step->fp_value << FP_VALUE_SHIFT;
    lm_cache_entry *e = entry_of(pc);
    atomic_store_explicit(&e->key, key_of(pc, rule, object->start), memory_order_relaxed);
    atomic_store_explicit(&e->rule, rule, memory_order_relaxed);
}
