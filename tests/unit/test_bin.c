// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/bin.h"
#include "heap/limits.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "support/heap.h"
#include "support/thread.h"

#include <stdlib.h>

enum { MANY = 20000 };
static char *blocks[MANY];

static void take(unsigned n, size_t size) {
    for (unsigned i = 0; i < n; i++) {
        blocks[i] = loam_malloc(size);
        assert_non_null(blocks[i]);
    }
}

static void give(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; i++)
        loam_free(blocks[i]);
}

static int by_address(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return (*x > *y) - (*x < *y);
}

/* A slab's slots are handed out each once, in whatever order. */
static void every_slot_once(void **state) {
    (void)state;
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        size_t size = most_of(c);
        if (!serves(c))
            continue;
        unsigned slots = lm_classes[c].slots;
        take(slots, size);
        for (unsigned i = 0; i < slots; i++) {
            lm_found found = lm_find(blocks[i]);
            assert_true(found.live && found.block == blocks[i] && found.slab->class == c &&
                        found.size == lm_classes[c].room);
        }
        qsort(blocks, slots, sizeof blocks[0], by_address);
        for (unsigned i = 1; i < slots; i++)
            assert_ptr_not_equal(blocks[i], blocks[i - 1]);
        assert_sound();
        give(0, slots);
        assert_sound();
    }
}

/* The last freed slot is not the next one handed out. */
static void reuse_is_delayed(void **state) {
    (void)state;
    void *p = loam_malloc(40);
    loam_free(p);
    void *q = loam_malloc(40);
    assert_ptr_not_equal(p, q);
    loam_free(q);
}

/* A loop with few live blocks stays in one slab, whatever the class. */
static void a_loop_needs_no_more_memory(void **state) {
    (void)state;
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        size_t size = most_of(c), before = slabs_for(size);
        if (!serves(c))
            continue;
        for (int i = 0; i < 3000; i++)
            loam_free(loam_malloc(size));
        assert_true(slabs_for(size) <= before + 1);
    }
    assert_sound();
}

/* A loop over few blocks touches few pages of a new slab: the rest isn't opened. One that needs them all gets
 * them all. */
static void a_loop_opens_few_slots(void **state) {
    (void)state;
    size_t size = 200;
    unsigned class = class_of(size), slots = lm_classes[class].slots;
    loam_trim(0);
    const lm_bin *bin = &lm_self->bins[class];
    for (int i = 0; i < 3000; i++)
        loam_free(loam_malloc(size));
    assert_in_range(bin->opened, 1, slots / 2);
    assert_sound();
    take(slots, size);
    assert_true(slabs_for(size) <= 2);
    give(0, slots);
    assert_sound();
}

/* A FULL slab comes back when an eighth of it is free, not before. */
static void full_slabs_come_back(void **state) {
    (void)state;
    size_t size = 1000;
    unsigned slots = lm_classes[class_of(size)].slots;
    take(5 * slots, size);
    lm_slab *slab = slab_of(blocks[2 * slots]);
    unsigned n = lm_slab_pending(slab); /* slots that were never used */
    assert_int_equal(lm_slab_place(slab), LM_PLACE_FULL);
    for (unsigned i = 0; lm_slab_place(slab) == LM_PLACE_FULL; i++) {
        if (slab_of(blocks[i]) != slab)
            continue;
        loam_free(blocks[i]);
        blocks[i] = NULL;
        n++;
    }
    assert_int_equal(n, lm_slab_threshold(slab));
    assert_int_equal(lm_slab_place(slab), LM_PLACE_QUEUED);
    assert_sound();
    give(0, 5 * slots);
    assert_sound();
}

/* Everything freed: all but what the bins keep goes back. */
static void empty_slabs_go_back(void **state) {
    (void)state;
    loam_trim(0);
    size_t used = lm_arena_used_units();
    take(MANY, 700);
    assert_true(lm_arena_used_units() > used + MANY * 700 / LM_UNIT);
    give(0, MANY);
    loam_trim(0);
    assert_true(lm_arena_used_units() <= used);
    assert_sound();
}

/* Of medium classes a thread keeps a bounded amount. */
static void idle_memory_is_bounded(void **state) {
    (void)state;
    loam_trim(0);
    size_t used = lm_arena_used_units();
    for (size_t size = LM_SMALL_MAX + 1; size <= most_in_slot(); size += 1000)
        loam_free(loam_malloc(size));
    assert_true(lm_arena_used_units() - used <= ((2u << 20) >> LM_UNIT_SHIFT));
    assert_sound();
    loam_trim(0);
    assert_true(lm_arena_used_units() <= used);
}

static void *free_range(void *argument) {
    unsigned *n = argument;
    give(0, *n);
    return NULL;
}

