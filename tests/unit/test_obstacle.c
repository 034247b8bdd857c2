/* Why a program can't run on Loam. What an ELF file says of itself is in test_elf.c. */
#include "support/unit.h"

#include "cli/obstacle.h"
#include "cli/say.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/loam-obstacle.XXXXXX";
static lm_obstacle found;

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

/* Whether there is an obstacle to a file with this content. This program is what the library should be. */
static bool look_at_bytes(const void *bytes, size_t size) {
    char path[100];
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(bytes, 1, size, file);
    fclose(file);
    chmod(path, 0755);
    memset(&found, 0, sizeof found);
    const bool is = lm_obstacle_find(path, "my-program", "/proc/self/exe", &found);
    unlink(path);
    return is;
}

static bool look_at(const char *text) {
    return look_at_bytes(text, strlen(text));
}

static void assert_says(int status, const char *part) {
    assert_int_equal(found.status, status);
    if (!strstr(found.sentence, part))
        fail_msg("%s", found.sentence);
    assert_ptr_equal(strstr(found.sentence, "my-program"),
                     found.sentence); /* as the user said it */
    assert_null(strchr(found.sentence, '\n'));
}

static void usual_programs_have_none(void **state) {
    (void)state;
    assert_false(lm_obstacle_find("/bin/ls", "ls", "/proc/self/exe", &found));
    assert_false(look_at("#!/bin/sh\necho\n"));
    assert_false(look_at("#!/usr/bin/env sh\n"));
    assert_false(look_at("echo\n")); /* the shell runs it */
    assert_false(look_at(""));
}

/* It is verified in the end whether the library took effect. */
static void what_cant_be_read_is_given_a_chance(void **state) {
    (void)state;
    assert_false(lm_obstacle_find("/nonexistent", "x", "/proc/self/exe", &found));
    assert_false(lm_obstacle_find("/tmp", "x", "/proc/self/exe", &found));
}

static void damaged_programs(void **state) {
    (void)state;
    assert_true(look_at("\177ELF and so on"));
    assert_says(LM_STATUS_NOT_EXECUTABLE, "damaged");
    assert_true(look_at_bytes("ab\0cd\n", 6));
    assert_says(LM_STATUS_NOT_EXECUTABLE, "can't be executed");
}

/* The header of a program for another machine is all that is looked at. */
static void other_machines(void **state) {
    unsigned char header[64] = {0x7f, 'E', 'L', 'F', 1, 2, 1};
    (void)state;
    header[19] = 20; /* EM_PPC, by the other byte order */
    assert_true(look_at_bytes(header, sizeof header));
    assert_says(LM_STATUS_FAILED, "another architecture (32-bit PowerPC)");
}

static void interpreters_that_arent_there(void **state) {
    (void)state;
    assert_true(look_at("#!/nonexistent/interpreter\n"));
    assert_says(LM_STATUS_NOT_EXECUTABLE, "/nonexistent/interpreter: No such file");
}

/* Scripts are followed to what runs them. */
static void obstacles_of_interpreters(void **state) {
    char path[100], text[200];
    (void)state;
    snprintf(path, sizeof path, "%s/interpreter", folder);
    FILE *file = fopen(path, "w");
    fputs("\177ELF and so on", file);
    fclose(file);
    chmod(path, 0755);
    snprintf(text, sizeof text, "#!%s\n", path);
    assert_true(look_at(text));
    snprintf(text, sizeof text, "is run by %s, which", path);
    assert_says(LM_STATUS_NOT_EXECUTABLE, text);
    unlink(path);
}

static void scripts_in_a_circle(void **state) {
    char path[100];
    (void)state;
    snprintf(path, sizeof path, "%s/itself", folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "#!%s\n", path);
    fclose(file);
    chmod(path, 0755);
    assert_true(lm_obstacle_find(path, "my-program", "/proc/self/exe", &found));
    assert_says(LM_STATUS_NOT_EXECUTABLE, "too many scripts");
    unlink(path);
}

static void long_names_are_cut(void **state) {
    static char name[5000];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    char path[100];
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    fputs("#!/nonexistent\n", file);
    fclose(file);
    assert_true(lm_obstacle_find(path, name, "/proc/self/exe", &found));
    assert_non_null(strstr(found.sentence, "can't be executed"));
    assert_true(strlen(found.sentence) < sizeof found.sentence - 1);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_programs_have_none),
        cmocka_unit_test(what_cant_be_read_is_given_a_chance),
        cmocka_unit_test(damaged_programs),
        cmocka_unit_test(other_machines),
        cmocka_unit_test(interpreters_that_arent_there),
        cmocka_unit_test(obstacles_of_interpreters),
        cmocka_unit_test(scripts_in_a_circle),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
