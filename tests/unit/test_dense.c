#include "support/unit.h"

#include "heap/arena.h"
#include "heap/dense.h"
#include "heap/guard.h"
#include "heap/large.h"
#include "os/os.h"
#include "support/heap.h"

#include <string.h>

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

/* A block that gets them begins with a chunk; when its memory goes, so does what the system was told. */
static void blocks_that_get_them(void **state) {
    char *blocks[8];
    size_t size = 6 * mib; /* the size for which there is evidence already */
    unsigned got = 0;
    (void)state;
    assert_int_equal(advised(), 0);
    for (int i = 0; i < 8; i++) {
        assert_non_null((blocks[i] = loam_malloc(size)));
        uint32_t chunk = (uint32_t)(span_of(blocks[i])->start >> LM_CHUNK_SHIFT);
        got += (uintptr_t)blocks[i] % LM_CHUNK == 0 &&
               lm_chunks_advised(&arena_of(blocks[i])->chunks, chunk, (uint32_t)(size / LM_CHUNK));
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
