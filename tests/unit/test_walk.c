// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/walk.h"
#include "support/heap.h"
#include "support/thread.h"

#include <stdlib.h>

enum { MANY = 3000 };
static char *blocks[MANY];

typedef struct visited {
    char *list[2 * MANY];
    unsigned count, most;
    size_t bytes;
} visited;

static visited seen;

static bool note(void *block, size_t size, void *context) {
    visited *v = context;
    assert_int_equal(size, loam_usable_size(block));
    v->list[v->count++] = block;
    v->bytes += size;
    return v->count < v->most;
}

static visited *visit(unsigned most) {
    seen = (visited){.most = most};
    bool to_the_end = loam_visit(note, &seen);
    assert_int_equal(to_the_end, seen.count < most);
    return &seen;
}

static int by_address(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);
}

static void take_all(void) {
    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = loam_malloc(i % 500 ? i % 3000 : 70000 + i * 100);
    qsort(blocks, MANY, sizeof blocks[0], by_address);
}

static void *take_all_in_thread(void *argument) {
    take_all();
    return argument;
}

static void free_all(void) {
    for (unsigned i = 0; i < MANY; i++)
        loam_free(blocks[i]);
}

static void nothing(void **state) {
    (void)state;
    assert_int_equal(visit(10)->count, 0);
}

/* Each block once, in the order of addresses. */
static void exactly_the_live_ones(void **state) {
    (void)state;
    take_all();
    visited *v = visit(2 * MANY);
    assert_int_equal(v->count, MANY);
    assert_memory_equal(v->list, blocks, sizeof blocks);
    assert_in_range(v->bytes, 1, stats_now().live);
    for (unsigned i = 0; i < MANY; i += 3)
        loam_free(blocks[i]);
    assert_int_equal(visit(2 * MANY)->count, MANY - MANY / 3);
    for (unsigned i = 0; i < MANY; i++)
        if (i % 3)
            loam_free(blocks[i]);
    assert_int_equal(visit(10)->count, 0);
}

static void of_all_threads(void **state) {
    (void)state;
    in_thread(take_all_in_thread, NULL);
    assert_int_equal(visit(2 * MANY)->count, MANY);
    free_all(); /* now by another thread */
    assert_int_equal(visit(10)->count, 0);
}

static void stops_when_told(void **state) {
    (void)state;
    take_all();
    assert_int_equal(visit(1)->count, 1);
    assert_int_equal(visit(77)->count, 77);
    assert_ptr_equal(seen.list[76], blocks[76]);
    free_all();
}

/* The visitor may free what it is shown, and allocate. */
static bool free_it(void *block, size_t size, void *context) {
    unsigned *count = context;
    loam_free(block);
    loam_free(loam_malloc(size));
    ++*count;
    return true;
}

static void visitors_may_change_the_heap(void **state) {
    unsigned count = 0;
    (void)state;
    take_all();
    assert_true(loam_visit(free_it, &count));
    assert_true(count >= MANY);
    assert_int_equal(visit(10)->count, 0);
    assert_sound();
}

/* Every record once, none that is given back. */
static void records(void **state) {
    lm_walk walk = {0};
    (void)state;
    take_all();
    size_t units = 0, used = lm_arena_used_units();
    lm_lock_take(&lm_arena_lock);
    for (lm_slab *record; (record = lm_walk_next(&walk)) != NULL;)
        units += record->kind == LM_KIND_SLAB ? lm_slab_units(record)
                                              : ((lm_span *)(void *)record)->units;
    assert_null(lm_walk_next(&walk));
    lm_lock_give(&lm_arena_lock);
    assert_int_equal(units, used);
    free_all();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),        cmocka_unit_test(exactly_the_live_ones),
        cmocka_unit_test(of_all_threads), cmocka_unit_test(stops_when_told),
        cmocka_unit_test(records),        cmocka_unit_test(visitors_may_change_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
