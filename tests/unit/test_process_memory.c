/* The process's mappings and their pages; its threads are in test_process.c. */
#include "support/unit.h"

#include "check/process.h"
#include "support/child.h"
#include "support/filter.h"
#include "support/page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char *map(size_t pages, int protection, int flags) {
    char *at = mmap(NULL, pages * page, protection, MAP_ANONYMOUS | flags, -1, 0);
    assert_true(at != MAP_FAILED);
    return at;
}

/* ---- Mappings ------------------------------------------------------------------------------------ */

typedef struct wanted {
    uintptr_t at;
    bool found, unordered;
    lm_mapping mapping;
    char path[4200];
    uintptr_t last;
    size_t count, most;
} wanted;

static bool note_mapping(const lm_mapping *mapping, void *context) {
    wanted *w = context;
    w->unordered = w->unordered || mapping->start < w->last || mapping->end <= mapping->start;
    w->last = mapping->end;
    if (w->at >= mapping->start && w->at < mapping->end) {
        w->found = true;
        w->mapping = *mapping;
        snprintf(w->path, sizeof w->path, "%s", mapping->path);
    }
    return ++w->count != w->most;
}

static const wanted *mapping_of(const void *at) {
    static wanted w;
    w = (wanted){.at = (uintptr_t)at};
    assert_true(lm_process_mappings(note_mapping, &w));
    assert_false(w.unordered);
    return &w;
}

static void expect_rights(const void *at, const char *rights) {
    const wanted *w = mapping_of(at);
    assert_true(w->found);
    assert_int_equal(w->mapping.readable, rights[0] == 'r');
    assert_int_equal(w->mapping.writable, rights[1] == 'w');
    assert_int_equal(w->mapping.runnable, rights[2] == 'x');
    assert_int_equal(w->mapping.shared, rights[3] == 's');
}

static int variable = 1;
static const char *const constant = "constant";

static void rights(void **state) {
    char *at = map(5, PROT_NONE, MAP_PRIVATE);
    (void)state;
    mprotect(at + page, page, PROT_READ);
    mprotect(at + 2 * page, page, PROT_READ | PROT_WRITE);
    mprotect(at + 3 * page, page, PROT_READ | PROT_EXEC);
    expect_rights(at, "---p");
    expect_rights(at + page, "r--p");
    expect_rights(at + 2 * page, "rw-p");
    expect_rights(at + 3 * page + 1, "r-xp");
    const wanted *w = mapping_of(at + 2 * page);
    assert_int_equal(w->mapping.start, (uintptr_t)at + 2 * page);
    assert_int_equal(w->mapping.end, (uintptr_t)at + 3 * page);
    assert_int_equal(w->mapping.inode, 0);
    assert_string_equal(w->path, "");
    munmap(at, 5 * page);
    assert_false(mapping_of(at + page)->found);
    at = map(1, PROT_READ | PROT_WRITE, MAP_SHARED);
    expect_rights(at, "rw-s");
    munmap(at, page);
    expect_rights(&variable, "rw-p");
    expect_rights((void *)(uintptr_t)page_start, "r-xp");
    expect_rights(constant, "r--p");
}

static void files(void **state) {
    char program[4096];
    struct stat status;
    (void)state;
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(length > 0);
    program[length] = '\0';
    const wanted *w = mapping_of((void *)(uintptr_t)page_start);
    assert_string_equal(w->path, program);
    assert_int_equal(stat(program, &status), 0);
    assert_int_equal(w->mapping.inode, status.st_ino);
}

static void first_thread_only(void **state) {
    (void)state;
    assert_string_equal(mapping_of(__builtin_frame_address(0))->path, "[stack]");
}

static void stops_when_told(void **state) {
    wanted w = {.most = 2};
    (void)state;
    assert_true(lm_process_mappings(note_mapping, &w));
    assert_int_equal(w.count, 2);
}

/* What is longer than one read. */
static void many(void **state) {
    enum { MAPPINGS = 600 };
    char *at = map(MAPPINGS, PROT_READ, MAP_PRIVATE);
    (void)state;
    for (size_t i = 0; i < MAPPINGS; i += 2)
        mprotect(at + i * page, page, PROT_READ | PROT_WRITE);
    for (size_t i = 0; i < MAPPINGS; i += 37) {
        const wanted *w = mapping_of(at + i * page);
        assert_true(w->found && w->mapping.writable == (i % 2 == 0));
        assert_true(w->count > MAPPINGS);
    }
    munmap(at, MAPPINGS * page);
}

