/* src/heap/sweep.c; the checker's sweep.c has test_sweep.c. */
// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/arena.h"
#include "heap/note.h"
#include "heap/protect.h"
#include "heap/slow.h"
#include "heap/sweep.h"
#include "heap/thread.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/thread.h"
#include "support/trap.h"

#include <stdatomic.h>
#include <string.h>

enum { SIZE = 100, LARGE = 300000 };

static int set_up(void **state) {
    (void)state;
    loam_trim(0);
    trap_set();
    return 0;
}

/* What is wrong is put right by the tests themselves, so that all are quiet at the end. */
static int tear_down(void **state) {
    (void)state;
    lm_sweep_at_exit();
    return trap_take() == 0 && lm_verify() == 0 ? 0 : -1;
}

static void needs_tails(void) {
    if (!lm_once.tail)
        skip();
}

static void a_whole_heap_is_passed_over(void **state) {
    (void)state;
    char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = loam_malloc(i * 37);
        memset(blocks[i], 0xff, i * 37);
    }
    for (size_t i = 0; i < 200; i += 2)
        loam_free(blocks[i]);
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 0);
    for (size_t i = 1; i < 200; i += 2)
        loam_free(blocks[i]);
}

static void expect_overflow(const char *block, size_t size) {
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
    assert_string_equal(trapped.call, "at exit");
    assert_ptr_equal(trapped.block, block);
    assert_int_equal(trapped.block_size, size);
    assert_int_equal(trapped.first, size);
    assert_int_equal(trapped.last, size);
}

static void writes_past_live_blocks(void **state) {
    needs_tails();
    if (LM_THREAD_SANITIZER) /* others' blocks aren't looked at (protect.c) */
        skip();
    static const size_t sizes[] = {20, SIZE, 700, 5000, LARGE};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t size = sizes[s];
        char *p = loam_malloc(size);
        p[size] ^= 0x40;
        expect_overflow(p, size);
        p[size] ^= 0x40;
        loam_free(p);
    }
}

static void writes_after_free(void **state) {
    char *keep = loam_malloc(hidden(SIZE)), *p = loam_malloc(hidden(SIZE));
    (void)state;
    if (!lm_protect_clears(lm_slab_room(slab_of(p)))) {
        loam_free(p);
        loam_free(keep);
        skip();
    }
    loam_free(p);
    p[30] = 'x';
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_USE_AFTER_FREE);
    assert_string_equal(trapped.call, "at exit");
    assert_ptr_equal(trapped.block, p);
    assert_int_equal(trapped.first, 30);
    assert_int_equal(trapped.last, 30);
    p[30] = 0;
    loam_free(keep);
}

/* Slots that never were handed out are of no interest, whatever lies there: nobody was told of them. */
static void unopened_slots_are_left_alone(void **state) {
    char *p = loam_malloc(hidden(SIZE));
    lm_slab *slab = slab_of(p);
    unsigned opened = lm_self->bins[slab->class].opened;
    (void)state;
    if (opened >= slab->slots) {
        loam_free(p);
        skip();
    }
    char *unopened = lm_slab_address(slab) + (size_t)opened * lm_slab_size(slab);
    unopened[0] = 'x';
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 0);
    unopened[0] = 0;
    loam_free(p);
}

static void *make_and_damage(void *block) {
    char *p = loam_malloc(hidden(SIZE));
    p[SIZE] ^= 0x40;
    *(char **)block = p;
    return NULL;
}

/* Nor are those that can be handed out, but were not yet. */
static void fresh_slots_are_left_alone(void **state) {
    char *p = loam_malloc(hidden(SIZE));
    const lm_bin *bin = &lm_self->bins[slab_of(p)->class];
    const lm_pair *pair = atomic_load(&bin->pair);
    const uint64_t avail = atomic_load(&pair->avail);
    (void)state;
    if (!bin->fresh || avail == 0) {
        loam_free(p);
        skip();
    }
    char *next = bin->base + (size_t)lm_lowest_bit(avail) * bin->size;
    next[0] = 'x';
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 0);
    next[0] = 0;
    loam_free(p);
}

/* Of a thread that has ended: nobody else will ever look. */
static void what_threads_left(void **state) {
    char *p;
    (void)state;
    needs_tails();
    if (LM_THREAD_SANITIZER)
        skip();
    in_thread(make_and_damage, &p);
    expect_overflow(p, SIZE);
    p[SIZE] ^= 0x40;
    loam_free(p);
}

static pthread_barrier_t barrier;

static void *make_and_wait(void *block) {
    make_and_damage(block);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    (*(char **)block)[SIZE] ^= 0x40;
    loam_free(*(char **)block);
    return NULL;
}

/* A thread that still runs may be in the midst of anything. */
static void what_runs_is_left_alone(void **state) {
    pthread_t thread;
    char *p;
    (void)state;
    needs_tails();
    pthread_barrier_init(&barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, make_and_wait, &p), 0);
    pthread_barrier_wait(&barrier);
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
}

static void *free_block(void *block) {
    loam_free(block);
    return NULL;
}

/* Its owner freed it, and another thread did at the same time: a bit on either side. */
static void double_frees_are_told_apart(void **state) {
    if (lm_once.protection.sweep_max == 0)
        skip();
    char *keep = loam_malloc(hidden(SIZE)), *p = loam_malloc(hidden(SIZE));
    lm_slab *slab = slab_of(p);
    (void)state;
    size_t slot = (size_t)(p - lm_slab_address(slab)) / lm_slab_size(slab);
    in_thread(free_block, p);
    atomic_fetch_or(&slab->pairs[slot / 64].pending, (uint64_t)1 << slot % 64);
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_ptr_equal(trapped.block, p);
    loam_trim(SIZE_MAX / 2);
    loam_free(keep);
}

/* No more than a certain amount is looked at, and said. */
static void there_is_an_end(void **state) {
    enum { MANY = 400, SAID_MOST = 16 };
    char *blocks[MANY];
    (void)state;
    needs_tails();
    if (LM_THREAD_SANITIZER)
        skip();
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = loam_malloc(hidden(SIZE));
        blocks[i][SIZE] ^= 0x40;
    }
    lm_note_say(); /* some were found on the way */
    trap_take();
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), SAID_MOST);
    size_t most = lm_once.protection.sweep_max;
    char *large = loam_malloc(hidden(LARGE));
    large[LARGE] ^= 0x40;
    lm_once.protection.sweep_max = 0;
    lm_sweep_at_exit();
    assert_int_equal(trap_take(), 0);
    lm_once.protection.sweep_max = most;
    large[LARGE] ^= 0x40;
    loam_free(large);
    for (size_t i = 0; i < MANY; i++) /* all of them first: a free may look at the block before */
        blocks[i][SIZE] ^= 0x40;
    for (size_t i = 0; i < MANY; i++)
        loam_free(blocks[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_whole_heap_is_passed_over),
        TEST(writes_past_live_blocks),
        TEST(writes_after_free),
        TEST(unopened_slots_are_left_alone),
        TEST(fresh_slots_are_left_alone),
        TEST(what_threads_left),
        TEST(what_runs_is_left_alone),
        TEST(double_frees_are_told_apart),
        TEST(there_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
