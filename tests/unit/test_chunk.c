#include "support/unit.h"

#include "heap/chunk.h"
#include "support/random.h"

#include <string.h>

enum { CHUNKS = 200, UNITS = CHUNKS * LM_CHUNK_UNITS };

static lm_chunk table[CHUNKS];
static uint64_t whole[(CHUNKS + 63) / 64];
static lm_chunks chunks;

/* The model: what each unit is. */
enum { TAKEN, CLEAN, DIRTY };
static unsigned char model[UNITS];

static int set_up(void **state) {
    (void)state;
    memset(table, 0, sizeof table);
    memset(whole, 0, sizeof whole);
    memset(model, TAKEN, sizeof model);
    chunks = (lm_chunks){.table = table, .whole = whole};
    return 0;
}

static void add(uint32_t n) {
    memset(model + chunks.count * LM_CHUNK_UNITS, CLEAN, n * LM_CHUNK_UNITS);
    lm_chunks_add(&chunks, n);
}

static uint32_t count(uint32_t first, uint32_t units, unsigned kind) {
    uint32_t n = 0;
    for (uint32_t u = first; u < first + units; u++)
        n += model[u] == kind;
    return n;
}

static void check(void) {
    assert_true(lm_chunks_agree(&chunks));
    assert_int_equal(chunks.dirty_units, count(0, UNITS, DIRTY));
    assert_int_equal(chunks.free_units, count(0, UNITS, DIRTY) + count(0, UNITS, CLEAN));
}

/* Notes a run that was taken, after checking that it was free and as dirty as it says. */
static void note_taken(lm_run run, uint32_t units) {
    assert_int_equal(run.count, units);
    assert_true((size_t)run.first + units <= (size_t)chunks.count * LM_CHUNK_UNITS);
    assert_int_equal(count(run.first, units, TAKEN), 0);
    assert_int_equal(run.dirty, count(run.first, units, DIRTY));
    memset(model + run.first, TAKEN, units);
}

/* Within a chunk, or that many whole chunks in a row. */
static bool has_room(uint32_t units) {
    uint32_t n = chunks.count * LM_CHUNK_UNITS, row = 0;
    uint32_t wanted = units > LM_CHUNK_UNITS ? (uint32_t)lm_align_up(units, LM_CHUNK_UNITS) : units;
    for (uint32_t u = 0; u < n; u++) {
        /* A row goes on from chunk to chunk only when it began with one. */
        if (u % LM_CHUNK_UNITS == 0 && (wanted <= LM_CHUNK_UNITS || row % LM_CHUNK_UNITS != 0))
            row = 0;
        row = model[u] == TAKEN ? 0 : row + 1;
        if (row >= wanted)
            return true;
    }
    return false;
}

static void a_fresh_table(void **state) {
    (void)state;
    check();
    assert_int_equal(lm_chunks_take(&chunks, 1, false).count, 0);
    add(3);
    check();
    for (uint32_t units = 1; units <= 3 * LM_CHUNK_UNITS; units += 13) {
        lm_run run = lm_chunks_take(&chunks, units, false);
        note_taken(run, units);
        check();
        lm_chunks_give(&chunks, run.first, units, false);
        memset(model + run.first, CLEAN, units);
        check();
    }
    assert_int_equal(lm_chunks_take(&chunks, 3 * LM_CHUNK_UNITS + 1, false).count, 0);
}

/* Every run length can be taken until all is used up. */
static void uses_everything(void **state) {
    (void)state;
    for (uint32_t units = 1; units <= LM_CHUNK_UNITS; units *= 2) {
        set_up(NULL);
        add(4);
        for (uint32_t i = 0; i < 4 * LM_CHUNK_UNITS / units; i++)
            note_taken(lm_chunks_take(&chunks, units, false), units);
        assert_int_equal(lm_chunks_take(&chunks, 1, false).count, 0);
        assert_int_equal(chunks.free_units, 0);
        check();
    }
}

/* Takes come from the fullest chunk that has room, so that whole ones stay whole. */
static void densest_first(void **state) {
    (void)state;
    add(3);
    lm_run a = lm_chunks_take(&chunks, 100, false);
    lm_run b = lm_chunks_take(&chunks, 16, false);
    assert_int_equal(a.first / LM_CHUNK_UNITS, b.first / LM_CHUNK_UNITS);
    lm_run c = lm_chunks_take(&chunks, 64, false); /* 12 are left: another chunk */
    assert_int_not_equal(a.first / LM_CHUNK_UNITS, c.first / LM_CHUNK_UNITS);
    for (int i = 0; i < 12; i++) {
        lm_run d = lm_chunks_take(&chunks, 1, false);
        assert_int_equal(d.first / LM_CHUNK_UNITS, a.first / LM_CHUNK_UNITS);
    }
}

