// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/arena.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "heap/waiting.h"
#include "os/os.h"
#include "support/heap.h"
#include "support/thread.h"

#include <string.h>

/* Slabs of this thread, which sleeps while another one frees. */
enum { SIZE = 1000, SLABS = 6, MANY = 2000 };
static char *blocks[MANY];
static size_t count;
static lm_slab *slabs[SLABS];

static uint64_t purges(void) {
    return atomic_load(&lm_os_count.purges);
}

static void look(lm_slab *slab, size_t word) {
    lm_lock_take(&lm_arena_lock);
    lm_waiting_look(slab, word);
    lm_lock_give(&lm_arena_lock);
}

static bool purge_all(void) {
    lm_lock_take(&lm_arena_lock);
    bool any = lm_waiting_purge(true);
    lm_lock_give(&lm_arena_lock);
    return any;
}

/* So many slabs of the size whose slots are all handed out. */
static void fill_slabs(void) {
    count = 0;
    for (size_t s = 0; s < SLABS;) {
        assert_true(count < MANY);
        blocks[count] = loam_malloc(SIZE);
        memset(blocks[count], 1, SIZE);
        lm_slab *slab = slab_of(blocks[count++]);
        if (s > 0 && slabs[s - 1] == slab)
            continue;
        if (s == 0 || lm_slab_place(slabs[s - 1]) == LM_PLACE_FULL)
            slabs[s++] = slab;
    }
}

static void free_in(lm_slab *slab, size_t most) {
    for (size_t i = 0; i < count && most > 0; i++)
        if (blocks[i] && slab_of(blocks[i]) == slab) {
            loam_free(blocks[i]);
            blocks[i] = NULL;
            most--;
        }
}

static void *free_all_in(void *slab) {
    free_in(slab, SIZE_MAX);
    return NULL;
}

static void *free_all_but_one_in(void *slab) {
    free_in(slab, lm_slab_live(slab) - 1);
    return NULL;
}

static int set_up(void **state) {
    (void)state;
    loam_trim(0);
    fill_slabs();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < count; i++) {
        loam_free(blocks[i]);
        blocks[i] = NULL;
    }
    loam_trim(0);
    return lm_verify() == 0 && lm_waiting_units == 0 && lm_waiting_gone_units == 0 ? 0 : -1;
}

/* Nearly all free is not enough. */
static void only_wholly_free_slabs_wait(void **state) {
    (void)state;
    in_thread(free_all_but_one_in, slabs[0]);
    look(slabs[0], 0);
    assert_int_equal(lm_slab_place(slabs[0]), LM_PLACE_FULL);
    assert_int_equal(lm_waiting_units, 0);
    assert_sound();
    in_thread(free_all_in, slabs[0]);
    unsigned place = lm_slab_place(slabs[0]); /* small limits leave it no memory */
    assert_true(place == LM_PLACE_WAITING || place == LM_PLACE_PURGED);
    assert_int_equal(lm_waiting_units + lm_waiting_gone_units, lm_slab_units(slabs[0]));
    assert_sound();
}

/* The memory of those that wait can go, and is clear then; what the slab is stays known. */
static void waiting_slabs_lose_their_memory(void **state) {
    (void)state;
    in_thread(free_all_in, slabs[1]);
    in_thread(free_all_in, slabs[2]);
    size_t units = lm_slab_units(slabs[1]) + lm_slab_units(slabs[2]);
    assert_int_equal(lm_waiting_units + lm_waiting_gone_units, units);
    purge_all();
    assert_int_equal(lm_waiting_units, 0);
    assert_int_equal(lm_waiting_gone_units, units);
    assert_int_equal(lm_slab_place(slabs[1]), LM_PLACE_PURGED);
    assert_int_equal(lm_slab_place(slabs[2]), LM_PLACE_PURGED);
    assert_int_equal(lm_slab_address(slabs[1])[0], 0);
    assert_false(purge_all()); /* nothing is left */
    assert_sound();
}

/* The oldest first, and each once: also from the middle of the list. */
static void slabs_leave_the_list(void **state) {
    (void)state;
    for (size_t s = 0; s < 3; s++)
        in_thread(free_all_in, slabs[s]);
    if (lm_waiting_gone_units > 0) /* small limits leave none to wait */
        skip();
    size_t units = lm_waiting_units;
    static const size_t order[] = {1, 0, 2};
    for (size_t i = 0; i < 3; i++) {
        lm_slab *slab = slabs[order[i]];
        assert_int_equal(lm_slab_place(slab), LM_PLACE_WAITING);
        lm_lock_take(&lm_arena_lock);
        lm_waiting_end(slab);
        lm_slab_set_place(slab, LM_PLACE_FULL);
        lm_lock_give(&lm_arena_lock);
        units -= lm_slab_units(slab);
        assert_int_equal(lm_waiting_units, units);
    }
    assert_int_equal(units, 0);
    assert_false(purge_all()); /* the list is empty */
}

/* When the owner comes back it finds its slabs, whatever became of their memory. */
static void the_owner_comes_back(void **state) {
    (void)state;
    for (size_t s = 0; s < 4; s++)
        in_thread(free_all_in, slabs[s]);
    purge_all();
    for (size_t i = 0; i < count; i++)
        if (!blocks[i]) {
            blocks[i] = loam_calloc(1, SIZE);
            assert_true(blocks[i] && blocks[i][0] == 0 && blocks[i][SIZE - 1] == 0);
        }
    assert_int_equal(lm_waiting_units, 0);
    assert_int_equal(lm_waiting_gone_units, 0);
    assert_sound();
}

/* Of a slab that its owner takes from, the pages of what others freed go, though it isn't empty. */
static void pages_of_the_current_slab_go(void **state) {
    enum { LIVE = 12 };
    lm_slab *slab = slabs[SLABS - 1];
    (void)state;
    while (lm_slab_place(slab) != LM_PLACE_CURRENT || lm_slab_live(slab) < LIVE) {
        if (count == MANY)
            fail();
        blocks[count] = loam_malloc(SIZE);
        slab = slab_of(blocks[count++]);
    }
    in_thread(free_all_in, slab);
    uint64_t before = purges();
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        look(slab, w);
    if (lm_os.page < LIVE * SIZE / 2)
        assert_true(purges() > before);
    assert_int_equal(lm_slab_place(slab), LM_PLACE_CURRENT);
    assert_int_equal(lm_slab_live(slab), 0); /* what was borrowed came back */
    assert_sound();
}

/* An empty slab is being closed by its owner: its words have all bits, and are in no inbox. */
static void slabs_that_are_closed_are_left_alone(void **state) {
    bool fresh;
    (void)state;
    lm_slab *slab = lm_slab_new(lm_thread_heap(), class_of(SIZE), &fresh);
    lm_slab_set_place(slab, LM_PLACE_QUEUED);
    assert_true(lm_slab_close(slab));
    uint64_t before = purges();
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        look(slab, w);
    assert_int_equal(purges(), before);
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        assert_int_equal(atomic_load(&lm_slab_remotes(slab)[w].bits), lm_slab_valid(slab, w));
    lm_slab_release(slab);
}

/* A word that the slab doesn't have: it was another slab when the word became free. */
static void words_that_arent_there(void **state) {
    (void)state;
    look(slabs[SLABS - 1], LM_WORDS_MAX);
    assert_sound();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(only_wholly_free_slabs_wait),  TEST(waiting_slabs_lose_their_memory),
        TEST(slabs_leave_the_list),         TEST(the_owner_comes_back),
        TEST(pages_of_the_current_slab_go), TEST(slabs_that_are_closed_are_left_alone),
        TEST(words_that_arent_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
