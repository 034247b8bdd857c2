/* Arenas of 4 MiB, so that there are several. */
// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/arena.h"
#include "heap/limits.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/pattern.h"
#include "unit/grants.h"

#include <errno.h>
#include <stdlib.h>

const char loam_default_options[] = "arena=4MiB";

static void the_first(void **state) {
    (void)state;
    assert_int_equal(atomic_load(&lm_arena_count), 1);
    assert_int_equal(lm_once.lookups[0].size, 4 << 20);
    assert_int_equal(lm_once.lookups[0].base % LM_CHUNK, 0);
    assert_sound();
}

/* Where there is nothing else, what isn't dense is served from chunks with huge pages as well. */
static void from_wherever_there_is_one(void **state) {
    lm_grant grants[4];
    unsigned n = 0;
    (void)state;
    do {
        assert_non_null((grants[n] = take(LM_CHUNK_UNITS)).record);
    } while (grants[n++].arena == &lm_arenas[0] && n < 4);
    assert_true(n > 1 && grants[n - 1].arena == &lm_arenas[1]); /* the first one is used up */
    give(grants[0], false);
    uint32_t chunk = grants[0].run.first / LM_CHUNK_UNITS;
    lm_chunks_advise(&lm_arenas[0].chunks, chunk, 1, LM_ADVICE_HUGE);
    lm_grant again = take(LM_CHUNK_UNITS);
    assert_ptr_equal(again.arena, &lm_arenas[0]);
    assert_int_equal(again.run.first, grants[0].run.first);
    lm_chunks_advise(&lm_arenas[0].chunks, chunk, 1, LM_ADVICE_NONE);
    grants[0] = again;
    while (n > 0)
        give(grants[--n], false);
    assert_sound();
}

static void addresses_lead_to_arenas(void **state) {
    (void)state;
    uintptr_t base = lm_once.lookups[0].base;
    assert_ptr_equal(lm_arena_of(base), &lm_arenas[0]);
    assert_ptr_equal(lm_arena_of(base + lm_once.lookups[0].size - 1), &lm_arenas[0]);
    assert_null(lm_arena_of(base - 1));
    assert_null(lm_arena_of(0));
    assert_null(lm_arena_of(UINTPTR_MAX));
    assert_null(lm_arena_of((uintptr_t)&base));
}

static void runs_are_usable_and_disjoint(void **state) {
    lm_grant grants[40];
    (void)state;
    size_t used = lm_arena_used_units();
    for (uint32_t i = 0; i < 40; i++) {
        grants[i] = take(i + 1);
        assert_non_null(grants[i].record);
        assert_true(all_zero(grants[i].record, RECORD));
        pattern_fill(address(grants[i]), (size_t)(i + 1) << LM_UNIT_SHIFT, i);
    }
    assert_int_equal(lm_arena_used_units(), used + 40 * 41 / 2);
    for (uint32_t i = 0; i < 40; i++) {
        size_t size = (size_t)(i + 1) << LM_UNIT_SHIFT;
        assert_true(pattern_holds(address(grants[i]), size, size, i));
        give(grants[i], true);
    }
    assert_int_equal(lm_arena_used_units(), used);
    assert_true(lm_arena_peak_units >= used + 40 * 41 / 2);
    assert_sound();
}

/* More than an arena holds: another one, as large as need be. */
static void further_arenas(void **state) {
    (void)state;
    lm_grant grant = take(1000);
    assert_non_null(grant.record);
    assert_true(grant.arena != &lm_arenas[0] && grant.arena->lookup->size >= 1000 << LM_UNIT_SHIFT);
    assert_ptr_equal(lm_arena_of((uintptr_t)address(grant)), grant.arena);
    give(grant, false);
    assert_sound();
}

/* Blocks of all arenas are freed, found, resized and named alike. */
static void blocks_of_all_arenas(void **state) {
    enum { BLOCKS = 3000 };
    static char *blocks[BLOCKS];
    (void)state;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        size_t size = 1 + (i * 37) % 20000;
        blocks[i] = loam_malloc(size);
        assert_non_null(blocks[i]);
        pattern_fill(blocks[i], size, i);
    }
    assert_true(atomic_load(&lm_arena_count) > 3);
    assert_sound();
    for (uint32_t i = 0; i < BLOCKS; i++) {
        size_t size = 1 + (i * 37) % 20000;
        assert_ptr_equal(loam_block_of(blocks[i] + size - 1, NULL), blocks[i]);
        blocks[i] = loam_realloc(blocks[i], size + 500);
        assert_true(pattern_holds(blocks[i], size, size, i));
    }
    assert_sound();
    for (uint32_t i = 0; i < BLOCKS; i++)
        loam_free(blocks[i]);
    assert_sound();
}

