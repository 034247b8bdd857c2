#include "support/unit.h"

#include "heap/slab.h"
#include "heap/thread.h"
#include "support/heap.h"

/* A slab of its own, in no bin: verify would miss it there, so it is asked before and after. */
static lm_slab *new_slab(unsigned class, bool *fresh) {
    lm_slab *slab = lm_slab_new(lm_thread_heap(), class, fresh);
    assert_non_null(slab);
    return slab;
}

static void new_ones(void **state) {
    (void)state;
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        bool fresh;
        lm_slab *slab = new_slab(c, &fresh);
        assert_int_equal(slab->slots, lm_classes[c].slots);
        assert_int_equal(lm_slab_available(slab), slab->slots);
        assert_int_equal(lm_slab_pending(slab), 0);
        assert_int_equal((uintptr_t)lm_slab_address(slab) % LM_UNIT, 0);
        assert_ptr_equal(atomic_load(&slab->owner), lm_self);
        assert_true(lm_slab_all_free(slab));
        assert_ptr_equal(slab_of(lm_slab_address(slab) + lm_slab_bytes(slab) - 1), slab);
        lm_slab_release(slab);
        assert_null(slab_of(lm_slab_address(slab)));
    }
    assert_sound();
}

/* Memory that is said to read as zeros does, and none that was used is said to. */
static void fresh_is_zero(void **state) {
    (void)state;
    for (int round = 0; round < 50; round++) {
        bool fresh;
        lm_slab *slab = new_slab((unsigned)round % LM_CLASSES, &fresh);
        char *at = lm_slab_address(slab);
        for (size_t i = 0; i < lm_slab_bytes(slab); i++) {
            if (fresh)
                assert_int_equal(at[i], 0);
            at[i] = 'x';
        }
        lm_slab_release(slab);
    }
}

static void harvest(void **state) {
    bool fresh;
    (void)state;
    lm_slab *slab = new_slab(0, &fresh);
    atomic_store(&slab->pairs[0].avail, 0);
    atomic_store(&slab->pairs[0].pending, 0xff);
    assert_int_equal(lm_slab_available(slab), slab->slots - 64);
    assert_int_equal(lm_slab_pending(slab), 8);
    assert_false(lm_slab_all_free(slab));
    lm_slab_harvest(slab);
    assert_int_equal(atomic_load(&slab->pairs[0].avail), 0xff);
    assert_int_equal(lm_slab_pending(slab), 0);
    assert_int_equal(lm_slab_available(slab), slab->slots - 56);
    atomic_store(&lm_slab_remotes(slab)[0].bits, ~(uint64_t)0xff);
    assert_true(lm_slab_all_free(slab));
    atomic_store(&lm_slab_remotes(slab)[0].bits, 0);
    atomic_store(&slab->pairs[0].avail, ~(uint64_t)0);
    lm_slab_release(slab);
    assert_sound();
}

static void thresholds(void **state) {
    lm_slab slab = {.slots = 1024};
    (void)state;
    assert_int_equal(lm_slab_threshold(&slab), 128);
    slab.slots = 8;
    assert_int_equal(lm_slab_threshold(&slab), 1);
    slab.slots = 4;
    assert_int_equal(lm_slab_threshold(&slab), 1);
}

static void releases_units(void **state) {
    bool fresh;
    (void)state;
    size_t used = lm_arena_used_units();
    lm_slab *slab = new_slab(LM_CLASSES - 1, &fresh);
    assert_int_equal(lm_arena_used_units(), used + lm_classes[LM_CLASSES - 1].units);
    lm_slab_release(slab);
    assert_int_equal(lm_arena_used_units(), used);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_ones),   cmocka_unit_test(fresh_is_zero),  cmocka_unit_test(harvest),
        cmocka_unit_test(thresholds), cmocka_unit_test(releases_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
