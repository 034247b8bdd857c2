// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/thread.h"
#include "support/heap.h"
#include "support/pattern.h"
#include "support/thread.h"
#include "support/trap.h"

#include <limits.h>
#include <pthread.h>

static void *own_heap(void *argument) {
    (void)argument;
    if (lm_self != &lm_heap_none)
        return NULL; /* before the first call: none */
    loam_free(loam_malloc(1));
    return lm_self;
}

static void every_thread_has_its_own(void **state) {
    (void)state;
    loam_free(loam_malloc(1));
    lm_heap *mine = lm_self, *other = in_thread(own_heap, NULL);
    assert_true(mine != &lm_heap_none);
    assert_ptr_not_equal(other, mine);
    assert_non_null(other);
    assert_ptr_not_equal(other, &lm_heap_none);
    assert_ptr_equal(lm_thread_heap(), mine);
}

static void *free_first(void *p) {
    loam_free(p); /* the thread's first call: it has no heap yet */
    return loam_malloc(10);
}

static void a_thread_may_begin_with_free(void **state) {
    (void)state;
    trap_set();
    loam_free(in_thread(free_first, loam_malloc(5000)));
    loam_free(in_thread(free_first, loam_malloc(500000)));
    loam_free(in_thread(free_first, NULL));
    assert_int_equal(trap_take(), 0);
    assert_sound();
}

/* ---- Destructors of thread-specific data that allocate, round after round
 * ------------------------------- */

enum {
    KEYS = 20,
    ROUNDS =
        PTHREAD_DESTRUCTOR_ITERATIONS - LM_THREAD_SANITIZER, /* the sanitizer needs the last one */
};
static pthread_key_t keys[KEYS];

typedef struct rounds {
    int left; /* of the key's destructor */
    int key;
    char *block;
} rounds;

static rounds all_rounds[KEYS];
static bool went_wrong;

static void in_destructor(void *argument) {
    rounds *r = argument;
    if (!pattern_holds(r->block, 300, 300, (uint64_t)r->key))
        went_wrong = true;
    loam_free(r->block);
    r->block = loam_malloc(300);
    if (!r->block)
        went_wrong = true;
    pattern_fill(r->block, 300, (uint64_t)r->key);
    loam_free(loam_realloc(loam_calloc(1, 70000), 90000));
    loam_free(loam_aligned_alloc(64, 3000));
    if (--r->left > 0)
        pthread_setspecific(keys[r->key], r);
}

static void *set_keys(void *argument) {
    for (int i = 0; i < KEYS; i++) {
        all_rounds[i] = (rounds){ROUNDS, i, loam_malloc(300)};
        pattern_fill(all_rounds[i].block, 300, (uint64_t)i);
        pthread_setspecific(keys[i], &all_rounds[i]);
    }
    return argument;
}

static void destructors_allocate(void **state) {
    (void)state;
    trap_set();
    size_t live = stats_now().live_blocks;
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(pthread_key_create(&keys[i], in_destructor), 0);
    for (int i = 0; i < 20; i++) {
        in_thread(set_keys, NULL);
        for (int k = 0; k < KEYS; k++) {
            assert_int_equal(all_rounds[k].left, 0);
            loam_free(all_rounds[k].block);
        }
    }
    assert_false(went_wrong);
    assert_int_equal(stats_now().live_blocks, live);
    assert_int_equal(trap_take(), 0);
    assert_sound();
    for (int i = 0; i < KEYS; i++)
        pthread_key_delete(keys[i]);
}

static pthread_key_t first_key;

/* In the first round, or in the second. */
static void allocate_first(void *round) {
    if (round == &all_rounds[1])
        pthread_setspecific(first_key, &all_rounds[0]);
    else
        loam_free(loam_malloc(100));
}

static void *begin_in_round(void *round) {
    pthread_setspecific(first_key, round);
    return NULL;
}

/* A thread that allocates for the first time when it ends leaves a heap to the next one all the same. */
static void heaps_that_begin_in_a_destructor(void **state) {
    enum { WAYS = 2 - LM_THREAD_SANITIZER }; /* the sanitizer needs the last round */
    (void)state;
    assert_int_equal(pthread_key_create(&first_key, allocate_first), 0);
    for (int round = 0; round < WAYS; round++) {
        in_thread(begin_in_round, &all_rounds[round]);
        size_t heaps = stats_now().heaps;
        for (int i = 0; i < 20; i++)
            in_thread(begin_in_round, &all_rounds[round]);
        assert_int_equal(stats_now().heaps_in_use, 1);
        assert_int_equal(stats_now().heaps, heaps);
    }
    assert_sound();
    pthread_key_delete(first_key);
}

/* The heap of those that have none any more serves several threads. */
static void *use_late_heap(void *argument) {
    for (int i = 0; i < 2000; i++) {
        lm_heap *late = lm_late_take();
        bool same = late == lm_late_heap();
        lm_late_give();
        if (!same)
            return NULL;
    }
    return argument;
}

static void the_late_heap_is_shared(void **state) {
    pthread_t threads[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, use_late_heap, &threads);
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_non_null(result);
    }
}

/* ---- Many threads
 * ------------------------------------------------------------------------------------------ */

static void *allocate_a_little(void *argument) {
    char *blocks[100];
    for (size_t i = 0; i < 100; i++)
        blocks[i] = loam_malloc(i * 20);
    for (size_t i = 0; i < 100; i++)
        loam_free(blocks[i]);
    return argument;
}

/* One after the other they need no more than one does. */
static void threads_in_turn(void **state) {
    (void)state;
    in_thread(allocate_a_little, NULL);
    loam_stats before = stats_now();
    for (int i = 0; i < 500; i++)
        in_thread(allocate_a_little, NULL);
    loam_stats after = stats_now();
    assert_int_equal(after.heaps, before.heaps);
    assert_int_equal(after.heaps_in_use, before.heaps_in_use);
    assert_true(after.peak <= before.peak + (1 << 20));
    assert_sound();
}

static void threads_at_once(void **state) {
    enum { THREADS = 100 };
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_a_little, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(stats_now().heaps <= THREADS + 2);
    assert_int_equal(stats_now().heaps_in_use, 1);
    assert_sound();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_has_its_own),
        cmocka_unit_test(a_thread_may_begin_with_free),
        cmocka_unit_test(destructors_allocate),
        cmocka_unit_test(the_late_heap_is_shared),
        cmocka_unit_test(threads_in_turn),
        cmocka_unit_test(threads_at_once),
        cmocka_unit_test(heaps_that_begin_in_a_destructor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
