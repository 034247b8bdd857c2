// ctest-args:
// ctest-args:
// ctest-options: guards=protect

#include "support/unit.h"

#include "heap/sampled.h"

#include "heap/orphans.h"
#include "heap/slow.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/thread.h"
#include "support/trap.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 4000 };

static void *held[MANY];

/* What the heaps have drawn already is drawn anew. */
static void set_mean(uint64_t mean) {
    lm_once.sampled.mean = mean;
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        for (unsigned class = 0; class < LM_CLASSES; class ++)
            heap->bins[class].until_sample = 0;
}

static int set_up(void **state) {
    (void)state;
    trap_set();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    set_mean(0);
    assert_sound();
    return 0;
}

/* Allocates until a block is sampled; all others are freed. */
static char *sampled(size_t size) {
    set_mean(20);
    for (int i = 0; i < MANY; i++) {
        char *p = loam_malloc(size);
        if (lm_find(p).sample) {
            set_mean(0);
            return p;
        }
        loam_free(p);
    }
    return NULL;
}

/* One whose end, or start, is the page's. */
static char *sampled_at(bool end, size_t size) {
    for (int i = 0; i < 64; i++) {
        char *p = sampled(size);
        if (((uintptr_t)p % lm_os.page == 0) != end)
            return p;
        loam_free(p);
    }
    return NULL;
}

/* ---- Where blocks lie ------------------------------------------------------------------------ */

/* The first ones of all, in memory that held blocks of others. */
static void is_zero_in_used_memory(void **state) {
    enum { OTHERS = 400, BYTES = 20000 };
    (void)state;
    for (int i = 0; i < OTHERS; i++) {
        held[i] = loam_malloc(BYTES);
        memset(held[i], 'x', BYTES);
    }
    for (int i = 0; i < OTHERS; i++) {
        loam_free(held[i]);
        held[i] = NULL;
    }
    assert_null(lm_sampled_table());
    for (int i = 0; i < 20; i++) {
        char *p = sampled(1000);
        for (size_t at = 0; at < 1000; at++)
            assert_int_equal(p[at], 0);
        loam_free(p);
    }
}

static void lies_against_a_guard(void **state) {
    unsigned at_start = 0, at_end = 0;
    (void)state;
    for (size_t size = 1; size < 2000; size += 61) {
        char *p = sampled(size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        assert_int_equal(loam_usable_size(p), size);
        assert_true(loam_owns(p));
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 'x', size);
        if ((uintptr_t)p % lm_os.page == 0)
            at_start++;
        else
            at_end += ((uintptr_t)p + lm_align_up(size, 16)) % lm_os.page == 0;
        assert_sound();
        loam_free(p);
    }
    assert_int_equal(at_start + at_end, 33);
    assert_in_range(at_start, 4, 29);
    assert_int_equal(trap_take(), 0);
}

static int read_at(void *at) {
    return *(volatile char *)at == 'x';
}

static int write_at(void *at) {
    *(volatile char *)at = 'x';
    return 0;
}

static void accesses_beside_it_trap(void **state) {
    (void)state;
    char *p = sampled_at(true, 64);
    assert_int_equal(in_child(read_at, p + 63), 0);
    assert_int_equal(in_child(read_at, p + 64), -SIGSEGV);
    assert_int_equal(in_child(write_at, p + 64), -SIGSEGV);
    loam_free(p);
    p = sampled_at(false, 64);
    assert_int_equal(in_child(write_at, p), 0);
    assert_int_equal(in_child(write_at, p - 1), -SIGSEGV);
    loam_free(p);
    assert_int_equal(in_child(read_at, p), -SIGSEGV);
    assert_int_equal(in_child(write_at, p), -SIGSEGV);
    assert_int_equal(in_child(write_at, p + 63), -SIGSEGV);
}

/* ---- What is found ----------------------------------------------------------------------------- */

static void damage_beside_it(void **state) {
    (void)state;
    char *p = sampled_at(true, 13);
    p[14] = 1;
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
    assert_ptr_equal(trapped.block, p);
    assert_int_equal(trapped.block_size, 13);
    assert_int_equal(trapped.first, 14);
    p = sampled_at(true, 13);
    p[-3] = 1;
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_HEAP_UNDERFLOW);
    assert_int_equal(trapped.first, -3);
    p = sampled_at(false, 13);
    p[13] = 1;
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
}

