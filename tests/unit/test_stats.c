// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "cli/json.h"
#include "heap/slab.h"
#include "heap/stats.h"
#include "support/heap.h"
#include "support/random.h"
#include "support/thread.h"

#include <string.h>

/* At quiescence every committed byte is accounted for once. */
static void expect_sum(void) {
    loam_stats s = stats_now();
    assert_int_equal(s.live + s.slack + s.cached + s.purged, committed_bytes());
    size_t live = s.large_live, blocks = s.large_blocks;
    for (size_t c = 0; c < s.classes; c++) {
        live += s.by_class[c].live_blocks * s.by_class[c].size;
        blocks += s.by_class[c].live_blocks;
        /* some of the slabs have a guard */
        assert_in_range(s.by_class[c].live_blocks + s.by_class[c].free_slots,
                        s.by_class[c].slabs * lm_slab_slots(&lm_classes[c], true),
                        s.by_class[c].slabs * lm_classes[c].slots);
    }
    assert_int_equal(s.live, live);
    assert_int_equal(s.live_blocks, blocks);
    assert_true(s.peak >= s.live && s.reserved >= committed_bytes());
}

static void measures(void **state) {
    (void)state;
    loam_free(loam_malloc(100)); /* before the first block next to nothing is there */
    loam_stats s = stats_now();
    assert_int_equal(s.version, LOAM_STATS_VERSION);
    assert_int_equal(s.classes, LM_CLASSES);
    assert_int_equal(s.arenas, 1);
    assert_true(s.metadata > 0 && s.commits > 0);
    for (size_t c = 0; c < s.classes; c++)
        assert_int_equal(s.by_class[c].size, lm_classes[c].size);
    expect_sum();
}

static void follows_each_block(void **state) {
    (void)state;
    for (size_t size = 1; size < 10 << 20; size += size) {
        loam_stats before = stats_now();
        void *p = loam_malloc(size);
        loam_stats during = stats_now();
        assert_int_equal(during.live_blocks - before.live_blocks, 1);
        if (size <= most_in_slot()) {
            unsigned c = class_of(size);
            assert_int_equal(during.live - before.live, lm_classes[c].size);
            assert_int_equal(during.by_class[c].live_blocks - before.by_class[c].live_blocks, 1);
            assert_int_equal(during.by_class[c].allocations - before.by_class[c].allocations, 1);
        } else {
            assert_int_equal(during.live - before.live, span_of(p)->bytes);
            assert_int_equal(during.large_blocks - before.large_blocks, 1);
            assert_int_equal(during.large_allocations - before.large_allocations, 1);
        }
        loam_free(p);
        assert_int_equal(stats_now().live, before.live);
        expect_sum();
    }
}

static void *churn(void *argument) {
    enum { BLOCKS = 500 };
    random_state r = {(uintptr_t)argument};
    void *blocks[BLOCKS] = {NULL};
    for (int i = 0; i < 20000; i++) {
        size_t at = random_below(&r, BLOCKS);
        loam_free(blocks[at]);
        blocks[at] = loam_malloc(random_size(&r));
        if (random_once_in(&r, 4000))
            loam_trim(random_below(&r, 2) << 24);
    }
    for (int i = 0; i < BLOCKS; i++)
        if (i % 100 || argument)
            loam_free(blocks[i]);
    return NULL;
}

static void sums_up_after_churning(void **state) {
    (void)state;
    churn((void *)1);
    expect_sum();
    in_thread(churn, (void *)2);
    expect_sum();
    in_thread(churn, NULL); /* leaves some */
    expect_sum();
    loam_trim(0);
    expect_sum();
    assert_int_equal(stats_now().cached, 0);
    assert_sound();
}

/* ---- As text
 * ---------------------------------------------------------------------------------------- */

static uint64_t member(const char *json, const char *name) {
    const char *value = lm_json_member(json, name);
    assert_non_null(value);
    return lm_json_number(value);
}

static void json_agrees(void **state) {
    static char json[64 << 10];
    (void)state;
    void *p = loam_malloc(100), *q = loam_malloc(1 << 20);
    size_t length = loam_stats_json(json, sizeof json);
    loam_stats s = stats_now();
    assert_int_equal(strlen(json), length);
    assert_true(lm_json_is_whole(json));
    assert_int_equal(member(json, "version"), s.version);
    assert_int_equal(member(json, "live"), s.live);
    assert_int_equal(member(json, "live_blocks"), s.live_blocks);
    assert_int_equal(member(json, "slack"), s.slack);
    assert_int_equal(member(json, "cached"), s.cached);
    assert_int_equal(member(json, "purged"), s.purged);
    assert_int_equal(member(json, "metadata"), s.metadata);
    assert_int_equal(member(json, "peak"), s.peak);
    assert_int_equal(member(json, "reserved"), s.reserved);
    assert_int_equal(member(json, "large_live"), s.large_live);
    assert_int_equal(member(json, "large_blocks"), s.large_blocks);
    assert_int_equal(member(json, "heaps_in_use"), s.heaps_in_use);
    size_t live = member(json, "large_live");
    unsigned class = 0;
    for (const char *c = lm_json_first(lm_json_member(json, "by_class")); c; c = lm_json_next(c)) {
        while (!s.by_class[class].slabs && !s.by_class[class].allocations)
            class ++;
        assert_int_equal(member(c, "size"), s.by_class[class].size);
        assert_int_equal(member(c, "live_blocks"), s.by_class[class].live_blocks);
        assert_int_equal(member(c, "slabs"), s.by_class[class].slabs);
        assert_int_equal(member(c, "allocations"), s.by_class[class].allocations);
        live += member(c, "live_blocks") * member(c, "size");
        class ++;
    }
    assert_int_equal(live, s.live);
    loam_free(p);
    loam_free(q);
}

/* Cut like snprintf does. */
static void json_in_little_room(void **state) {
    char json[64];
    (void)state;
    size_t length = loam_stats_json(NULL, 0);
    assert_true(length > sizeof json);
    memset(json, 'x', sizeof json);
    assert_int_equal(loam_stats_json(json, 10), length);
    assert_int_equal(strlen(json), 9);
    assert_int_equal(json[10], 'x');
}

/* A table for people fits 80 columns, whatever the numbers. */
static void table_fits(void **state) {
    static char buffer[32 << 10];
    loam_stats s;
    lm_text text;
    (void)state;
    lm_stats_get(&s);
    s.peak = s.live = s.slack = (size_t)1 << 45;
    for (size_t c = 0; c < s.classes; c++)
        s.by_class[c].allocations = 999999999999u;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_stats_table(&text, &s);
    assert_true(text.length < sizeof buffer);
    for (char *line = strtok(buffer, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, "system calls") == NULL)
            assert_true(strlen(line) <= 80);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures),
        cmocka_unit_test(follows_each_block),
        cmocka_unit_test(sums_up_after_churning),
        cmocka_unit_test(json_agrees),
        cmocka_unit_test(json_in_little_room),
        cmocka_unit_test(table_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
