#include "support/unit.h"

#include "stack/depot.h"

#include "heap/limits.h"
#include "os/os.h"
#include "stack/stack.h"
#include "support/random.h"
#include "support/thread.h"

#include <stdatomic.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

static volatile int after; /* keeps calls from becoming jumps */

static int start(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

static void gives_back_what_was_put(void **state) {
    uintptr_t frames[LM_DEPOT_FRAMES + 5], got[LM_DEPOT_FRAMES + 5];
    random_state random = {1};
    (void)state;
    for (size_t count = 1; count <= LM_DEPOT_FRAMES + 5; count++) {
        for (size_t i = 0; i < count; i++)
            frames[i] = (uintptr_t)random_bits(&random);
        const bool exact = count % 2;
        const uint32_t id = lm_depot_put(frames, count, exact);
        const size_t kept = count < LM_DEPOT_FRAMES ? count : LM_DEPOT_FRAMES;
        bool got_exact;
        assert_int_not_equal(id, 0);
        assert_int_equal(lm_depot_put(frames, count, exact), id);
        assert_int_not_equal(lm_depot_put(frames, count, !exact), id);
        assert_int_equal(lm_depot_get(id, got, LM_DEPOT_FRAMES + 5, &got_exact), kept);
        assert_memory_equal(got, frames, kept * sizeof frames[0]);
        assert_int_equal(got_exact, exact);
        got[1] = 47;
        assert_int_equal(lm_depot_get(id, got, 1, NULL), kept);
        assert_int_equal(got[1], 47);
    }
}

static void knows_no_number_that_it_did_not_give(void **state) {
    const uintptr_t frame = 4711;
    uintptr_t got = 0;
    (void)state;
    assert_int_equal(lm_depot_put(&frame, 0, false), 0);
    const uint32_t last = lm_depot_put(&frame, 1, false);
    assert_int_equal(lm_depot_get(0, &got, 1, NULL), 0);
    assert_int_equal(lm_depot_get(last + 1, &got, 1, NULL), 0);
    assert_int_equal(lm_depot_get(UINT32_MAX, &got, 1, NULL), 0);
    assert_int_equal(got, 0);
}

static NOINLINE uint32_t one_place(void) {
    const uint32_t id = lm_depot_here();
    after++;
    return id;
}

static void numbers_the_own_stack(void **state) {
    uint32_t ids[2];
    volatile int two = 2; /* one call in a loop, not two */
    (void)state;
    for (int i = 0; i < two; i++)
        ids[i] = one_place();
    assert_int_equal(ids[0], ids[1]);
    assert_int_not_equal(ids[0], 0);
    assert_int_not_equal(ids[0], one_place());

    /* The first frame is into one_place(), the second into this function. */
    uintptr_t here[LM_DEPOT_FRAMES], got[LM_DEPOT_FRAMES];
    const size_t count = lm_stack_capture(here, LM_DEPOT_FRAMES);
    assert_int_equal(lm_depot_get(ids[0], got, LM_DEPOT_FRAMES, NULL), count + 1);
    assert_memory_equal(&got[2], &here[1], (count - 1) * sizeof here[0]);
}

/* ---- Threads --------------------------------------------------------------------------------- */

enum { THREADS = 4, SAME = 3000 };

static uint32_t given[THREADS][SAME];
static atomic_int ready;

/* All threads put the same stacks at the same time: each gets one number only. */
static void *put_all(void *argument) {
    uint32_t *ids = argument;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < THREADS)
        ;
    for (size_t i = 0; i < SAME; i++) {
        const uintptr_t frames[3] = {i + 1, i * i, 7};
        ids[i] = lm_depot_put(frames, 3, false);
    }
    return argument;
}

static void gives_one_number_to_all_threads(void **state) {
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_all, given[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < SAME; i++) {
        uintptr_t got[3];
        for (int other = 1; other < THREADS; other++)
            assert_int_equal(given[other][i], given[0][i]);
        assert_int_equal(lm_depot_get(given[0][i], got, 3, NULL), 3);
        assert_int_equal(got[0], i + 1);
    }
}

/* The last test: nothing new is taken afterwards. In the test mode, where the depot is small. */
static void keeps_what_it_has_when_full(void **state) {
    uintptr_t frames[LM_DEPOT_FRAMES] = {1}, got[LM_DEPOT_FRAMES];
    const uint32_t old = lm_depot_put(frames, 2, false);
    uint32_t id = 1, put = 0;
    (void)state;
    if (LM_DEPOT_BYTES > LM_MIB(16))
        skip();
    for (; id != 0; put++) {
        frames[0] = 1000 + put;
        id = lm_depot_put(frames, LM_DEPOT_FRAMES, false);
    }
    const size_t room = LM_DEPOT_BYTES / sizeof frames;
    assert_true(put > (room < LM_DEPOT_STACKS ? room : LM_DEPOT_STACKS) / 2);
    assert_int_equal(lm_depot_put(frames, LM_DEPOT_FRAMES, false), 0);
    frames[0] = 1;
    assert_int_equal(lm_depot_put(frames, 2, false), old);
    assert_int_equal(lm_depot_get(old, got, LM_DEPOT_FRAMES, NULL), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put),
        cmocka_unit_test(knows_no_number_that_it_did_not_give),
        cmocka_unit_test(numbers_the_own_stack),
        cmocka_unit_test(gives_one_number_to_all_threads),
        cmocka_unit_test(keeps_what_it_has_when_full),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