/* All slots of the current slab come back from another thread, again and again: none is lost. */
static void what_others_free_is_used_again(void **state) {
    static const size_t sizes[] = {16, 100, 300, 1024, 2000, 20000, 65528};
    (void)state;
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        unsigned n = lm_slab_slots(&lm_classes[class_of(sizes[s])], true);
        size_t before = slabs_for(sizes[s]);
        for (int round = 0; round < 40; round++) {
            take(n, sizes[s]);
            in_thread(free_range, &n);
            assert_sound();
        }
        assert_true(slabs_for(sizes[s]) <= before + 3);
    }
}

/* Others free all blocks, and the thread takes that over. Returns what it kept of it then. */
static size_t let_others_free(size_t size) {
    unsigned n = MANY, some = lm_classes[class_of(size)].slots + 1u;
    take(n, size);
    in_thread(free_range, &n);
    take(some, size);
    size_t spare = lm_self->spare;
    give(0, some);
    assert_sound();
    return spare;
}

/* Slabs that others emptied wait for their turn, as long as they aren't too many. */
static void emptied_slabs_wait(void **state) {
    static const size_t sizes[] = {100, 200, 500, 2000};
    (void)state;
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        assert_in_range(let_others_free(sizes[s]), 1,
                        lm_max(LM_SPARE_MAX, (size_t)LM_SLAB_UNITS_MAX * LM_UNIT));
    }
    loam_trim(0);
    assert_int_equal(lm_self->spare, 0);
    assert_sound();
}

/* Their slots serve as those of any other slab, before a new one is made; up to an eighth of each may be left. */
static void emptied_slabs_serve(void **state) {
    (void)state;
    loam_trim(0);
    let_others_free(100);
    size_t used = lm_arena_used_units();
    size_t slots = lm_slab_slots(&lm_classes[class_of(100)], true) * 3u / 4;
    size_t slab_bytes = (size_t)lm_classes[class_of(100)].units * LM_UNIT;
    unsigned n = (unsigned)lm_min(lm_self->spare / slab_bytes * slots, (size_t)MANY);
    assert_true(n > 0);
    take(n, 100);
    assert_true(lm_arena_used_units() <= used);
    give(0, n);
    assert_sound();
}

/* Some blocks more than a slab has, again and again: what a round frees serves the next one. */
static void a_round_serves_the_next(void **state) {
    static const size_t sizes[] = {40, 200, 1000};
    (void)state;
    loam_trim(0);
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        unsigned n = lm_slab_slots(&lm_classes[class_of(sizes[s])], true) * 3u / 2;
        take(n, sizes[s]);
        give(0, n);
        size_t used = lm_arena_used_units();
        assert_in_range(lm_self->spare, 1, LM_SPARE_OWN_MAX);
        for (int round = 0; round < 20; round++) {
            take(n, sizes[s]);
            assert_in_range(lm_arena_used_units(), 1, used);
            give(0, n);
        }
        assert_sound();
        loam_trim(0);
    }
    assert_int_equal(lm_self->spare, 0);
}

/* A thread that frees much itself may have done its work, and keeps none. */
static void a_thread_that_frees_much_keeps_none(void **state) {
    (void)state;
    assert_true(let_others_free(100) > 0);
    take(MANY, 900);
    give(0, MANY);
    assert_int_equal(lm_self->spare, 0);
    assert_sound();
}

/* calloc trusts only slots that were never used. */
static void fresh_words(void **state) {
    (void)state;
    for (int round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 3000; i++) {
            unsigned char *p = loam_calloc(1, 112);
            blocks[i] = (char *)p;
            for (unsigned b = 0; b < 112; b++) {
                assert_int_equal(p[b], 0);
                p[b] = 0xff;
            }
        }
        for (unsigned i = 0; i < 3000; i += 1 + (unsigned)round % 2) {
            loam_free(blocks[i]);
            blocks[i] = NULL;
        }
        give(0, 3000);
    }
    assert_sound();
}

static void counts_what_it_gives(void **state) {
    (void)state;
    unsigned c = class_of(80);
    uint64_t before = stats_now().by_class[c].allocations;
    take(1234, 80);
    assert_int_equal(stats_now().by_class[c].allocations - before, 1234);
    give(0, 1234);
    assert_int_equal(stats_now().by_class[c].allocations - before, 1234);
    take(77, 80);
    give(0, 77);
    loam_trim(0);
    assert_int_equal(stats_now().by_class[c].allocations - before, 1311);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_slot_once),
        cmocka_unit_test(reuse_is_delayed),
        cmocka_unit_test(a_loop_needs_no_more_memory),
        cmocka_unit_test(a_loop_opens_few_slots),
        cmocka_unit_test(full_slabs_come_back),
        cmocka_unit_test(empty_slabs_go_back),
        cmocka_unit_test(idle_memory_is_bounded),
        cmocka_unit_test(what_others_free_is_used_again),
        cmocka_unit_test(emptied_slabs_wait),
        cmocka_unit_test(emptied_slabs_serve),
        cmocka_unit_test(a_round_serves_the_next),
        cmocka_unit_test(a_thread_that_frees_much_keeps_none),
        cmocka_unit_test(fresh_words),
        cmocka_unit_test(counts_what_it_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
