/* Lines, and the file that they go to. */
#include "support/unit.h"

#include "check/lines.h"
#include "support/child.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/loam-lines-XXXXXX";
static char path[64];
static char content[64 * 1024];

static const char *read_back(void) {
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(content, 1, sizeof content - 1, file) : 0;
    content[length] = '\0';
    if (file)
        fclose(file);
    return content;
}

static void fresh_file(void) {
    unlink(path);
    lm_lines_forked();
}

static void a_line(void **state) {
    (void)state;
    fresh_file();
    lm_lines_begin("finding");
    lm_lines_number("id", 18446744073709551615u);
    lm_lines_signed("first", -12);
    lm_lines_address("pointer", 0x7fff12345678);
    lm_lines_text("call", "operator new[]");
    lm_lines_text("none", NULL);
    lm_lines_text("path", "/a b%c\n\xc3");
    lm_lines_hex("dump", (const unsigned char *)"\x00\xf5", 2);
    lm_lines_end();
    lm_lines_flush();
    assert_string_equal(read_back(),
                        "finding id=18446744073709551615 first=-12 pointer=0x7fff12345678 "
                        "call=operator%20new[] path=/a%20b%25c%0a%c3 dump=00f5\n");
}

static void only_whole_lines_are_written(void **state) {
    (void)state;
    fresh_file();
    lm_lines_begin("one");
    lm_lines_end();
    lm_lines_begin("two");
    lm_lines_flush();
    assert_string_equal(read_back(), "one\n");
    lm_lines_end();
    lm_lines_flush();
    assert_string_equal(read_back(), "one\ntwo\n");
}

static void more_than_the_buffer(void **state) {
    (void)state;
    fresh_file();
    for (int i = 0; i < 5000; i++) {
        lm_lines_begin("line");
        lm_lines_number("i", (uint64_t)i);
        lm_lines_end();
    }
    lm_lines_flush();
    read_back();
    assert_non_null(strstr(content, "line i=0\nline i=1\n"));
    assert_non_null(strstr(content, "line i=4998\nline i=4999\n"));
}

static int our_descriptor(void) {
    struct stat ours, one;
    if (stat(path, &ours) == 0)
        for (int i = 3; i < 1 << 16; i++)
            if (fstat(i, &one) == 0 && one.st_ino == ours.st_ino && one.st_dev == ours.st_dev)
                return i;
    return -1;
}

static void the_program_closes_it(void **state) {
    (void)state;
    fresh_file();
    lm_lines_begin("one");
    lm_lines_end();
    lm_lines_flush();
    int ours = our_descriptor();
    assert_true(ours > 100);
    assert_true(fcntl(ours, F_GETFD) & FD_CLOEXEC);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, ours); /* something of its own in its place */
    close(null);
    lm_lines_begin("two");
    lm_lines_end();
    lm_lines_flush();
    assert_string_equal(read_back(), "one\ntwo\n");
    close(ours);
}

static void without_a_folder(void **state) {
    (void)state;
    lm_lines_start("");
    assert_false(lm_lines_wanted());
    lm_lines_begin("one");
    lm_lines_end();
    lm_lines_flush();
    lm_lines_start("relative");
    assert_true(lm_lines_wanted());
    lm_lines_start("/no/such/folder");
    lm_lines_begin("one");
    lm_lines_end();
    lm_lines_flush();
    lm_lines_start(folder);
}

/* So far down that no name has room behind where it is. 0: nothing is written there. */
static int start_far_down(void *argument) {
    enum { FOLDERS = 17, MOST = 250, FAR = 4089 };
    char name[MOST + 1];
    size_t length = strlen(folder), names[FOLDERS];
    int depth = 0, result = 0;
    (void)argument;
    if (chdir(folder) != 0)
        return 1;
    while (length < FAR && depth < FOLDERS) {
        const size_t left = FAR - length - 1, part = left > 2 * MOST ? MOST
                                                     : left > MOST   ? left / 2
                                                                     : left;
        memset(name, 'n', part);
        name[part] = '\0';
        if (mkdir(name, 0700) != 0 || chdir(name) != 0)
            return 2;
        names[depth++] = part;
        length += part + 1;
    }
    lm_lines_start("0123456789012345678901234567890123456789");
    if (length != FAR || lm_lines_wanted())
        result = 3;
    while (depth > 0) {
        name[names[--depth]] = '\0';
        memset(name, 'n', names[depth]);
        if (chdir("..") != 0 || rmdir(name) != 0)
            return 4;
    }
    return result;
}

static void too_far_down(void **state) {
    (void)state;
    assert_int_equal(in_child(start_far_down, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line),
        cmocka_unit_test(only_whole_lines_are_written),
        cmocka_unit_test(more_than_the_buffer),
        cmocka_unit_test(the_program_closes_it),
        cmocka_unit_test(without_a_folder),
        cmocka_unit_test(too_far_down),
    };
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/%d", folder, (int)getpid());
    lm_lines_start(folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
