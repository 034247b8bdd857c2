#include "support/unit.h"

#include "cli/stats_view.h"

#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;
static FILE *out;
static lm_record record;

static int begin(void **state) {
    (void)state;
    memset(&record, 0, sizeof record);
    record.pid = 47;
    strcpy(record.program, "cat");
    out = open_memstream(&text, &size);
    return out ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    free(text);
    return 0;
}

static void assert_has(const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" isn't in:\n%s", part, text);
}

/* The title apart, no line is too long. */
static void done(void) {
    fclose(out);
    for (const char *line = text + strcspn(text, "\n"); *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > 80)
            fail_msg("%s", line);
}

static void amounts(void **state) {
    (void)state;
    record.stats.peak = 3 << 20;
    record.stats.live = 1536;
    record.stats.live_blocks = 1;
    record.stats.arenas = 2;
    record.stats.large_allocations = 1;
    record.stats.heaps = 5;
    record.stats.heaps_in_use = 4;
    lm_stats_view_one(out, &record, "1.2");
    done();
    assert_has("Loam 1.2: the heap of cat, process 47");
    assert_has("3 MiB");
    assert_has("1.5 KiB");
    assert_has("in 1 block that");
    assert_has("of 2 arenas");
    assert_has("1 allocation, 0 live");
    assert_has("5 made, 4 in use");
    assert_null(strstr(text, "size classes")); /* none was used */
}

static void add_class(size_t slot, uint64_t allocations) {
    record.stats.by_class[record.stats.classes++] =
        (loam_class_stats){.size = slot, .allocations = allocations, .slabs = allocations > 0};
}

/* Those that weren't used are left out; of many the busiest are shown. */
static void classes_by_how_busy_they_were(void **state) {
    (void)state;
    add_class(16, 5);
    add_class(32, 0);
    add_class(48, 700);
    lm_stats_view_one(out, &record, "1");
    done();
    assert_has("classes in use, the busiest first");
    const char *busy = strstr(text, "       48 B"), *less = strstr(text, "       16 B");
    assert_true(busy && less && busy < less);
    assert_null(strstr(text, "       32 B"));
}

static void only_the_busiest(void **state) {
    (void)state;
    for (size_t i = 1; i <= 15; i++)
        add_class(1000 * i, i);
    lm_stats_view_one(out, &record, "1");
    done();
    assert_has("The 10 busiest of 15 size classes");
    assert_has("    15000 B");
    assert_has("     6000 B");
    assert_null(strstr(text, "     5000 B"));
}

static void large_numbers_fit(void **state) {
    (void)state;
    memset(record.program, 'x', sizeof record.program - 1);
    record.pid = 4194303;
    record.stats.peak = record.stats.reserved = (size_t)1 << 46;
    record.stats.live_blocks = 1234567;
    add_class(33554432, 123456789012345);
    lm_stats_view_one(out, &record, "10.20.30");
    done();
}

/* ---- Other processes -------------------------------------------------------------------------- */

static void others_are_listed(void **state) {
    lm_record items[3] = {record, record, record};
    const lm_records records = {items, 3, 0};
    (void)state;
    for (int i = 0; i < 3; i++)
        items[i].pid = 100 + i;
    items[2].stats.classes = 1;
    items[2].stats.by_class[0].allocations = 40;
    items[2].stats.large_allocations = 2;
    lm_stats_view_others(out, &records, &items[1]);
    done();
    assert_has("exited before: 2");
    assert_has("       100  cat");
    assert_has("             42\n"); /* allocations of all kinds */
    assert_null(strstr(text, "       101  cat"));
}

static void the_last_of_many(void **state) {
    lm_record items[13];
    const lm_records records = {items, 13, 0};
    (void)state;
    for (int i = 0; i < 13; i++) {
        items[i] = record;
        items[i].pid = 100 + i;
    }
    lm_stats_view_others(out, &records, NULL);
    done();
    assert_has("and 3 before these");
    assert_has("       103  cat");
    assert_has("       112  cat");
    assert_null(strstr(text, "       102  cat"));
}

static void nothing_where_there_are_none(void **state) {
    const lm_records records = {&record, 1, 0};
    (void)state;
    lm_stats_view_others(out, &records, &record);
    done();
    assert_int_equal(size, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(amounts),
        TEST(classes_by_how_busy_they_were),
        TEST(only_the_busiest),
        TEST(large_numbers_fit),
        TEST(others_are_listed),
        TEST(the_last_of_many),
        TEST(nothing_where_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
