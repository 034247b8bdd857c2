#include "support/unit.h"

#include "heap/arena.h"
#include "heap/dense.h"
#include "heap/guard.h"
#include "heap/large.h"
#include "heap/limits.h"
#include "heap/slab.h"
#include "os/os.h"
#include "support/heap.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

/* Each test has a size of its own, since what is learned of one stays. Blocks hold whole chunks wherever
 * they lie. */
static const size_t mib = 1 << 20;
enum { ASKED = 64, LEFT_OUT_MOST = ASKED / 8 };

static size_t usual_mappings;

static int set_up(void **state) {
    (void)state;
    loam_trim(0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lm_once.guard.mappings = usual_mappings;
    loam_trim(0);
    return lm_verify() == 0 ? 0 : -1;
}

static lm_arena *arena_of(const char *p) {
    return lm_arena_of((uintptr_t)p);
}

/* Blocks of which one page in `each` is written are freed; 0: none is. They have small pages themselves:
 * others show nothing. */
static void show(size_t size, size_t each, int blocks) {
    loam_trim(0);
    lm_once.guard.mappings = 0;
    for (int i = 0; i < blocks; i++) {
        char *p = loam_malloc(size);
        assert_non_null(p);
        memset(p, 0, size); /* what rested may have been written before */
        for (size_t page = 0; each && page < size / lm_os.page; page += each)
            p[page * lm_os.page] = 'x';
        lm_dense_learn(arena_of(p), p, size);
        memset(p, 0, size);
        loam_free(p);
    }
    lm_once.guard.mappings = usual_mappings;
}

/* Now and then one is left out. */
static unsigned times_expected(size_t size) {
    unsigned times = 0;
    for (int i = 0; i < ASKED; i++)
        times += lm_dense_expected(size);
    return times;
}

static void expect_dense(size_t size) {
    assert_in_range(times_expected(size), ASKED - LEFT_OUT_MOST, ASKED - 1);
}

static size_t advised(void) {
    size_t mappings = 0;
    for (uint32_t i = 0; i < atomic_load(&lm_arena_count); i++)
        mappings += lm_arenas[i].chunks.advised;
    return mappings;
}

static void nothing_without_evidence(void **state) {
    (void)state;
    for (size_t size = 1; size <= 1024 * mib; size *= 2)
        assert_int_equal(times_expected(size), 0);
}

static void evidence_for_a_size(void **state) {
    size_t size = 5 * mib;
    (void)state;
    show(size, 1, 40);
    expect_dense(size);
    expect_dense(7 * mib);
    assert_int_equal(times_expected(3 * mib), 0);
    assert_int_equal(times_expected(9 * mib), 0);
}

static void evidence_against(void **state) {
    size_t size = 9 * mib;
    (void)state;
    show(size, 2, 40);
    assert_int_equal(times_expected(size), 0);
}

static void evidence_fades(void **state) {
    size_t size = 17 * mib;
    (void)state;
    show(size, 1, 100);
    expect_dense(size);
    show(size, 2, 20);
    assert_int_equal(times_expected(size), 0);
    show(size, 1, 100);
    expect_dense(size);
}

/* A block of which nothing was written says nothing. */
static void untouched_ones_do_not_count(void **state) {
    size_t size = 33 * mib;
    (void)state;
    show(size, 0, 40);
    assert_int_equal(times_expected(size), 0);
    show(size, 1, 80);
    expect_dense(size);
    show(size, 0, 40);
    expect_dense(size);
}

static uint32_t whole_chunks(const char *block, size_t size, uint32_t *first) {
    size_t start = span_of(block)->start;
    *first = (uint32_t)(lm_align_up(start, LM_CHUNK) >> LM_CHUNK_SHIFT);
    return (uint32_t)((start + size) >> LM_CHUNK_SHIFT) - *first;
}

static uint32_t count_advised(const lm_arena *arena, uint32_t first, uint32_t n) {
    uint32_t count = 0;
    for (uint32_t i = first; i < first + n; i++)
        count += arena->chunks.table[i].advice == LM_ADVICE_HUGE;
    return count;
}

/* All whole chunks of a block get them; when its memory goes, so does what the system was told. */
static void blocks_that_get_them(void **state) {
    char *blocks[8];
    size_t size = 6 * mib; /* the size for which there is evidence already */
    unsigned got = 0;
    (void)state;
    assert_int_equal(advised(), 0);
    for (int i = 0; i < 8; i++) {
        assert_non_null((blocks[i] = loam_malloc(size)));
        uint32_t first, whole = whole_chunks(blocks[i], size, &first);
        assert_true(whole >= size / LM_CHUNK - 1);
        got += count_advised(arena_of(blocks[i]), first, whole) == whole;
        for (size_t at = 0; at < size; at += lm_os.page)
            assert_int_equal(blocks[i][at], 0);
        memset(blocks[i], 'x', size);
    }
    assert_in_range(got, 6, 8);
    assert_true(advised() > 0);
    assert_sound();
    for (int i = 0; i < 8; i++)
        loam_free(blocks[i]);
    loam_trim(0);
    assert_int_equal(advised(), 0);
}

/* Part of what was a block with huge pages is in use when the rest goes: there the system must not fill
 * it up again. */
static void a_part_of_a_chunk(void **state) {
    size_t size = 6 * mib;
    char *block, *small[64];
    (void)state;
    do {
        assert_non_null((block = loam_malloc(size)));
    } while (advised() == 0);
    lm_arena *arena = arena_of(block);
    uint32_t chunk = (uint32_t)(span_of(block)->start >> LM_CHUNK_SHIFT);
    memset(block, 'x', size);
    loam_free(block);
    lm_large_flush();
    for (int i = 0; i < 64; i++)
        memset((small[i] = loam_malloc(60000)), 'y', 60000);
    loam_trim(0);
    for (uint32_t c = chunk; c < chunk + size / LM_CHUNK; c++)
        assert_true(arena->chunks.table[c].advice != LM_ADVICE_HUGE ||
                    arena->chunks.table[c].dirty == 0);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(small[i][59999], 'y');
        loam_free(small[i]);
    }
}