static void misuse_of_it(void **state) {
    static const lm_way by_delete = {"operator delete", LM_FAMILY_NEW, false};
    (void)state;
    char *p = sampled(40);
    loam_free(p + 8);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_INVALID_FREE);
    assert_ptr_equal(trapped.block, p);
    loam_free_sized(p, 41);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_SIZE_MISMATCH);
    assert_int_equal(trapped.was_size, 40);
    p = sampled(40);
    lm_free_slow(p, &by_delete, LM_ANY_SIZE, LM_ANY_ALIGNMENT);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_MISMATCHED_FREE);
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_true(trapped.sampled);
    assert_int_equal(trapped.block_size, 40);
    assert_int_equal(loam_usable_size(p), 0);
    assert_int_equal(trap_take(), 1);
}

static lm_sample_call calls[2];

static void keep_calls(const lm_finding *finding) {
    const lm_trace *traces[] = {finding->allocated, finding->freed};
    for (int i = 0; i < 2; i++) {
        calls[i].count = traces[i] ? traces[i]->count : 0;
        calls[i].thread = traces[i] ? traces[i]->thread : 0;
    }
}

static void *free_it(void *p) {
    loam_free(p);
    return NULL;
}

static void both_stacks_are_known(void **state) {
    pthread_t thread;
    (void)state;
    char *p = sampled(40);
    assert_int_equal(pthread_create(&thread, NULL, free_it, p), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    lm_finding_hook = keep_calls;
    loam_free(p);
    assert_true(calls[0].count >= 2);
    assert_true(calls[1].count >= 1);
    assert_int_equal(calls[0].thread, lm_os_thread());
}

static void judged_by_address(void **state) {
    lm_kind kind;
    (void)state;
    char *p = sampled_at(true, 64);
    const lm_samples *table = lm_sampled_table();
    const lm_sample *sample = lm_find(p).sample;
    assert_ptr_equal(lm_samples_judge(table, (uintptr_t)p + 64, &kind), sample);
    assert_int_equal(kind, LM_HEAP_OVERFLOW);
    assert_ptr_equal(lm_samples_judge(table, (uintptr_t)sample->page - 1, &kind), sample);
    assert_int_equal(kind, LM_HEAP_UNDERFLOW);
    loam_free(p);
    assert_ptr_equal(lm_samples_judge(table, (uintptr_t)p + 8, &kind), sample);
    assert_int_equal(kind, LM_USE_AFTER_FREE);
    assert_null(lm_samples_judge(table, table->first - 1, &kind));
    assert_null(lm_samples_judge(table, table->end, &kind));
}

/* ---- realloc, visits, statistics --------------------------------------------------------------- */

static void resized(void **state) {
    (void)state;
    char *p = sampled(40);
    memset(p, 'y', 40);
    assert_ptr_equal(loam_realloc(p, 40), p);
    char *q = loam_realloc(p, 100);
    assert_ptr_not_equal(q, p);
    for (int i = 0; i < 40; i++)
        assert_int_equal(q[i], 'y');
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    loam_free(q);
}

static bool note(void *block, size_t size, void *context) {
    if (block == *(void **)context) {
        assert_int_equal(size, 40);
        *(void **)context = NULL;
    }
    return true;
}

static void visited_and_counted(void **state) {
    (void)state;
    loam_stats before = stats_now();
    char *p = sampled(40);
    void *wanted = p;
    loam_stats during = stats_now();
    assert_true(during.sampled > before.sampled);
    assert_int_equal(during.sampled_live, before.sampled_live + 1);
    assert_true(loam_visit(note, &wanted));
    assert_null(wanted);
    loam_free(p);
    assert_int_equal(stats_now().sampled_live, before.sampled_live);
    assert_true(stats_now().sampled_resting > 0);
}

/* ---- How often, and how long ------------------------------------------------------------------- */

static void as_often_as_said(void **state) {
    enum { ROUNDS = 500000 };
    (void)state;
    uint64_t before = atomic_load(&lm_sampled_count), random = 1, sum = 0;
    set_mean(5000);
    for (int i = 0; i < 100000; i++) {
        uint64_t drawn = lm_sampled_draw(&random);
        assert_true(drawn >= 1);
        sum += drawn;
    }
    assert_in_range(sum / 100000, 4800, 5200);
    for (int i = 0; i < ROUNDS; i++) {
        void **at = &held[i % 100];
        loam_free(*at);
        *at = loam_malloc(48);
    }
    for (int i = 0; i < 100; i++) {
        loam_free(held[i]);
        held[i] = NULL;
    }
    /* 100 are expected; sixty is four times the deviation away */
    assert_in_range(atomic_load(&lm_sampled_count) - before, 60, 140);
    assert_sound();
}

/* Declined samples must leave a slot to be had: with this mean nearly every allocation is one. */
static void never_for_want_of_a_place(void **state) {
    (void)state;
    set_mean(1);
    for (int i = 0; i < 20 * MANY; i++) {
        void **at = &held[i % MANY];
        loam_free(*at);
        *at = loam_malloc((size_t)i % 3000);
        assert_non_null(*at);
    }
    for (int i = 0; i < MANY; i++) {
        loam_free(held[i]);
        held[i] = NULL;
    }
    assert_int_equal(trap_take(), 0);
}

static void medium_ones_too(void **state) {
    (void)state;
    uint64_t before = atomic_load(&lm_sampled_count);
    set_mean(10);
    for (int i = 0; i < 1000; i++)
        loam_free(loam_malloc(2000));
    assert_in_range(atomic_load(&lm_sampled_count) - before, 50, 150);
    before = atomic_load(&lm_sampled_count);
    for (int i = 0; i < 1000; i++) {
        loam_free(loam_malloc(0));
        loam_free(loam_malloc(lm_os.page));
        loam_free(loam_aligned_alloc(64, 100));
    }
    assert_int_equal(atomic_load(&lm_sampled_count), before);
}

static void places_rest_as_long_as_can_be(void **state) {
    (void)state;
    char *p = sampled(40);
    loam_free(p);
    const lm_sample *first = lm_find(p).sample;
    uint32_t others = 0;
    for (;; others++) {
        char *q = sampled(40);
        bool again = lm_find(q).sample == first;
        loam_free(q);
        if (again)
            break;
    }
    assert_int_equal(others, lm_sampled_table()->count - 1);
}

static void full(void **state) {
    (void)state;
    uint64_t missed = atomic_load(&lm_sampled_missed);
    set_mean(3);
    for (int i = 0; i < MANY; i++) {
        held[i] = loam_malloc(32);
        assert_non_null(held[i]);
    }
    assert_true(atomic_load(&lm_sampled_missed) > missed);
    /* nearly all places are held, and yet some samples still got one */
    assert_true(stats_now().sampled_live > lm_sampled_table()->count * 3 / 4);
    assert_sound();
    for (int i = 0; i < MANY; i++) {
        loam_free(held[i]);
        held[i] = NULL;
    }
    assert_int_equal(stats_now().sampled_live, 0);
    assert_int_equal(trap_take(), 0);
}

static int use_in_child(void *p) {
    loam_free(p);
    char *q = sampled(40);
    if (!q || lm_verify() != 0)
        return 1;
    loam_free(q);
    return read_at(p);
}

static void after_fork(void **state) {
    (void)state;
    char *p = sampled(40);
    assert_int_equal(in_child(use_in_child, p), -SIGSEGV);
    p[0] = 'x';
    assert_true(loam_owns(p));
    loam_free(p);
}

static void *churn(void *seed) {
    enum { ROUNDS = 20000, KEPT = 16 };
    void *kept[KEPT] = {0};
    for (size_t i = 0; i < ROUNDS; i++) {
        loam_free(kept[i % KEPT]);
        kept[i % KEPT] = loam_malloc(16 + (i + (size_t)seed) % 200);
        *(char *)kept[i % KEPT] = 'x';
    }
    for (size_t i = 0; i < KEPT; i++)
        loam_free(kept[i]);
    return NULL;
}

static void by_many_threads(void **state) {
    pthread_t threads[4];
    (void)state;
    set_mean(10);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(i * 50)), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(trap_take(), 0);
    assert_int_equal(stats_now().sampled_live, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(is_zero_in_used_memory),
        TEST(lies_against_a_guard),
        TEST(accesses_beside_it_trap),
        TEST(damage_beside_it),
        TEST(misuse_of_it),
        TEST(both_stacks_are_known),
        TEST(judged_by_address),
        TEST(resized),
        TEST(visited_and_counted),
        TEST(as_often_as_said),
        TEST(never_for_want_of_a_place),
        TEST(medium_ones_too),
        TEST(places_rest_as_long_as_can_be),
        TEST(full),
        TEST(after_fork),
        TEST(by_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