/* Memory that is there is used before memory that must be faulted in. */
static void dirty_before_clean(void **state) {
    (void)state;
    add(1);
    lm_run run = lm_chunks_take(&chunks, 64, false);
    lm_chunks_give(&chunks, run.first, 32, false);
    lm_chunks_give(&chunks, run.first + 32, 32, true);
    lm_run again = lm_chunks_take(&chunks, 10, false);
    assert_int_equal(again.first, run.first + 32);
    assert_int_equal(again.dirty, 10);
    assert_int_equal(chunks.dirty_units, 22);
    assert_true(lm_chunks_agree(&chunks));
}

/* For a run longer than a slab's, wherever that memory is, and wherever a run of that length is. */
static void dirty_in_any_chunk_for_long_runs(void **state) {
    (void)state;
    add(3);
    assert_int_equal(lm_chunks_take(&chunks, 3 * LM_CHUNK_UNITS, false).count, 3 * LM_CHUNK_UNITS);
    lm_chunks_give(&chunks, 10, 40, false); /* the densest that has room */
    lm_chunks_give(&chunks, 140, 50, true);
    lm_chunks_give(&chunks, 300, 31, false);
    assert_int_equal(lm_chunks_take(&chunks, 35, false).first, 140);
    assert_int_equal(lm_chunks_take(&chunks, 35, false).first, 10);
    assert_int_equal(lm_chunks_take(&chunks, 32, false).count, 0);
    assert_int_equal(lm_chunks_take(&chunks, 28, false).first, 300); /* in the list of 16 */
    assert_true(lm_chunks_agree(&chunks));
}

/* What is longer than a chunk uses what is free beside whole chunks. */
static void long_runs_between_others(void **state) {
    (void)state;
    add(4);
    assert_int_equal(lm_chunks_take(&chunks, 4 * LM_CHUNK_UNITS, false).first, 0);
    lm_chunks_give(&chunks, 100, 28 + 128 + 50, false);
    lm_chunks_give(&chunks, 400, 100, false);
    assert_int_equal(lm_chunks_take(&chunks, 28 + 128 + 50 + 1, false).count, 0);
    lm_run run = lm_chunks_take(&chunks, 28 + 128 + 20, false);
    assert_int_equal(run.first, 100);
    lm_chunks_give(&chunks, run.first, run.count, false);
    lm_chunks_give(&chunks, 305, 1, true);
    assert_int_equal(lm_chunks_take_dirty(&chunks, 1, true).first, 305);
    lm_chunks_give(&chunks, 305, 1, true); /* at the end there is memory */
    assert_int_equal(lm_chunks_take(&chunks, 28 + 128 + 20, false).first, 130);
    assert_true(lm_chunks_agree(&chunks));
}

/* What was in use lately goes to the system last. */
static void purged_by_the_latest_free(void **state) {
    (void)state;
    add(2);
    lm_chunks_take(&chunks, LM_CHUNK_UNITS, false);
    lm_chunks_take(&chunks, LM_CHUNK_UNITS, false);
    lm_chunks_give(&chunks, 0, 4, true);
    lm_chunks_give(&chunks, LM_CHUNK_UNITS, 4, true);
    lm_chunks_give(&chunks, 8, 4, true);
    assert_int_equal(lm_chunks_take_dirty(&chunks, 1, true).first, LM_CHUNK_UNITS);
    assert_int_equal(lm_chunks_take_dirty(&chunks, 1, true).first, 0);
    assert_true(lm_chunks_agree(&chunks));
}