/* They cost mappings, for which there is a budget. */
static void without_mappings(void **state) {
    (void)state;
    size_t before = advised();
    lm_once.guard.mappings = 0;
    for (int i = 0; i < 8; i++) {
        char *p = loam_malloc(6 * mib);
        assert_non_null(p);
        assert_true(advised() <= before);
        loam_free(p);
    }
}

/* Whoever has said what he wants gets that. */
static void not_where_an_option_says(void **state) {
    (void)state;
    for (int wish = -1; wish <= 1; wish += 2) {
        lm_once.arena.huge_pages = wish;
        assert_int_equal(times_expected(5 * mib), 0);
    }
    lm_once.arena.huge_pages = 0;
    expect_dense(5 * mib);
}

/* ---- Slabs ---------------------------------------------------------------------------------- */

enum { SMALL = 200, MEDIUM = 20000 };

/* Blocks that are many times what slabs must hold before they get huge pages. */
static char *small[4 * LM_HUGE_LEAST_CHUNKS * LM_CHUNK / SMALL];
enum { SMALLS = sizeof small / sizeof small[0] };

static lm_chunk *chunk_of(const char *p) {
    return &arena_of(p)->chunks.table[lm_slab_first_unit(slab_of(p)) / LM_CHUNK_UNITS];
}

static bool has_huge_pages(const char *p) {
    return chunk_of(p)->advice == LM_ADVICE_HUGE;
}

static char *made(size_t size) {
    char *p = loam_malloc(size);
    assert_non_null(p);
    return memset(p, 'x', size);
}

/* Returns how many have huge pages. */
static size_t make_small_ones(void) {
    size_t huge = 0;
    for (size_t i = 0; i < SMALLS; i++) {
        small[i] = made(SMALL);
        huge += slab_of(small[i]) && has_huge_pages(small[i]); /* no sample */
    }
    return huge;
}

/* All but one in `each`. */
static void free_small_ones(size_t each) {
    for (size_t i = 0; i < SMALLS; i++)
        if (each == 0 || i % each != 0) {
            loam_free(small[i]);
            small[i] = NULL;
        }
}

/* A heap that holds little has none; one that goes on growing has them, and when all is free again, so
 * is its memory. */
static void slabs_get_them_when_there_are_many(void **state) {
    (void)state;
    for (int round = 0; round < 2; round++) {
        const size_t before = advised();
        for (size_t i = 0; i < SMALLS; i++) {
            small[i] = made(SMALL);
            if (lm_dense_units < LM_HUGE_LEAST_CHUNKS * LM_CHUNK_UNITS)
                assert_int_equal(advised(), before);
        }
        assert_true(advised() >
                    0); /* chunks of the round before may still be known for small pages */
        assert_true(has_huge_pages(small[SMALLS - 1]));
        assert_sound();
        for (size_t i = 0; i < SMALLS; i += 10)
            assert_true(small[i][0] == 'x' && small[i][SMALL - 1] == 'x');
        free_small_ones(0);
        loam_trim(0);
    }
}

/* A block of many pages may be used in part only: it goes elsewhere. */
static void not_for_slots_of_many_pages(void **state) {
    static char *medium[4 * LM_HUGE_LEAST_CHUNKS * LM_CHUNK / MEDIUM];
    size_t mediums = sizeof medium / sizeof medium[0], before = advised();
    (void)state;
    for (size_t i = 0; i < mediums; i++)
        medium[i] = made(MEDIUM);
    assert_int_equal(advised(), before);
    assert_true(make_small_ones() > SMALLS / 2);
    for (size_t i = 0; i < mediums; i++)
        loam_free(medium[i]);
    loam_trim(0);
    for (size_t i = 0; i < mediums; i++) {
        medium[i] = made(MEDIUM);
        assert_false(has_huge_pages(medium[i]));
    }
    for (size_t i = 0; i < mediums; i++)
        loam_free(medium[i]);
    free_small_ones(0);
}

