// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/remote.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "support/heap.h"
#include "support/thread.h"
#include "support/trap.h"

#include <stdatomic.h>

enum { MANY = 3000 };
static char *blocks[MANY];

static int set_up(void **state) {
    (void)state;
    trap_set();
    return 0;
}

static void *free_one(void *p) {
    loam_free(p);
    return NULL;
}

/* Frees every argument-th block. */
static void *free_each(void *argument) {
    for (unsigned i = 0; i < MANY; i += *(unsigned *)argument) {
        loam_free(blocks[i]);
        blocks[i] = NULL;
    }
    return NULL;
}

static void take_all(size_t size) {
    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = loam_malloc(size);
}

static void free_all(void) {
    unsigned each = 1;
    free_each(&each);
    loam_trim(0);
}

static void others_may_free(void **state) {
    unsigned third = 3;
    (void)state;
    size_t live = stats_now().live_blocks;
    take_all(100);
    in_thread(free_each, &third);
    assert_int_equal(stats_now().live_blocks, live + MANY - MANY / 3);
    assert_sound();
    lm_remote_drain(lm_self);
    assert_null(atomic_load(&lm_self->inbox));
    assert_sound();
    free_all();
    assert_int_equal(stats_now().live_blocks, live);
    assert_sound();
    assert_int_equal(trap_take(), 0);
}

static void freed_by_others_is_not_live(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    in_thread(free_one, p);
    assert_false(loam_owns(p));
    assert_null(loam_block_of(p + 5, NULL));
    loam_trim(0);
    assert_int_equal(trap_take(), 0);
}

/* ---- Twice
 * ------------------------------------------------------------------------------------------ */

static void expect_double_free(const void *p) {
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_ptr_equal(trapped.pointer, p);
    assert_ptr_equal(trapped.block, p);
}

static void twice_by_another(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    in_thread(free_one, p);
    in_thread(free_one, p);
    expect_double_free(p);
    loam_trim(0);
    assert_sound();
}

static void by_the_owner_then_another(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    loam_free(p);
    in_thread(free_one, p);
    expect_double_free(p);
    assert_sound();
}

/* The owner doesn't look at what others have freed: it is named when the owner takes that over, at
 * the latest before the slot is handed out again. */
static void by_another_then_the_owner(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    in_thread(free_one, p);
    loam_free(p);
    loam_trim(0);
    expect_double_free(p);
    assert_sound();
}

/* The same, where the slot is the last live one and the slab would be given back. */
static void the_last_live_slot_twice(void **state) {
    static const size_t sizes[] = {1024, 60000};
    (void)state;
    for (unsigned s = 0; s < 2; s++) {
        unsigned slots = lm_classes[class_of(sizes[s])].slots, last = 0;
        for (unsigned i = 0; i < 3 * slots; i++)
            blocks[i] = loam_malloc(sizes[s]);
        lm_slab *slab = slab_of(blocks[slots]);
        for (unsigned i = 0; i < 3 * slots; i++)
            last = slab_of(blocks[i]) == slab ? i : last;
        for (unsigned i = 0; i < 3 * slots; i++)
            if (i != last)
                loam_free(blocks[i]);
        in_thread(free_one, blocks[last]);
        loam_free(blocks[last]);
        loam_trim(0);
        for (unsigned i = 0; i < 3 * slots; i++)
            blocks[i] = loam_malloc(sizes[s]);
        expect_double_free(trapped.pointer);
        assert_sound();
        for (unsigned i = 0; i < 3 * slots; i++)
            loam_free(blocks[i]);
        loam_trim(0);
        assert_sound();
    }
}

/* However many threads free a block at the same time, one of them succeeds. */
enum { AT_ONCE = 4, ROUNDS = 300 };
static pthread_barrier_t barrier;

static void *free_together(void *argument) {
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&barrier);
        loam_free(blocks[i]);
    }
    return NULL;
}

static void many_at_once(void **state) {
    pthread_t threads[AT_ONCE];
    (void)state;
    size_t live = stats_now().live_blocks;
    take_all(64);
    pthread_barrier_init(&barrier, NULL, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++)
        pthread_create(&threads[i], NULL, free_together, NULL);
    for (int i = 0; i < AT_ONCE; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(trap_take(), ROUNDS * (AT_ONCE - 1));
    assert_int_equal(stats_now().live_blocks, live + MANY - ROUNDS);
    assert_sound();
    for (unsigned i = ROUNDS; i < MANY; i++)
        loam_free(blocks[i]);
    loam_trim(0);
    assert_int_equal(trap_take(), 0);
    assert_sound();
}

/* ---- An owner that sleeps
 * ------------------------------------------------------------------------------- */

static pthread_barrier_t step;

static void *allocate_and_sleep(void *argument) {
    (void)argument;
    take_all(1000);
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = loam_malloc(1000);
    for (unsigned i = 0; i < MANY; i++)
        loam_free(blocks[i]);
    return NULL;
}

/* What others have freed of a thread's that does nothing counts as free memory, and is given back
 * to the system when that is too much; the thread can use it again. */
static void a_sleeping_owner(size_t keep, bool expect_purged) {
    pthread_t thread;
    lm_once.arena.keep = keep;
    loam_trim(0);
    pthread_barrier_init(&step, NULL, 2);
    pthread_create(&thread, NULL, allocate_and_sleep, NULL);
    pthread_barrier_wait(&step);
    loam_stats before = stats_now();
    for (unsigned i = 0; i < MANY; i++)
        loam_free(blocks[i]);
    loam_stats after = stats_now();
    assert_sound();
    assert_int_equal(before.live_blocks - after.live_blocks, MANY);
    assert_int_equal(after.live + after.slack + after.cached + after.purged, committed_bytes());
    if (expect_purged)
        assert_true(after.purged > before.purged + MANY * 1000 / 2);
    pthread_barrier_wait(&step);
    pthread_join(thread, NULL);
    assert_sound();
    assert_int_equal(trap_take(), 0);
    lm_once.arena.keep = 0;
}

static void a_sleeping_owner_waits(void **state) {
    (void)state;
    a_sleeping_owner((size_t)1 << 30, false);
}

static void a_sleeping_owner_is_purged(void **state) {
    (void)state;
    a_sleeping_owner(1, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(others_may_free, set_up),
        cmocka_unit_test_setup(freed_by_others_is_not_live, set_up),
        cmocka_unit_test_setup(twice_by_another, set_up),
        cmocka_unit_test_setup(by_the_owner_then_another, set_up),
        cmocka_unit_test_setup(by_another_then_the_owner, set_up),
        cmocka_unit_test_setup(the_last_live_slot_twice, set_up),
        cmocka_unit_test_setup(many_at_once, set_up),
        cmocka_unit_test_setup(a_sleeping_owner_waits, set_up),
        cmocka_unit_test_setup(a_sleeping_owner_is_purged, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
