#include "heap/guard.h"

#include "os/os.h"

#include <stdatomic.h>

/* Mappings that guards and moved blocks cost now: a hole in a mapping makes two more. */
static _Atomic size_t mappings;
static const size_t mappings_each = 2;

bool lm_guard_afford(void) {
    if (atomic_fetch_add_explicit(&mappings, mappings_each, memory_order_relaxed) + mappings_each <=
        lm_once.guard.mappings)
        return true;
    atomic_fetch_sub_explicit(&mappings, mappings_each, memory_order_relaxed);
    return false;
}

void lm_guard_give(void) {
    atomic_fetch_sub_explicit(&mappings, mappings_each, memory_order_relaxed);
}

void lm_guard_count(ptrdiff_t change) {
    atomic_fetch_add_explicit(&mappings, (size_t)change * mappings_each, memory_order_relaxed);
}

bool lm_guard_is_cheap(void) {
    return lm_once.guard.kind == LM_GUARDS_ADVISE;
}

bool lm_guard_install(char *at, size_t size) {
    bool advise = lm_guard_is_cheap();
    if (lm_once.guard.kind == LM_GUARDS_OFF || (!advise && !lm_guard_afford()))
        return false;
    if (lm_os_guard(at, size, advise))
        return true;
    if (!advise)
        lm_guard_give();
    return false;
}

void lm_guard_remove(char *at, size_t size) {
    bool advise = lm_guard_is_cheap();
    lm_os_unguard(at, size, advise);
    if (!advise)
        lm_guard_give();
}

void lm_guard_remove_all(char *at, size_t size) {
    lm_os_unguard(at, size, true);
}