/* In a child, which goes down folder by folder, since no call takes such a path at once. Blanks and line ends in
 * names: the kernel writes the latter as \012. */
static int map_far_down(void *argument) {
    enum { FOLDERS = 15, NAME = 250 };
    char name[NAME + 1];
    static wanted w;
    if (chdir(argument) != 0)
        return 1;
    memset(name, 'n', NAME);
    name[NAME] = '\0';
    name[7] = ' ';
    name[9] = '\n';
    for (int i = 0; i < FOLDERS; i++)
        if (mkdir(name, 0700) != 0 || chdir(name) != 0)
            return 2;
    const int file = open("f ile", O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, (off_t)page) != 0)
        return 3;
    char *at = mmap(NULL, page, PROT_READ, MAP_PRIVATE, file, 0);
    w = (wanted){.at = (uintptr_t)at};
    if (at == MAP_FAILED || !lm_process_mappings(note_mapping, &w) || !w.found || w.unordered)
        return 4;
    const size_t length = strlen(w.path);
    const char *end = "/f ile";
    if (length < FOLDERS * NAME || strcmp(w.path + length - strlen(end), end) != 0 ||
        !strstr(w.path, "nn n\\012nn"))
        return 5;
    unlink("f ile");
    for (int i = 0; i < FOLDERS; i++)
        if (chdir("..") != 0 || rmdir(name) != 0)
            return 6;
    return 0;
}

static void long_paths(void **state) {
    char folder[] = "/tmp/test_process.XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(in_child(map_far_down, folder), 0);
    rmdir(folder);
}

/* ---- Memory -------------------------------------------------------------------------------------- */

static void reading(void **state) {
    char *at = map(3, PROT_READ | PROT_WRITE, MAP_PRIVATE), got[64] = "";
    (void)state;
    munmap(at + page, page);
    memcpy(at, "first", 6);
    memcpy(at + page - 8, "the end", 8);
    errno = 77;
    assert_int_equal(lm_process_read(got, (uintptr_t)at, 6), 6);
    assert_string_equal(got, "first");
    assert_int_equal(lm_process_read(got, (uintptr_t)at + page - 8, 16), 8); /* as far as it goes */
    assert_string_equal(got, "the end");
    assert_int_equal(lm_process_read(got, (uintptr_t)at + page, 1), 0);
    assert_int_equal(lm_process_read(got, (uintptr_t)at + 2 * page - 1, 2), 0);
    assert_int_equal(lm_process_read(got, 0, 8), 0);
    assert_int_equal(lm_process_read(got, UINTPTR_MAX - 3, 8), 0);
    assert_int_equal(lm_process_read(got, (uintptr_t)at, 0), 0);
    assert_int_equal(errno, 77);
    munmap(at, 3 * page);
}

static int read_with_filter(void *at) {
    char got[8] = "";
    if (!filter_call(SYS_process_vm_readv))
        return 77;
    return lm_process_read(got, (uintptr_t)at, 6) == 6 && strcmp(got, "words") == 0 ? 0 : 1;
}

