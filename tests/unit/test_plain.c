#include "support/unit.h"

#include "check/plain.h"
#include "os/os.h"
#include "stack/depot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    return 0;
}

static ssize_t told_bytes;

/* What is written to standard error. */
static const char *told(const lm_tale *tale) {
    static char text[16384];
    char path[] = "/tmp/loam-plain.XXXXXX";
    const int file = mkstemp(path), error = dup(STDERR_FILENO);
    assert_true(file >= 0 && error >= 0);
    unlink(path);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    lm_plain_tell(tale);
    dup2(error, STDERR_FILENO);
    close(error);
    const ssize_t got = pread(file, text, sizeof text - 1, 0);
    close(file);
    assert_true(got >= 0);
    told_bytes = got;
    text[got] = '\0';
    return text;
}

static void who_did_what(void **state) {
    (void)state;
    assert_string_equal(
        told(&(lm_tale){.code = LM_CODE_DOUBLE_FREE, .call = "free", .pointer = 0x10}),
        "loam: error[double-free]: free(0x10): the block was freed before\n");
    assert_string_equal(told(&(lm_tale){.code = LM_CODE_HEAP_OVERFLOW, .access = "write"}),
                        "loam: error[heap-overflow]: write: beyond the end of a block\n");
    assert_string_equal(told(&(lm_tale){.code = LM_CODE_LEAK, .certainty = LM_CERTAIN_INFERRED}),
                        "loam: error[leak]: at exit: nothing leads to the block any more\n");
    assert_string_equal(told(&(lm_tale){.code = LM_CODE_BAD_SIZE,
                                        .call = "malloc",
                                        .access = "read", /* the call says more */
                                        .certainty = LM_CERTAIN_LATER}),
                        "loam: error[bad-size]: malloc: no block can be so large (found later)\n");
}

static void blocks(void **state) {
    lm_block block = {.start = 0x1000, .size = 24, .live = true};
    (void)state;
    lm_tale tale = {.code = LM_CODE_HEAP_UNDERFLOW, .access = "read", .block = &block};
    assert_string_equal(told(&tale),
                        "loam: error[heap-underflow]: read: before the start of a block\n"
                        "loam:   block 0x1000 of 24 bytes, live\n");
    block.live = false;
    tale.has_range = true;
    tale.first = -3;
    tale.last = 5;
    assert_string_equal(told(&tale),
                        "loam: error[heap-underflow]: read: before the start of a block\n"
                        "loam:   block 0x1000 of 24 bytes, freed; bytes -3 to 5\n");
    tale = (lm_tale){
        .code = LM_CODE_MISMATCHED_FREE, .call = "free", .was = "operator new", .now = "free"};
    assert_string_equal(told(&tale), "loam: error[mismatched-free]: free: "
                                     "the block was allocated in another way\n"
                                     "loam:   allocated by operator new, freed by free\n");
}

static uint32_t stack_of(uintptr_t first, size_t count) {
    uintptr_t frames[16];
    for (size_t i = 0; i < count; i++)
        frames[i] = first + i;
    return lm_depot_put(frames, count, true);
}

static void stacks(void **state) {
    const lm_block block = {.start = 0x1000,
                            .live = true,
                            .allocated = stack_of(0x200, 2),
                            .freed = stack_of(0x300, 1)};
    lm_tale tale = {.code = LM_CODE_USE_AFTER_FREE,
                    .access = "read",
                    .block = &block,
                    .stack = stack_of(0x100, 12)}; /* more than are shown */
    (void)state;
    const char *text = told(&tale), *here = strstr(text, "loam:   here:\n");
    const char *allocated = strstr(text, "loam:   allocated:\n");
    const char *freed = strstr(text, "loam:   freed:\n");
    assert_true(here && allocated && freed && here < allocated && allocated < freed);
    assert_true(strstr(text, "0x107") > here && strstr(text, "0x107") < allocated);
    assert_null(strstr(text, "0x108"));
    assert_true(strstr(text, "0x201") > allocated && strstr(text, "0x300") > freed);
    tale.certainty = LM_CERTAIN_LATER;
    tale.block = NULL;
    text = told(&tale);
    assert_non_null(strstr(text, "loam:   found:\n"));
    assert_null(strstr(text, "here:"));
    assert_null(strstr(text, "allocated:"));
}

/* Every code has a name, each its own. */
static void codes(void **state) {
    char begin[64];
    (void)state;
    for (int i = 0; i < LM_CODES_COUNT; i++) {
        const char *code = lm_tale_code((lm_code)i);
        assert_true(code && *code);
        for (int other = 0; other < i; other++)
            assert_string_not_equal(code, lm_tale_code((lm_code)other));
        snprintf(begin, sizeof begin, "loam: error[%s]: ", code);
        const char *text = told(&(lm_tale){.code = (lm_code)i});
        assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
    }
}

static void too_long_texts_are_cut(void **state) {
    static char call[10000];
    (void)state;
    memset(call, 'c', sizeof call - 1);
    const char *text = told(&(lm_tale){.code = LM_CODE_BAD_SIZE, .call = call});
    assert_int_equal(told_bytes, 8191);
    assert_int_equal(text[8190], 'c');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_did_what),
        cmocka_unit_test(blocks),
        cmocka_unit_test(stacks),
        cmocka_unit_test(codes),
        cmocka_unit_test(too_long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