/* Also when it lies in a chunk that isn't the densest one; but not far down the lists. */
static void dirty_of_other_chunks(void **state) {
    enum { LOOKS = 16 };
    (void)state;
    add(LOOKS + 2);
    for (int i = 0; i < LOOKS + 2; i++)
        lm_chunks_take(&chunks, LM_CHUNK_UNITS, false);
    lm_chunks_give(&chunks, 0, 20, false);
    lm_chunks_give(&chunks, LM_CHUNK_UNITS, 32, true);
    lm_run run = lm_chunks_take(&chunks, 10, false);
    assert_int_equal(run.first, LM_CHUNK_UNITS);
    assert_int_equal(run.dirty, 10);
    assert_int_equal(lm_chunks_take(&chunks, 10, true).dirty, 10);
    for (uint32_t i = 2; i < LOOKS + 2; i++)
        lm_chunks_give(&chunks, i * LM_CHUNK_UNITS, 18, false);
    lm_chunks_give(&chunks, LM_CHUNK_UNITS, 128 - 12, true);
    assert_int_equal(lm_chunks_take(&chunks, 10, false).dirty, 0);
    assert_true(lm_chunks_agree(&chunks));
}

static void take_at(void **state) {
    uint32_t dirty;
    (void)state;
    add(3);
    assert_true(lm_chunks_take_at(&chunks, 100, 100, &dirty));
    assert_int_equal(dirty, 0);
    assert_false(lm_chunks_take_at(&chunks, 199, 2, &dirty));
    assert_false(lm_chunks_take_at(&chunks, 99, 2, &dirty));
    assert_false(lm_chunks_take_at(&chunks, 3 * LM_CHUNK_UNITS - 1, 2, &dirty));
    assert_int_equal(chunks.free_units, 3 * LM_CHUNK_UNITS - 100);
    assert_true(lm_chunks_take_at(&chunks, 200, 3 * LM_CHUNK_UNITS - 200, &dirty));
    assert_true(lm_chunks_take_at(&chunks, 0, 100, &dirty));
    assert_int_equal(chunks.free_units, 0);
    assert_true(lm_chunks_agree(&chunks));
}

/* Runs of dirty units of the chunk that waits the longest, in whole steps. */
static void take_dirty(void **state) {
    (void)state;
    add(3);
    memset(model, TAKEN, sizeof model);
    for (int i = 0; i < 3; i++)
        lm_chunks_take(&chunks, LM_CHUNK_UNITS, false);
    lm_chunks_give(&chunks, 2 * LM_CHUNK_UNITS + 3, 10, true);
    lm_chunks_give(&chunks, 10, 4, true);
    lm_run run = lm_chunks_take_dirty(&chunks, 4, true);
    assert_int_equal(run.first, 2 * LM_CHUNK_UNITS + 4);
    assert_int_equal(run.count, 8);
    assert_int_equal(lm_chunks_take_dirty(&chunks, 4, true).count, 0);
    run = lm_chunks_take_dirty(&chunks, 1, true);
    assert_int_equal(run.first, 2 * LM_CHUNK_UNITS + 3);
    assert_int_equal(run.count, 1);
    run = lm_chunks_take_dirty(&chunks, 1, true);
    assert_int_equal(run.first, 2 * LM_CHUNK_UNITS + 12);
    run = lm_chunks_take_dirty(&chunks, 1, true);
    assert_int_equal(run.first, 10);
    assert_int_equal(run.count, 4);
    assert_int_equal(lm_chunks_take_dirty(&chunks, 1, true).count, 0);
    assert_int_equal(chunks.free_units, 0);
    assert_true(lm_chunks_agree(&chunks));
}

/* ---- At random
 * ------------------------------------------------------------------------------------ */

enum { RUNS_MAX = 2000 };
static lm_run held[RUNS_MAX];
static unsigned held_count;

static uint32_t random_units(random_state *r) {
    if (random_once_in(r, 10))
        return 1 + (uint32_t)random_below(r, 5 * LM_CHUNK_UNITS);
    return 1 + (uint32_t)random_below(r, random_once_in(r, 3) ? 128 : 16);
}

static void take_some(random_state *r) {
    uint32_t units = random_units(r);
    lm_run run = lm_chunks_take(&chunks, units, random_once_in(r, 2));
    if (!run.count) /* what isn't dense isn't given all */
        run = lm_chunks_take(&chunks, units, true);
    if (run.count) {
        note_taken(run, units);
        held[held_count++] = run;
    } else if (lm_is_power_of_two(units) || units > LM_CHUNK_UNITS) {
        /* Other lengths are looked for in rounded-up runs only. */
        assert_false(has_room(units));
    }
}

