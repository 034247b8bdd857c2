/* Reads what the checker writes about this process, into a folder of the test's own. Included by one file of a
 * program. */
#ifndef TESTS_SUPPORT_TOLD_H
#define TESTS_SUPPORT_TOLD_H

#include "check/lines.h"
#include "cli/check_lines.h"
#include "os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOLD_LINES = 64, TOLD_BYTES = 1 << 16 };

static char told_folder[] = "/tmp/loam-told.XXXXXX";
static long told_read; /* bytes of the file that were looked at */
static char told_text[TOLD_BYTES];
static lm_wire_line told_lines[TOLD_LINES];
static size_t told_count;

static inline void told_path(char *path, size_t size, int process) {
    snprintf(path, size, "%s/%d", told_folder, process);
}

static inline int told_start(void **state) {
    (void)state;
    lm_os_start();
    if (!mkdtemp(told_folder))
        return 1;
    lm_lines_start(told_folder);
    return 0;
}

static inline int told_end(void **state) {
    char path[64];
    (void)state;
    told_path(path, sizeof path, getpid());
    unlink(path);
    for (size_t i = 0; i < TOLD_LINES; i++)
        lm_wire_free(&told_lines[i]);
    return rmdir(told_folder);
}

/* The lines that were written since the last call, of this process or another one. */
static inline size_t told_look_at(int process) {
    char path[64];
    told_path(path, sizeof path, process);
    FILE *file = fopen(path, "r");
    told_count = 0;
    if (!file)
        return 0;
    fseek(file, told_read, SEEK_SET);
    const size_t got = fread(told_text, 1, sizeof told_text - 1, file);
    told_read += (long)got;
    fclose(file);
    told_text[got] = '\0';
    assert_true(got < sizeof told_text - 1);
    assert_true(got == 0 || told_text[got - 1] == '\n');
    for (char *line = told_text, *next; (next = strchr(line, '\n')) != NULL; line = next + 1) {
        *next = '\0';
        assert_true(told_count < TOLD_LINES);
        assert_true(lm_wire_split(line, &told_lines[told_count++]));
    }
    return told_count;
}

static inline size_t told_look(void) {
    return told_look_at(getpid());
}

/* The first line of this kind among them. */
static inline const lm_wire_line *told_line(const char *word) {
    for (size_t i = 0; i < told_count; i++)
        if (strcmp(told_lines[i].word, word) == 0)
            return &told_lines[i];
    return NULL;
}

static inline size_t told_lines_of(const char *word) {
    size_t count = 0;
    for (size_t i = 0; i < told_count; i++)
        count += strcmp(told_lines[i].word, word) == 0;
    return count;
}

#define assert_told(line, key, value) told_text_is(line, key, value, __FILE__, __LINE__)
#define assert_told_number(line, key, value)                                                       \
    told_number_is(line, key, (uint64_t)(value), __FILE__, __LINE__)
#define assert_not_told(line, key) assert_null(lm_wire_find(line, key))

static inline void told_text_is(const lm_wire_line *line, const char *key, const char *value,
                                const char *file, int at) {
    const char *is = line ? lm_wire_text(line, key) : NULL;
    if (!is || strcmp(is, value) != 0) {
        print_error("%s is %s, not %s\n", key, is ? is : "missing", value);
        _fail(file, at);
    }
}

static inline void told_number_is(const lm_wire_line *line, const char *key, uint64_t value,
                                  const char *file, int at) {
    const lm_fact is = line ? lm_wire_number(line, key) : (lm_fact){false, 0};
    if (!is.known || is.value != value) {
        print_error("%s is %" PRIu64 ", not %" PRIu64 "\n", key, is.value, value);
        _fail(file, at);
    }
}

#endif
