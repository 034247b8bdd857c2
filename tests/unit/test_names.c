#include "support/unit.h"

#include "stack/object.h"
#include "stack/stack.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static char report[4096];

static void put(const uintptr_t *frames, size_t count) {
    lm_text text;
    lm_text_init(&text, report, sizeof report);
    lm_stack_put(&text, frames, count);
}

static uintptr_t behind(void (*function)(void)) {
    uintptr_t address;
    memcpy(&address, &function, sizeof address);
    return address + 1;
}

static void here(void) {
    put(NULL, 0);
}

static void addresses_alone(void **state) {
    const uintptr_t frames[] = {1, 0x1234, UINTPTR_MAX};
    (void)state;
    put(frames, 0);
    assert_string_equal(report, "");
    put(frames, 3);
    assert_string_equal(report, "0x1\n0x1234\n0xffffffffffffffff\n");
}

/* The program, then the C library, then the program again. */
static void files_and_build_ids(void **state) {
    const uintptr_t frames[] = {behind(here), behind((void (*)(void))gnu_get_libc_version),
                                behind(here)};
    lm_object object;
    char start[512];
    (void)state;
    if (!lm_object_known())
        skip();
    put(frames, 3);
    assert_true(lm_object_find(frames[0], &object));
    snprintf(start, sizeof start, "%s+0x%zx", (const char *)getauxval(AT_EXECFN),
             frames[0] - object.bias);
    assert_int_equal(strncmp(report, start, strlen(start)), 0);
    const char *second = strchr(report, '\n') + 1;
    assert_non_null(strstr(second, "/libc.so.6+0x"));
    assert_non_null(strstr(second, " (build-id "));
    const char *third = strchr(second, '\n') + 1;
    strcat(start, "\n");
    assert_string_equal(third, start);
}

static void finds_only_what_is_there(void **state) {
    static int data;
    int local = 0;
    lm_object object;
    (void)state;
    if (!lm_object_known())
        skip();
    assert_true(lm_object_find((uintptr_t)&data, &object));
    assert_false(lm_object_find((uintptr_t)&local, &object));
    assert_false(lm_object_find(0, &object));
    assert_true(lm_object_find(behind(here), &object));
    const lm_object_bytes segment = lm_object_segment(&object, object.unwind_header);
    assert_true(segment.start <= object.unwind_header && object.unwind_header < segment.end);
    assert_null(lm_object_segment(&object, (const uint8_t *)object.start - 1).start);
    assert_null(lm_object_segment(&object, (const uint8_t *)object.end).start);
    assert_false(lm_object_is_loam(behind(here))); /* this isn't libloam.so */
}

/* Made up files in a page of memory: what can't be true gives nothing. */
static void doubts_headers(void **state) {
    static _Alignas(4096) uint8_t page[8192];
    lm_object object = {.start = (uintptr_t)page, .end = (uintptr_t)page + sizeof page, .path = ""};
    lm_object real;
    (void)state;
    if (!lm_object_known() || !lm_object_find(behind(here), &real))
        skip();
    assert_null(lm_object_build_id(&object).start);
    memcpy(page, (const void *)real.start, 4096);
    object.bias = object.start; /* the program is a PIE: its addresses begin with 0 */
    for (size_t i = 0; i < 4096; i++) {
        const uint8_t right = page[i];
        page[i] = (uint8_t)(right + 0x55);
        const lm_object_bytes id = lm_object_build_id(&object);
        assert_true(!id.start || (id.start >= page && id.end <= page + sizeof page));
        const lm_object_bytes segment = lm_object_segment(&object, page + 100);
        assert_true(!segment.start || (segment.start >= page && segment.end <= page + sizeof page));
        page[i] = right;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_alone),
        cmocka_unit_test(files_and_build_ids),
        cmocka_unit_test(finds_only_what_is_there),
        cmocka_unit_test(doubts_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
