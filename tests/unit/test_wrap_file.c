#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/touched.h"

static int fresh(void **state) {
    (void)state;
    forget_blocks();
    return 0;
}

static FILE *with(const char *content) {
    FILE *file = tmpfile();
    fputs(content, file);
    rewind(file);
    return file;
}

static void lines(void **state) {
    (void)state;
    char *to = block(8);
    FILE *file = with("one\ntwo\nthree\nfour\n");
    GOOD(assert_ptr_equal(lm_wrap_fgets(to, 8, file), to), "fgets", to, 8, WRITE);
    assert_string_equal(to, "one\n");
    GOOD(lm_wrap___fgets_chk(to, 8, 8, file), "fgets", to, 8, WRITE);
    assert_string_equal(to, "two\n");
    BAD(lm_wrap_fgets(to, 9, file), "fgets", to, 9, WRITE);
    BAD(lm_wrap_fgets_unlocked(to, 9, file), "fgets_unlocked", to, 9, WRITE);
    assert_null(lm_wrap_fgets(to, 8, file));
    forget();
    volatile int negative = -1;
    assert_null(lm_wrap_fgets(to, negative, file));
    assert_int_equal(touched_count, 0);
    fclose(file);
    file = with("abc");
    BAD(lm_wrap_fgetws((wchar_t *)(void *)to, 3, file), "fgetws", to, 12, WRITE);
    fclose(file);
}

static void lines_of_any_length(void **state) {
    (void)state;
    FILE *file = with("one\ntwo;three\n");
    char *line = NULL;
    size_t size = 0;
    assert_int_equal(lm_wrap_getline(&line, &size, file), 4);
    assert_string_equal(line, "one\n");
    assert_int_equal(lm_wrap_getdelim(&line, &size, ';', file), 4);
    assert_string_equal(line, "two;");
    free(line);
    line = block(4);
    size = 100; /* it is not */
    BAD(lm_wrap___getdelim(&line, &size, '\n', file), "getline", line, 100, WRITE);
    rewind(file);
    BAD(lm_wrap_getline(&line, &size, file), "getline", line, 100, WRITE);
    BAD(lm_wrap_getdelim(&line, &size, ';', file), "getdelim", line, 100, WRITE);
    fclose(file);
}

static void records(void **state) {
    (void)state;
    char *to = block(8);
    FILE *file = with("abcdefghijklmnopqrstuvwxyz");
    GOOD(assert_int_equal(lm_wrap_fread(to, 2, 4, file), 4), "fread", to, 8, WRITE);
    assert_memory_equal(to, "abcdefgh", 8);
    BAD(lm_wrap_fread(to, 3, 3, file), "fread", to, 9, WRITE);
    BAD(lm_wrap_fread_unlocked(to, 3, 3, file), "fread_unlocked", to, 9, WRITE);
    BAD(lm_wrap___fread_chk(to, 99, 3, 3, file), "fread", to, 9, WRITE);
    BAD(assert_int_equal(lm_wrap_fwrite(to, 3, 3, file), 3), "fwrite", to, 9, READ);
    BAD(lm_wrap_fwrite_unlocked(to, 3, 3, file), "fwrite_unlocked", to, 9, READ);
    fclose(file);
}

static void strings(void **state) {
    (void)state;
    char *string = text("abc"), *endless = text_without_end("abc"), back[20];
    wchar_t *wide_endless = wide_without_end(L"abc");
    FILE *file = tmpfile();
    GOOD(assert_true(lm_wrap_fputs(string, file) >= 0), "fputs", string, 4, READ);
    BAD(lm_wrap_fputs(endless, file), "fputs", endless, 4, READ);
    BAD(lm_wrap_fputs_unlocked(endless, file), "fputs_unlocked", endless, 4, READ);
    BAD(lm_wrap_puts(endless), "puts", endless, 4, READ);
    rewind(file);
    assert_non_null(fgets(back, sizeof back, file));
    assert_string_equal(back, "abcabcabc");
    fclose(file);
    file = tmpfile();
    BAD(lm_wrap_fputws(wide_endless, file), "fputws", wide_endless, 16, READ);
    fclose(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines, fresh),
        cmocka_unit_test_setup(lines_of_any_length, fresh),
        cmocka_unit_test_setup(records, fresh),
        cmocka_unit_test_setup(strings, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