static void behind(void **state) {
    (void)state;
    lm_grant grant = take(4);
    lm_lock_take(&lm_arena_lock);
    uint32_t end = grant.run.first + 4;
    bool free_behind =
        (grant.arena->chunks.table[end / LM_CHUNK_UNITS].free >> end % LM_CHUNK_UNITS) & 1;
    bool taken = lm_arena_take_behind(grant.arena, end, 1);
    assert_int_equal(taken, free_behind);
    assert_false(lm_arena_take_behind(grant.arena, grant.run.first, 1));
    uint32_t all = (uint32_t)(grant.arena->lookup->size >> LM_UNIT_SHIFT);
    assert_false(lm_arena_take_behind(grant.arena, all, 1));
    if (taken)
        lm_arena_give(grant.arena, end, 1, true);
    lm_lock_give(&lm_arena_lock);
    give(grant, false);
    assert_sound();
}

/* ---- Where the system says no, in a child
 * ----------------------------------------------------------------- */

/* In use: of address space, or of data alone. */
static size_t own_pages(bool data) {
    size_t all = 0, data_only = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf(file, "%zu %*u %*u %*u %*u %zu", &all, &data_only) != 2)
        all = data_only = 0;
    fclose(file);
    return data ? data_only : all;
}

typedef struct limit {
    bool data;   /* RLIMIT_DATA, else RLIMIT_AS */
    size_t more; /* than is in use */
    size_t block;
} limit;

static void limit_memory(const limit *l) {
    size_t bytes = own_pages(l->data) * lm_os.page + l->more;
    const struct rlimit most = {bytes, bytes};
    setrlimit(l->data ? RLIMIT_DATA : RLIMIT_AS, &most);
}

static bool none_and_enomem(size_t size) {
    errno = 0;
    return !loam_malloc(size) && errno == ENOMEM;
}

/* Until there is no more: NULL and ENOMEM, all records whole, and what was freed can be had again.
 */
static int run_out(void *argument) {
    enum { MOST = 1000000 };
    static char *blocks[MOST];
    const limit *l = argument;
    uint32_t n = 0;
    limit_memory(l);
    for (errno = 0; n < MOST && (blocks[n] = loam_malloc(l->block)) != NULL; n++)
        memset(blocks[n], (int)n, l->block < 64 ? l->block : 64);
    if (n == MOST || n == 0 || errno != ENOMEM)
        return 1;
    uint32_t arenas = atomic_load(&lm_arena_count);
    for (int i = 0; i < 200; i++)
        if (!none_and_enomem((size_t)32 << 20))
            return 2;
    if (atomic_load(&lm_arena_count) > arenas + 2)
        return 3; /* requests in vain cost address space */
    if (lm_verify() != 0)
        return 4;
    char *grown = loam_realloc(blocks[0], (size_t)1 << 30);
    if (grown || blocks[0][1] != 0)
        return 5;
    for (uint32_t i = 0; i < n; i++) {
        if (blocks[i][0] != (char)i)
            return 6;
        loam_free(blocks[i]);
    }
    for (uint32_t i = 0; i < n / 2; i++)
        if (!(blocks[i] = loam_malloc(l->block)))
            return 7;
    return lm_verify() == 0 ? 77 : 8;
}

static void no_more_address_space(void **state) {
    limit limits[] = {{false, 64 << 20, 100}, {false, 64 << 20, 3000}, {false, 64 << 20, 300000}};
    (void)state;
    if (LM_THREAD_SANITIZER)
        skip(); /* its own heap has none then either */
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(in_child(run_out, &limits[i]), 77);
}

static void no_more_memory(void **state) {
    limit limits[] = {{true, 64 << 20, 500}, {true, 64 << 20, 300000}};
    (void)state;
    if (LM_THREAD_SANITIZER)
        skip(); /* the same */
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(in_child(run_out, &limits[i]), 77);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first),
        cmocka_unit_test(from_wherever_there_is_one),
        cmocka_unit_test(addresses_lead_to_arenas),
        cmocka_unit_test(runs_are_usable_and_disjoint),
        cmocka_unit_test(behind),
        cmocka_unit_test(no_more_address_space),
        cmocka_unit_test(no_more_memory),
        cmocka_unit_test(further_arenas),
        cmocka_unit_test(blocks_of_all_arenas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
