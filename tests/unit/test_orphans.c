// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/arena.h"
#include "heap/keep.h"
#include "heap/limits.h"
#include "heap/orphans.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "os/os.h"
#include "support/heap.h"
#include "support/thread.h"
#include "support/trap.h"

#include <pthread.h>
#include <string.h>

enum { MANY = 2000 };
static char *blocks[MANY];

static void *allocate(void *argument) {
    size_t size = *(size_t *)argument;
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = loam_malloc(size);
        memset(blocks[i], (int)i, size);
    }
    return NULL;
}

static void free_each(unsigned each) {
    for (unsigned i = 0; i < MANY; i += each) {
        loam_free(blocks[i]);
        blocks[i] = NULL;
    }
}

/* Blocks outlive their thread. */
static void blocks_stay(void **state) {
    size_t size = 200;
    (void)state;
    in_thread(allocate, &size);
    assert_sound();
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(loam_owns(blocks[i]));
        assert_int_equal((unsigned char)blocks[i][size - 1], i & 0xff);
    }
    free_each(2);
    assert_sound();
    free_each(1);
    assert_sound();
}

/* Bytes of empty slabs that all ended threads may leave. */
static size_t may_be_left(void) {
    return lm_keep_bytes() / LM_LEFT_PART;
}

/* Threads one after the other need the memory of one, and what they leave. */
static void memory_is_taken_over(void **state) {
    static const size_t sizes[] = {48, 900, 5000};
    (void)state;
    for (unsigned s = 0; s < 3; s++) {
        size_t size = sizes[s];
        in_thread(allocate, &size);
        free_each(1);
        size_t used = lm_arena_used_units(), heaps = stats_now().heaps;
        for (int i = 0; i < 30; i++) {
            in_thread(allocate, &size);
            free_each(1);
        }
        assert_true(lm_arena_used_units() <= used + used / 4 + may_be_left() / LM_UNIT + 16);
        assert_int_equal(stats_now().heaps, heaps);
        assert_sound();
    }
}

/* A thread that needs a slab adopts one of a dead thread's with free slots. */
static void slabs_are_adopted(void **state) {
    size_t size = 300;
    (void)state;
    in_thread(allocate, &size);
    free_each(2);
    size_t slabs = slabs_for(size);
    char *more[MANY / 2];
    for (unsigned i = 0; i < MANY / 2; i++)
        more[i] = loam_malloc(size);
    assert_true(slabs_for(size) <= slabs + 2);
    assert_sound();
    for (unsigned i = 0; i < MANY / 2; i++)
        loam_free(more[i]);
    free_each(1);
    assert_sound();
}

/* What all heaps without a thread keep. */
static size_t left_by_all(void) {
    size_t bytes = 0;
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        bytes += heap->left;
    return bytes;
}

static void *allocate_and_free(void *argument) {
    for (int i = 0; i < 10; i++)
        loam_free(loam_malloc(*(size_t *)argument));
    return NULL;
}

/* The next thread needs the slabs of the last one: they wait for it, until memory is wanted back. */
static void empty_slabs_pass_on(void **state) {
    size_t size = 900;
    (void)state;
    loam_trim(0);
    if (lm_keep_bytes() / LM_LEFT_PART < LM_UNIT) /* small limits leave none */
        skip();
    assert_int_equal(slabs_for(size), 0);
    in_thread(allocate_and_free, &size);
    assert_int_equal(slabs_for(size), 1);
    uint64_t guards = lm_os_count.guards;
    for (int i = 0; i < 30; i++)
        in_thread(allocate_and_free, &size);
    assert_int_equal(slabs_for(size), 1);
    assert_int_equal(lm_os_count.guards, guards);
    assert_sound();
    loam_trim(0);
    assert_int_equal(slabs_for(size), 0);
    assert_int_equal(left_by_all(), 0);
    assert_sound();
}

static pthread_barrier_t all_are_here;

static void *use_many_classes(void *argument) {
    for (size_t size = 8; size < 40000; size += size / 8 + 8)
        loam_free(loam_malloc(size));
    pthread_barrier_wait(&all_are_here);
    return argument;
}

/* However many threads there were, little is left behind: each of these had slabs of some megabytes. */
static void little_is_left(void **state) {
    enum { THREADS = 20 };
    pthread_t threads[THREADS];
    (void)state;
    pthread_barrier_init(&all_are_here, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, use_many_classes, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&all_are_here);
    assert_true(left_by_all() <=
                lm_max(may_be_left(), LM_MIB(2))); /* it was more while they lived */
    assert_sound();
}

/* What others free in slabs without a thread goes back though nobody asks for it. */
static void owed_memory_goes_back(void **state) {
    size_t size = 1000;
    (void)state;
    loam_trim(0);
    size_t used = lm_arena_used_units();
    in_thread(allocate, &size);
    assert_true(lm_arena_used_units() >= used + MANY * size / LM_UNIT);
    free_each(1);
    size_t kept = LM_OWED_MAX_OF_ALL + lm_keep_bytes() / LM_LEFT_PART;
    assert_true(lm_arena_used_units() <= used + kept / LM_UNIT + 1);
    assert_sound();
}

static void heaps_are_counted(void **state) {
    size_t size = 16;
    (void)state;
    in_thread(allocate, &size);
    loam_stats stats = stats_now();
    assert_true(stats.heaps >= 2);
    assert_int_equal(stats.heaps_in_use, 1);
    free_each(1);
}

/* ---- Threads that come and go while others do
 * ------------------------------------------------------------ */

static _Atomic(char *) exchange[64];

static void *live_shortly(void *argument) {
    unsigned seed = (unsigned)(uintptr_t)argument;
    for (unsigned i = 0; i < 300; i++) {
        char *p = loam_malloc(16 + (seed * 7 + i * 13) % 600);
        p[0] = 1;
        loam_free(atomic_exchange(&exchange[(seed + i * 31) % 64], p));
    }
    return NULL;
}

static void many_short_lives(void **state) {
    pthread_t threads[4];
    (void)state;
    trap_set();
    for (unsigned round = 0; round < 100; round++) {
        for (unsigned i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, live_shortly, (void *)(uintptr_t)(round * 4 + i));
        for (unsigned i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
    assert_sound();
    for (unsigned i = 0; i < 64; i++)
        loam_free(atomic_exchange(&exchange[i], NULL));
    assert_true(stats_now().heaps <= 8);
    assert_int_equal(trap_take(), 0);
    assert_sound();
}

/* Gives memory back that others freed in a dead thread's slabs. */
static void tidies(void **state) {
    size_t size = 1000;
    (void)state;
    loam_trim(0);
    size_t used = lm_arena_used_units();
    in_thread(allocate, &size);
    free_each(1);
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        lm_orphans_tidy(heap);
    assert_true(lm_arena_used_units() <= used + 64);
    assert_sound();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_stay),           cmocka_unit_test(memory_is_taken_over),
        cmocka_unit_test(slabs_are_adopted),     cmocka_unit_test(heaps_are_counted),
        cmocka_unit_test(many_short_lives),      cmocka_unit_test(tidies),
        cmocka_unit_test(empty_slabs_pass_on),   cmocka_unit_test(little_is_left),
        cmocka_unit_test(owed_memory_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
