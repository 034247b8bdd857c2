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

/* One line and column may be several instructions: those of a copy, for instance. */
static bool has_spot(const lm_place *place) {
    return place->path != NULL && place->line > 0 && place->column > 0;
}

static bool same_spot(const lm_place *one, const lm_place *other) {
    return has_spot(one) && has_spot(other) && one->line == other->line &&
           one->column == other->column && same_text(one->path, other->path) &&
           same_text(one->function, other->function);
}

static bool same_place(const lm_place *one, const lm_place *other) {
    return one->address == other->address && same_text(one->module_path, other->module_path);
}

/* From those places on to the outermost. */
static bool same_places(const lm_route *one, size_t from, const lm_route *other,
                        size_t other_from) {
    if (one->count - from != other->count - other_from)
        return false;
    for (size_t i = 0; i < one->count - from; i++)
        if (!same_place(&one->places[from + i], &other->places[other_from + i]))
            return false;
    return true;
}

static bool same_blamed(const lm_route *one, const lm_route *other) {
    const lm_place *a = lm_route_blamed(one), *b = lm_route_blamed(other);
    return a == NULL || b == NULL ? a == b : same_place(a, b) || same_spot(a, b);
}

/* From the blamed place on: one call of strcpy may fault in it twice. */
static bool same_route(const lm_route *one, const lm_route *other) {
    if (one->count == one->blame || other->count == other->blame)
        return one->count - one->blame == other->count - other->blame;
    return same_blamed(one, other) && same_places(one, one->blame + 1, other, other->blame + 1);
}

/* When and by whom damage is found is chance: a forked process may find its parent's again. */
static bool found_by_chance(const lm_report *report) {
    return report->facts->sure == LM_SURE_LATER && report->allocated.count > 0;
}

/* An access to the elements of a list is one mistake, though each may come from another caller of what makes them. */
static bool is_access(const lm_report *report) {
    return report->used.count > 0 && !found_by_chance(report);
}

bool lm_report_equal(const lm_report *one, const lm_report *other) {
    if (one->key != other->key || found_by_chance(one) != found_by_chance(other) ||
        !same_text(one->facts->code_name, other->facts->code_name) ||
        is_access(one) != is_access(other) ||
        !(is_access(one) ? same_blamed : same_route)(&one->allocated, &other->allocated))
        return false;
    /* The process has put together what has one stack: what is left has two, and each has bytes of its own. */
    if (lm_report_is_leak(one))
        return same_places(&one->allocated, 0, &other->allocated, 0);
    return found_by_chance(one) ? one->facts->first.value == other->facts->first.value
                                : same_text(one->facts->access, other->facts->access) &&
                                      same_route(&one->used, &other->used);
}

bool lm_report_follows(const lm_report *report, const lm_report *earlier) {
    return found_by_chance(report) && !found_by_chance(earlier) &&
           earlier->facts->sure == LM_SURE_EXACT && earlier->facts->first.known &&
           earlier->facts->first.value == report->facts->first.value &&
           same_text(earlier->facts->access, "write") &&
           same_text(earlier->facts->code_name, report->facts->code_name) &&
           same_route(&earlier->allocated, &report->allocated);
}

static void mix(uint64_t *key, uint64_t value) {
    *key = (*key ^ value) * 0x9e3779b97f4a7c15ULL;
    *key ^= *key >> 32;
}

static void mix_route(uint64_t *key, const lm_route *route, size_t most) {
    for (size_t i = route->blame; i < route->count && i - route->blame < most; i++) {
        const lm_place *place = &route->places[i];
        const bool by_spot = i == route->blame && has_spot(place);
        mix(key, by_spot ? (uint64_t)place->line << 32 | place->column : place->address);
    }
}

static uint64_t key_of(const lm_report *report) {
    uint64_t key = report->facts->code;
    mix_route(&key, &report->allocated, is_access(report) ? 1 : SIZE_MAX);
    if (found_by_chance(report))
        mix(&key, report->facts->first.value);
    else
        mix_route(&key, &report->used, SIZE_MAX);
    return key;
}

/* Damage that was found when the program ended, below nothing of the user's: where says nothing. */
static void drop_chance(lm_report *report) {
    const lm_place *place = lm_route_blamed(&report->used);
    if (found_by_chance(report) && place != NULL && place->owner == LM_OWNER_RUNTIME)
        lm_route_free(&report->used);
}

void lm_report_make(lm_report *report, const lm_wire_finding *facts, lm_router *router) {
    const lm_wire_program *program = facts->program;
    *report = (lm_report){.facts = facts,
                          .used = lm_router_find(router, facts->stack, program),
                          .allocated = lm_router_find(router, facts->allocated, program),
                          .freed = lm_router_find(router, facts->freed, program),
                          .failed = lm_router_find(router, facts->failed, program)};
    drop_chance(report);
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