static size_t resident_pages(const lm_arena *arena, const lm_chunk *chunk) {
    unsigned char pages[LM_CHUNK / 4096];
    size_t n = 0, index = (size_t)(chunk - arena->chunks.table);
    char *at = (char *)arena->lookup->base + (index << LM_CHUNK_SHIFT);
    assert_int_equal(mincore(at, LM_CHUNK, pages), 0);
    for (size_t i = 0; i < sizeof pages; i++)
        n += pages[i] & 1;
    return n;
}

/* A few blocks stay in chunks that had huge pages: all other memory goes back, also what no block was ever in. */
static void a_few_that_stay(void **state) {
    (void)state;
    size_t huge = make_small_ones();
    assert_true(huge > SMALLS / 2);
    enum { EACH = 5000 };
    free_small_ones(EACH);
    loam_trim(0);
    assert_sound();
    for (size_t i = 0; i < SMALLS; i += EACH) {
        const lm_chunk *chunk = slab_of(small[i]) ? chunk_of(small[i]) : NULL;
        if (!chunk || lm_units_count(chunk->free) < LM_CHUNK_UNITS / 2)
            continue;
        assert_int_not_equal(chunk->advice, LM_ADVICE_HUGE);
        size_t used = LM_CHUNK_UNITS - lm_units_count(chunk->free);
        assert_in_range(resident_pages(arena_of(small[i]), chunk), 1, used * (LM_UNIT / 4096));
    }
    for (size_t i = 0; i < SMALLS; i += EACH) {
        assert_int_equal(small[i][SMALL - 1], 'x');
        loam_free(small[i]);
    }
}

static void *free_as_another(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SMALLS; i++)
        loam_free(small[i]);
    loam_trim(0);
    return NULL;
}

/* Memory of slabs that others have emptied while the owner sleeps: the system must not bring it back. */
static void emptied_by_others(void **state) {
    pthread_t other;
    unsigned purged = 0;
    (void)state;
    assert_true(make_small_ones() > SMALLS / 2);
    assert_int_equal(pthread_create(&other, NULL, free_as_another, NULL), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    for (size_t i = 0; i < SMALLS; i++) {
        const lm_slab *slab = slab_of(small[i]);
        if (!slab || lm_slab_place(slab) != LM_PLACE_PURGED)
            continue;
        assert_false(has_huge_pages(small[i]));
        purged++;
    }
    assert_true(purged > 0);
    assert_sound();
}

enum { SLEEPERS = 8 };
static pthread_barrier_t asleep, awake;

static void *sleep_with_a_heap(void *argument) {
    loam_free(loam_malloc(1));
    pthread_barrier_wait(&asleep);
    pthread_barrier_wait(&awake);
    return argument;
}

/* Each thread may use little of its slabs. */
static void slabs_of_many_threads(void **state) {
    pthread_t threads[SLEEPERS];
    (void)state;
    assert_int_equal(pthread_barrier_init(&asleep, NULL, SLEEPERS + 1), 0);
    assert_int_equal(pthread_barrier_init(&awake, NULL, SLEEPERS + 1), 0);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_with_a_heap, NULL), 0);
    pthread_barrier_wait(&asleep);
    assert_int_equal(make_small_ones(), 0);
    pthread_barrier_wait(&awake);
    for (int i = 0; i < SLEEPERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    free_small_ones(0);
}

static void slabs_without_mappings(void **state) {
    (void)state;
    lm_once.guard.mappings = 0;
    assert_int_equal(make_small_ones(), 0);
    free_small_ones(0);
}

static void slabs_where_an_option_says(void **state) {
    (void)state;
    for (int wish = -1; wish <= 1; wish += 2) {
        lm_once.arena.huge_pages = wish;
        assert_int_equal(make_small_ones(), 0);
        free_small_ones(0);
        loam_trim(0);
    }
    lm_once.arena.huge_pages = 0;
}

int main(void) {
    loam_free(loam_malloc(1));
    if (lm_os.page != 4096)
        return 77; /* only there a chunk is a huge page */
    usual_mappings = lm_once.guard.mappings;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_without_evidence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_for_a_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_against, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_fades, set_up, tear_down),
        cmocka_unit_test_setup_teardown(untouched_ones_do_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(blocks_that_get_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_of_a_chunk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_mappings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_where_an_option_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slabs_get_them_when_there_are_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_for_slots_of_many_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_few_that_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(emptied_by_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slabs_of_many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slabs_without_mappings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slabs_where_an_option_says, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