static void give_some(random_state *r) {
    unsigned i = (unsigned)random_below(r, held_count);
    lm_run *run = &held[i];
    bool dirty = !random_once_in(r, 3);
    uint32_t part = random_once_in(r, 4) ? 1 + (uint32_t)random_below(r, run->count) : run->count;
    lm_chunks_give(&chunks, run->first, part, dirty);
    memset(model + run->first, dirty ? DIRTY : CLEAN, part);
    run->first += part;
    run->count -= part;
    if (run->count == 0)
        *run = held[--held_count];
}

static void take_somewhere(random_state *r) {
    uint32_t all = chunks.count * LM_CHUNK_UNITS, dirty = 0;
    uint32_t first = (uint32_t)random_below(r, all), units = random_units(r);
    bool inside = units <= all - first;
    bool expected = inside && count(first, units, TAKEN) == 0;
    assert_int_equal(lm_chunks_take_at(&chunks, first, units, &dirty), expected);
    if (!expected)
        return;
    held[held_count] = (lm_run){first, units, dirty};
    note_taken(held[held_count++], units);
}

/* All free units of a chunk with huge pages come to count as dirty, when some of them are to be cleaned. */
static void note_dirty_where_huge(void) {
    for (uint32_t c = 0; c < chunks.count; c++)
        for (uint32_t u = 0; u < LM_CHUNK_UNITS; u++)
            if (table[c].advice == LM_ADVICE_HUGE && (table[c].dirty >> u & 1))
                model[c * LM_CHUNK_UNITS + u] = DIRTY;
}

static void clean_some(random_state *r) {
    uint32_t step = 1u << random_below(r, 8);
    lm_run run = lm_chunks_take_dirty(&chunks, step, true);
    note_dirty_where_huge();
    if (!run.count)
        return;
    if (table[run.first / LM_CHUNK_UNITS].advice == LM_ADVICE_HUGE)
        memset(model + run.first, DIRTY, run.count);
    assert_true(run.first % step == 0 && run.count % step == 0);
    assert_int_equal(run.dirty, run.count);
    note_taken(run, run.count);
    lm_chunks_give(&chunks, run.first, run.count, false);
    memset(model + run.first, CLEAN, run.count);
}

static void at_random(void **state) {
    random_state r = {20};
    (void)state;
    add(1);
    held_count = 0;
    for (int i = 0; i < 6000; i++) {
        size_t dice = random_below(&r, 100);
        if (dice < 45 && held_count < RUNS_MAX)
            take_some(&r);
        else if (dice < 85 && held_count > 0)
            give_some(&r);
        else if (dice < 92 && held_count < RUNS_MAX)
            take_somewhere(&r);
        else if (dice < 97)
            clean_some(&r);
        else if (dice < 98)
            lm_chunks_advise(&chunks, (uint32_t)random_below(&r, chunks.count), 1,
                             (unsigned)random_below(&r, 3));
        else if (chunks.count < CHUNKS && random_once_in(&r, 2))
            add(1 + (uint32_t)random_below(&r, 3) % (CHUNKS - chunks.count));
        check();
    }
}

/* Chunks of which the system was told the same are one mapping. */
static void advice(void **state) {
    random_state r = {1};
    (void)state;
    add(CHUNKS);
    lm_chunks_advise(&chunks, 3, 4, LM_ADVICE_HUGE);
    assert_int_equal(chunks.advised, 1);
    lm_chunks_advise(&chunks, 5, 1, LM_ADVICE_SMALL);
    assert_int_equal(chunks.advised, 3);
    lm_chunks_advise(&chunks, 5, 1, LM_ADVICE_NONE);
    assert_int_equal(chunks.advised, 2);
    assert_false(lm_chunks_advised(&chunks, 0, 3));
    assert_true(lm_chunks_advised(&chunks, 0, 4));
    assert_false(lm_chunks_advised(&chunks, 5, 1));
    assert_true(lm_chunks_advised(&chunks, 6, 50));
    for (int i = 0; i < 2000; i++) {
        uint32_t first = (uint32_t)random_below(&r, CHUNKS);
        uint32_t n = 1 + (uint32_t)random_below(&r, CHUNKS - first);
        lm_chunks_advise(&chunks, first, n, (unsigned)random_below(&r, 3));
        assert_true(lm_chunks_agree(&chunks));
    }
    lm_chunks_advise(&chunks, 0, CHUNKS, LM_ADVICE_NONE);
    assert_int_equal(chunks.advised, 0);
}

