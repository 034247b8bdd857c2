#include "support/unit.h"

#include "cli/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/loam-records.XXXXXX";
static lm_records records;

static int make_file(void **state) {
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

static int forget(void **state) {
    (void)state;
    lm_records_free(&records);
    assert_null(records.items);
    assert_int_equal(records.count, 0);
    return 0;
}

static void read_text(const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_true(lm_records_read(path, &records));
}

static void members_by_their_names(void **state) {
    (void)state;
    read_text("{\"pid\": 47, \"program\": \"cat\", \"live\": 3000000000, \"live_blocks\": 12, "
              "\"unheard_of\": [1, {}], \"sampled\": 9, \"by_class\": "
              "[{\"size\": 16, \"allocations\": 5}, {\"size\": 32, \"live_blocks\": 7}]}\n");
    assert_int_equal(records.count, 1);
    assert_int_equal(records.damaged, 0);
    const lm_record *r = &records.items[0];
    assert_int_equal(r->pid, 47);
    assert_string_equal(r->program, "cat");
    assert_true(r->stats.live == 3000000000u);
    assert_int_equal(r->stats.live_blocks, 12);
    assert_int_equal(r->stats.sampled, 9);
    assert_int_equal(r->stats.peak, 0); /* not said */
    assert_int_equal(r->stats.classes, 2);
    assert_int_equal(r->stats.by_class[0].allocations, 5);
    assert_int_equal(r->stats.by_class[1].size, 32);
    assert_int_equal(r->stats.by_class[1].live_blocks, 7);
}

static void no_file_has_no_records(void **state) {
    (void)state;
    assert_true(lm_records_read("/nonexistent/file", &records));
    assert_int_equal(records.count, 0);
    assert_int_equal(records.damaged, 0);
    read_text("");
    assert_int_equal(records.count, 0);
}

/* A process that was killed while it wrote. */
static void damaged_lines_are_counted(void **state) {
    (void)state;
    read_text("{\"pid\": 1}\n{\"pid\": 2, \"pro\n[1]\n\n{\"pid\": 3}\n{\"pid\":");
    assert_int_equal(records.count, 2);
    assert_int_equal(records.damaged, 4);
    assert_int_equal(records.items[1].pid, 3);
    assert_string_equal(records.items[0].program, "?"); /* its name isn't known */
}

static void more_classes_than_there_are(void **state) {
    char text[100 * (LOAM_CLASSES_MAX + 10)] = "{\"pid\": 1, \"by_class\": [";
    (void)state;
    for (int i = 0; i < LOAM_CLASSES_MAX + 5; i++)
        sprintf(text + strlen(text), "%s{\"size\": %d}", i ? ", " : "", i);
    strcat(text, "]}\n");
    read_text(text);
    assert_int_equal(records.items[0].stats.classes, LOAM_CLASSES_MAX);
    assert_int_equal(records.items[0].stats.by_class[LOAM_CLASSES_MAX - 1].size,
                     LOAM_CLASSES_MAX - 1);
}

/* One that executes one program after the other leaves several. */
static void the_last_of_a_process(void **state) {
    (void)state;
    read_text(
        "{\"pid\": 1, \"live\": 10}\n{\"pid\": 2, \"live\": 20}\n{\"pid\": 1, \"live\": 30}\n");
    assert_int_equal(records.count, 3);
    assert_int_equal(lm_records_of(&records, 1)->stats.live, 30);
    assert_int_equal(lm_records_of(&records, 2)->stats.live, 20);
    assert_null(lm_records_of(&records, 3));
}

static void long_names_are_cut(void **state) {
    char text[300] = "{\"program\": \"";
    (void)state;
    memset(text + strlen(text), 'x', 200);
    strcat(text, "\"}\n");
    read_text(text);
    assert_int_equal(strlen(records.items[0].program), sizeof records.items[0].program - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(members_by_their_names, forget),
        cmocka_unit_test_teardown(no_file_has_no_records, forget),
        cmocka_unit_test_teardown(damaged_lines_are_counted, forget),
        cmocka_unit_test_teardown(more_classes_than_there_are, forget),
        cmocka_unit_test_teardown(the_last_of_a_process, forget),
        cmocka_unit_test_teardown(long_names_are_cut, forget),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
