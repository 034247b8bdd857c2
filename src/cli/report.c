#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static const lm_route *choose(const lm_report *report) {
    /* A leak has nothing but its allocation; a pointer dangles from the free on. */
    const lm_route *const orders[] = {&report->used, &report->freed, &report->allocated,
                                      &report->failed};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        if (orders[i]->count > 0)
            return orders[i];
    return NULL;
}

void lm_report_free(lm_report *report) {
    lm_route_free(&report->used);
    lm_route_free(&report->allocated);
    lm_route_free(&report->freed);
    lm_route_free(&report->failed);
    free(report->same);
}

bool lm_report_is_leak(const lm_report *report) {
    return report->facts->code == LM_CODE_LEAK || report->facts->code == LM_CODE_POSSIBLE_LEAK;
}

static bool same_text(const char *one, const char *other) {
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* From the blamed place on: one call of strcpy may fault in it twice. */
static bool same_route(const lm_route *one, const lm_route *other) {
    if (one->count - one->blame != other->count - other->blame)
        return false;
    for (size_t i = 0; i < one->count - one->blame; i++) {
        const lm_place *a = &one->places[one->blame + i];
        const lm_place *b = &other->places[other->blame + i];
        if (a->address != b->address || !same_text(a->module_path, b->module_path))
            return false;
    }
    return true;
}

/* When and by whom damage is found is chance: a forked process may find its parent's again. */
static bool found_by_chance(const lm_report *report) {
    return report->facts->sure == LM_SURE_LATER && report->allocated.count > 0;
}

bool lm_report_equal(const lm_report *one, const lm_report *other) {
    if (one->key != other->key || found_by_chance(one) != found_by_chance(other) ||
        !same_text(one->facts->code_name, other->facts->code_name) ||
        !same_route(&one->allocated, &other->allocated))
        return false;
    return found_by_chance(one) ? one->facts->first.value == other->facts->first.value
                                : same_route(&one->used, &other->used);
}

static void mix(uint64_t *key, uint64_t value) {
    *key = (*key ^ value) * 0x9e3779b97f4a7c15ULL;
    *key ^= *key >> 32;
}

static uint64_t key_of(const lm_report *report) {
    uint64_t key = report->facts->code;
    for (size_t i = report->allocated.blame; i < report->allocated.count; i++)
        mix(&key, report->allocated.places[i].address);
    if (found_by_chance(report))
        mix(&key, report->facts->first.value);
    for (size_t i = report->used.blame; !found_by_chance(report) && i < report->used.count; i++)
        mix(&key, report->used.places[i].address);
    return key;
}

void lm_report_make(lm_report *report, const lm_wire_finding *facts, lm_router *router) {
    const lm_wire_program *program = facts->program;
    *report = (lm_report){.facts = facts,
                          .used = lm_router_find(router, facts->stack, program),
                          .allocated = lm_router_find(router, facts->allocated, program),
                          .freed = lm_router_find(router, facts->freed, program),
                          .failed = lm_router_find(router, facts->failed, program)};
    report->to_blame = choose(report);
    report->key = key_of(report);
}

bool lm_report_join(lm_report *report, const lm_wire_finding *facts) {
    /* Of leaks that were looked for before, it is the newest that counts. */
    if (lm_report_is_leak(report) && report->facts->program == facts->program) {
        report->facts = facts;
        return true;
    }
    const lm_wire_finding **same =
        reallocarray(report->same, report->same_count + 1, sizeof(lm_wire_finding *));
    if (same == NULL)
        return false;
    report->same = same;
    report->same[report->same_count++] = facts;
    return true;
}

uint64_t lm_report_count(const lm_report *report) {
    uint64_t count = report->facts->count;
    for (size_t i = 0; i < report->same_count; i++)
        count += report->same[i]->count;
    return count;
}

/* Groups of codes: what corrupts or ends the program, then what reads wrong, then what may harm later,
 * then what only costs memory. */
static int rank_of(lm_code code) {
    static const int ranks[LM_CODES_COUNT] = {
        [LM_CODE_HEAP_OVERFLOW] = 0,      [LM_CODE_HEAP_UNDERFLOW] = 0,
        [LM_CODE_USE_AFTER_FREE] = 0,     [LM_CODE_DOUBLE_FREE] = 0,
        [LM_CODE_INVALID_FREE] = 0,       [LM_CODE_FOREIGN_FREE] = 0,
        [LM_CODE_NULL_DEREF] = 0,         [LM_CODE_WILD_POINTER] = 0,
        [LM_CODE_UNINITIALISED_READ] = 1, [LM_CODE_BAD_SIZE] = 1,
        [LM_CODE_SIZE_MISMATCH] = 2,      [LM_CODE_MISMATCHED_FREE] = 2,
        [LM_CODE_DANGLING_POINTER] = 2,   [LM_CODE_LEAK] = 3,
        [LM_CODE_POSSIBLE_LEAK] = 4};
    return code < LM_CODES_COUNT ? ranks[code] : 2;
}

static int order(uint64_t one, uint64_t other) {
    return one < other ? -1 : one > other;
}

int lm_report_compare(const lm_report *one, const lm_report *other) {
    const int rank = rank_of(one->facts->code) - rank_of(other->facts->code);
    if (rank != 0)
        return rank;
    /* The largest leak first; of mistakes the first, since others may follow from it. */
    if (lm_report_is_leak(one))
        return order(other->facts->size.value, one->facts->size.value);
    if (one->process != other->process)
        return one->process < other->process ? -1 : 1;
    return order(one->facts->time.value, other->facts->time.value);
}