/* What is written as a whole goes where there are huge pages, and nothing else but where memory was used. */
static void huge_pages_for_what_is_dense(void **state) {
    (void)state;
    add(3);
    lm_chunks_advise(&chunks, 1, 1, LM_ADVICE_HUGE);
    assert_int_equal(lm_chunks_take(&chunks, 3, true).first, LM_CHUNK_UNITS);
    assert_int_not_equal(lm_chunks_take(&chunks, 120, false).first / LM_CHUNK_UNITS, 1);
    assert_int_not_equal(lm_chunks_take(&chunks, 120, false).first / LM_CHUNK_UNITS, 1);
    assert_int_equal(lm_chunks_take(&chunks, 16, false).count, 0);
    assert_int_equal(lm_chunks_take(&chunks, 16, true).first, LM_CHUNK_UNITS + 3);
    lm_chunks_give(&chunks, LM_CHUNK_UNITS + 3, 16, true);
    assert_int_equal(lm_chunks_take(&chunks, 17, false).count, 0);
    assert_int_equal(lm_chunks_take(&chunks, 16, false).first, LM_CHUNK_UNITS + 3);
    lm_chunks_advise(&chunks, 1, 1, LM_ADVICE_SMALL);
    assert_int_equal(lm_chunks_take(&chunks, 16, false).first, LM_CHUNK_UNITS + 19);
    assert_true(lm_chunks_agree(&chunks));
}

/* There is memory under units that nobody has used. */
static void a_huge_page_is_cleaned_as_a_whole(void **state) {
    (void)state;
    add(2);
    lm_chunks_advise(&chunks, 0, 1, LM_ADVICE_HUGE);
    lm_run kept = lm_chunks_take(&chunks, 1, true), run = lm_chunks_take(&chunks, 2, true);
    lm_chunks_give(&chunks, run.first, 2, true);
    assert_int_equal(chunks.dirty_units, 2);
    assert_int_equal(lm_chunks_take_dirty(&chunks, 1, false).count, 0);
    lm_run dirty = lm_chunks_take_dirty(&chunks, 1, true);
    assert_int_equal(dirty.first, kept.first + 1);
    assert_int_equal(dirty.count, LM_CHUNK_UNITS - 1);
    assert_int_equal(dirty.dirty, LM_CHUNK_UNITS - 1);
    assert_true(lm_chunks_agree(&chunks));
}

/* lm_chunks_agree is a judge that must not sleep. */
static void notices_disagreement(void **state) {
    (void)state;
    add(2);
    lm_run run = lm_chunks_take(&chunks, 5, false);
    lm_chunks_give(&chunks, run.first, 2, true);
    assert_true(lm_chunks_agree(&chunks));
    chunks.free_units++;
    assert_false(lm_chunks_agree(&chunks));
    chunks.free_units--;
    table[0].dirty ^= (lm_units)1 << 100;
    assert_false(lm_chunks_agree(&chunks));
    table[0].dirty ^= (lm_units)1 << 100;
    chunks.whole[0] ^= 1;
    assert_false(lm_chunks_agree(&chunks));
    chunks.whole[0] ^= 1;
    chunks.filled[0] ^= 1;
    assert_false(lm_chunks_agree(&chunks));
    chunks.filled[0] ^= 1;
    table[0].bucket ^= 1;
    assert_false(lm_chunks_agree(&chunks));
    table[0].bucket ^= 1;
    chunks.advised++;
    assert_false(lm_chunks_agree(&chunks));
    chunks.advised--;
    assert_true(lm_chunks_agree(&chunks));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_fresh_table, set_up),
        cmocka_unit_test_setup(uses_everything, set_up),
        cmocka_unit_test_setup(densest_first, set_up),
        cmocka_unit_test_setup(dirty_before_clean, set_up),
        cmocka_unit_test_setup(dirty_in_any_chunk_for_long_runs, set_up),
        cmocka_unit_test_setup(long_runs_between_others, set_up),
        cmocka_unit_test_setup(purged_by_the_latest_free, set_up),
        cmocka_unit_test_setup(dirty_of_other_chunks, set_up),
        cmocka_unit_test_setup(take_at, set_up),
        cmocka_unit_test_setup(take_dirty, set_up),
        cmocka_unit_test_setup(at_random, set_up),
        cmocka_unit_test_setup(advice, set_up),
        cmocka_unit_test_setup(huge_pages_for_what_is_dense, set_up),
        cmocka_unit_test_setup(a_huge_page_is_cleaned_as_a_whole, set_up),
        cmocka_unit_test_setup(notices_disagreement, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
