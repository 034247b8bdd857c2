/* What an address is, and where blocks went (where.c, tell.c). */
#include "support/unit.h"

#include "check/amounts.h"
#include "check/entry.h"
#include "check/tell.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int global = 1;
static const char *word; /* of the command line */

static void knows_what_an_address_is(void **state) {
    void *local = __builtin_frame_address(0); /* a sanitizer may have variables elsewhere */
    char *path = getenv("PATH");
    (void)state;
    assert_string_equal(lm_tell_where(0), "null");
    assert_string_equal(lm_tell_where(4096), "null");
    assert_string_equal(lm_tell_where((uintptr_t)local), "stack");
    assert_string_equal(lm_tell_where((uintptr_t)&global), "static");
    assert_string_equal(lm_tell_where((uintptr_t) "literal"), "static");
    assert_string_equal(lm_tell_where((uintptr_t)knows_what_an_address_is), "code");
    assert_string_equal(lm_tell_where((uintptr_t)word), "environment");
    if (path)
        assert_string_equal(lm_tell_where((uintptr_t)path), "environment");
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_string_equal(lm_tell_where((uintptr_t)page), "mapped");
    munmap(page, 4096);
    assert_string_equal(lm_tell_where((uintptr_t)page), "unmapped");
    void *block = lm_check_malloc(10, LM_CALL_MALLOC);
    assert_non_null(block);
}

static void remembers_moves(void **state) {
    (void)state;
    assert_int_equal(lm_tell_moved(0x1000), 0);
    lm_tell_note_move(0x1000, 0x2000);
    lm_tell_note_move(0x3000, 0x4000);
    assert_int_equal(lm_tell_moved(0x1000), 0x2000);
    assert_int_equal(lm_tell_moved(0x3000), 0x4000);
    lm_tell_note_move(0x1000, 0x5000);
    assert_int_equal(lm_tell_moved(0x1000), 0x5000);
    assert_int_equal(lm_tell_moved(0x2000), 0);
}

/* A later move may take an earlier one's place: then it isn't known, but never wrong. */
static void forgets_but_never_errs(void **state) {
    size_t known = 0;
    (void)state;
    for (uintptr_t i = 1; i <= 4 * LM_MOVES_MOST; i++)
        lm_tell_note_move(i * 16, i);
    for (uintptr_t i = 1; i <= 4 * LM_MOVES_MOST; i++) {
        const uintptr_t to = lm_tell_moved(i * 16);
        assert_true(to == 0 || to == i);
        known += to != 0;
    }
    assert_true(known > 0 && known <= LM_MOVES_MOST);
}

int main(int argc, char **argv) {
    word = argv[argc - 1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_an_address_is),
        cmocka_unit_test(remembers_moves),
        cmocka_unit_test(forgets_but_never_errs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