/* Programs that sandbox themselves. */
static void reading_without_the_call(void **state) {
    char *at = map(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    (void)state;
    memcpy(at, "words", 6);
    const int result = in_child(read_with_filter, at);
    munmap(at, page);
    if (result == 77)
        skip();
    assert_int_equal(result, 0);
}

static void closed_memory_is_read(void **state) {
    char *at = map(1, PROT_READ | PROT_WRITE, MAP_PRIVATE), got[8] = "";
    (void)state;
    memcpy(at, "closed", 7);
    mprotect(at, page, PROT_NONE);
    const size_t count = lm_process_read(got, (uintptr_t)at, 7);
    munmap(at, page);
    if (count == 0)
        skip(); /* newer kernels may be told not to */
    assert_int_equal(count, 7);
    assert_string_equal(got, "closed");
}

/* ---- Pages --------------------------------------------------------------------------------------- */

enum { PAGES = 400 }; /* the old way asks for 128 at once */

typedef bool asks(uintptr_t start, uintptr_t end, uintptr_t *first, uintptr_t *last);

/* Of the pages from..to those are touched from `first` up to `last`, without it; none when they are equal. */
static bool says(asks *ask, const char *at, size_t from, size_t to, size_t first, size_t last) {
    uintptr_t is_first = 0, is_last = 0;
    const bool some =
        ask((uintptr_t)at + from * page, (uintptr_t)at + to * page, &is_first, &is_last);
    if (first == last)
        return !some;
    return some && is_first == (uintptr_t)at + first * page &&
           is_last == (uintptr_t)at + last * page;
}

static void touch(char *at, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        at[i * page] = 1;
}

/* 0: all as it must be. */
static int runs_of_pages(asks *ask, char *at) {
    if (!says(ask, at, 0, PAGES, 0, 0))
        return 1;
    touch(at, 3, 5);
    touch(at, 100, 300); /* over the ends of two pieces */
    touch(at, PAGES - 1, PAGES);
    if (!says(ask, at, 0, PAGES, 3, 5) || !says(ask, at, 4, PAGES, 4, 5) ||
        !says(ask, at, 0, 4, 3, 4) || !says(ask, at, 0, 3, 0, 0))
        return 2;
    if (!says(ask, at, 5, PAGES, 100, 300) || !says(ask, at, 150, 200, 150, 200) ||
        !says(ask, at, 165, 300, 165, 300) || /* little more than a piece */

        !says(ask, at, 5, 100, 0, 0) || !says(ask, at, 5, 101, 100, 101) ||
        !says(ask, at, 172, PAGES, 172, 300)) /* whose last piece ends with the run */
        return 3;
    if (!says(ask, at, 300, PAGES, PAGES - 1, PAGES) || !says(ask, at, 300, PAGES - 1, 0, 0))
        return 4;
    return says(ask, at, 7, 7, 0, 0) && says(ask, at, 8, 7, 0, 0) ? 0 : 5;
}

static int touched_pages(void *at) {
    return runs_of_pages(lm_process_touched, at);
}

static int touched_pages_the_old_way(void *at) {
    return filter_call(SYS_ioctl) ? runs_of_pages(lm_process_touched, at) : 77;
}

/* Nothing is told: all of it may be. */
static int nobody_tells(void *at) {
    if (!filter_call(SYS_ioctl) || !filter_call(SYS_pread64))
        return 77;
    return says(lm_process_touched, at, 2, 9, 2, 9) && says(lm_process_touched, at, 5, 5, 0, 0) ? 0
                                                                                                : 1;
}

static int no_page_map(void *at) {
    if (!filter_call(SYS_openat))
        return 77;
    return says(lm_process_touched, at, 2, 9, 2, 9) ? 0 : 1;
}

static int resident_pages(void *at) {
    return runs_of_pages(lm_process_resident, at);
}

static void in_fresh_pages(int (*function)(void *), int flags) {
    char *at = map(PAGES, PROT_READ | PROT_WRITE, flags);
    const int result = in_child(function, at);
    munmap(at, PAGES * page);
    if (result == 77)
        skip();
    assert_int_equal(result, 0);
}

static void touched(void **state) {
    (void)state;
    in_fresh_pages(touched_pages, MAP_PRIVATE);
}

static void touched_the_old_way(void **state) {
    (void)state;
    in_fresh_pages(touched_pages_the_old_way, MAP_PRIVATE);
}

static void touched_is_not_told(void **state) {
    (void)state;
    in_fresh_pages(nobody_tells, MAP_PRIVATE);
    in_fresh_pages(no_page_map, MAP_PRIVATE);
}

static void resident(void **state) {
    (void)state;
    in_fresh_pages(resident_pages, MAP_SHARED);
}

static void resident_up_to_a_hole(void **state) {
    char *at = map(10, PROT_READ | PROT_WRITE, MAP_SHARED);
    (void)state;
    touch(at, 0, 10);
    munmap(at + 5 * page, page);
    assert_true(says(lm_process_resident, at, 0, 5, 0, 5));
    assert_true(says(lm_process_resident, at, 5, 6, 0, 0)); /* nothing is mapped */
    munmap(at, 10 * page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights),
        cmocka_unit_test(files),
        cmocka_unit_test(first_thread_only),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(many),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(reading),
        cmocka_unit_test(reading_without_the_call),
        cmocka_unit_test(closed_memory_is_read),
        cmocka_unit_test(touched),
        cmocka_unit_test(touched_the_old_way),
        cmocka_unit_test(touched_is_not_told),
        cmocka_unit_test(resident),
        cmocka_unit_test(resident_up_to_a_hole),
    };
    return cmocka_run_group_tests(tests, page_start, NULL);
}
