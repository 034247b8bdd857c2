#include "support/unit.h"

#include "stack/cache.h"
#include "support/random.h"
#include "support/thread.h"

#include <stdatomic.h>
#include <string.h>

/* A file with a build-id that can be changed: the first pages of this program. */
static _Alignas(4096) uint8_t page[2][8192];
static lm_object objects[2];
static uint8_t *id;

static void here(void) {}

static int make_objects(void **state) {
    lm_object real;
    void (*function)(void) = here;
    uintptr_t address;
    (void)state;
    memcpy(&address, &function, sizeof address);
    if (!lm_object_find(address, &real))
        return 0;
    for (int i = 0; i < 2; i++) {
        memcpy(page[i], (const void *)real.start, 4096);
        objects[i].start = (uintptr_t)page[i];
        objects[i].end = objects[i].start + sizeof page[i];
        objects[i].bias = objects[i].start - (real.start - real.bias);
        objects[i].path = "/made/up";
    }
    const lm_object_bytes found = lm_object_build_id(&objects[0]);
    id = found.start ? page[0] + (found.start - page[0]) : NULL;
    return 0;
}

static void assert_same(const lm_cache_step *a, const lm_cache_step *b) {
    assert_int_equal(a->cfa, b->cfa);
    assert_int_equal(a->fp, b->fp);
    assert_int_equal(a->last, b->last);
    assert_int_equal(a->cfa_value, b->cfa_value);
    assert_int_equal(a->fp_value, b->fp_value);
}

static const lm_cache_step steps[] = {
    {LM_CACHE_CFA_SP, LM_CACHE_FP_SAME, false, 8, 0},
    {LM_CACHE_CFA_FP, LM_CACHE_FP_AT_CFA, false, 16, -16},
    {LM_CACHE_CFA_LOADED, LM_CACHE_FP_AT_FP, false, -8, 0},
    {LM_CACHE_CFA_SP, LM_CACHE_FP_AT_CFA, false, INT32_MAX, INT16_MIN},
    {LM_CACHE_CFA_SP, LM_CACHE_FP_AT_CFA, false, INT32_MIN, INT16_MAX},
    {0, 0, true, 0, 0},
};

static void gives_back_what_was_put(void **state) {
    (void)state;
    if (!id)
        skip();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        lm_cache_step got;
        const uintptr_t pc = objects[0].start + 100 + i;
        assert_false(lm_cache_get(pc, &objects[0], &got));
        lm_cache_put(pc, &objects[0], &steps[i]);
        assert_true(lm_cache_get(pc, &objects[0], &got));
        assert_same(&got, &steps[i]);
        assert_false(lm_cache_get(pc, &objects[1], &got));
    }
}

static void forgets_when_the_file_is_another(void **state) {
    lm_cache_step got;
    (void)state;
    if (!id)
        skip();
    const uintptr_t pc = objects[0].start + 300;
    lm_cache_put(pc, &objects[0], &steps[1]);
    id[5] ^= 1;
    assert_false(lm_cache_get(pc, &objects[0], &got));
    id[5] ^= 1;
    assert_true(lm_cache_get(pc, &objects[0], &got));
}

/* Without a build-id nobody could tell; the program itself never goes. */
static void remembers_nothing_of_files_without_build_id(void **state) {
    static _Alignas(4096) uint8_t empty[4096];
    lm_object object = {(uintptr_t)empty, (uintptr_t)empty + sizeof empty, 0, NULL, "/made/up"};
    lm_cache_step got;
    (void)state;
    lm_cache_put(object.start + 1, &object, &steps[0]);
    assert_false(lm_cache_get(object.start + 1, &object, &got));
    object.path = "";
    lm_cache_put(object.start + 1, &object, &steps[0]);
    assert_true(lm_cache_get(object.start + 1, &object, &got));
}

/* ---- Threads that write over each other ------------------------------------------------------ */

static atomic_int wrong;

static lm_cache_step step_for(uintptr_t pc) {
    return (lm_cache_step){(uint8_t)(pc % 3), (uint8_t)(pc / 3 % 3), false,
                           (int32_t)(pc * 2654435761u), (int16_t)pc};
}

static void *put_and_get(void *argument) {
    random_state r = {(uintptr_t)argument};
    for (int i = 0; i < 200000; i++) {
        const uintptr_t pc = objects[0].start + random_below(&r, 1 << 16);
        lm_cache_step got, wanted = step_for(pc);
        if (random_once_in(&r, 2))
            lm_cache_put(pc, &objects[0], &wanted);
        else if (lm_cache_get(pc, &objects[0], &got) &&
                 (got.cfa != wanted.cfa || got.fp != wanted.fp || got.last ||
                  got.cfa_value != wanted.cfa_value || got.fp_value != wanted.fp_value))
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void never_mixes_entries(void **state) {
    pthread_t threads[3];
    (void)state;
    if (!id)
        skip();
    lm_cache_step got;
    for (uintptr_t i = 0; i < 6; i++) { /* those of the other tests */
        const uintptr_t pc = objects[0].start + 100 + i;
        const lm_cache_step step = step_for(pc);
        lm_cache_put(pc, &objects[0], &step);
    }
    const uintptr_t other = objects[0].start + 300;
    const lm_cache_step step = step_for(other);
    lm_cache_put(other, &objects[0], &step);
    assert_true(lm_cache_get(other, &objects[0], &got));
    for (uintptr_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_and_get, (void *)(i + 1)), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&wrong), 0);
}

/* How many of many places are still known when all were put. */
static unsigned known_of_many(void) {
    enum { PLACES = 2000 };
    lm_cache_step got;
    unsigned known = 0;
    for (uintptr_t i = 0; i < PLACES; i++)
        lm_cache_put(objects[0].start + 1000 + i, &objects[0], &steps[1]);
    for (uintptr_t i = 0; i < PLACES; i++)
        known += lm_cache_get(objects[0].start + 1000 + i, &objects[0], &got);
    return known;
}

/* A larger table begins empty, and remembers more. */
static void a_larger_table(void **state) {
    enum { LOG2 = 14 };
    static lm_cache_entry entries[1 << LOG2];
    static const lm_cache_table table = {entries, LOG2};
    lm_cache_step got;
    (void)state;
    if (!id)
        skip();
    assert_in_range(known_of_many(), 500, 1100);
    const uintptr_t last = objects[0].start + 1000 + 1999;
    assert_true(lm_cache_get(last, &objects[0], &got));
    lm_cache_use(&table);
    assert_false(lm_cache_get(last, &objects[0], &got));
    assert_in_range(known_of_many(), 1700, 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(forgets_when_the_file_is_another),
        cmocka_unit_test(remembers_nothing_of_files_without_build_id),
        cmocka_unit_test(never_mixes_entries),
        cmocka_unit_test(a_larger_table),
    };
    return cmocka_run_group_tests(tests, make_objects, NULL);
}
