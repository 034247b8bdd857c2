#include "support/unit.h"

#include "check/blocks.h"
#include "check/entry.h"
#include "check/exact.h"
#include "support/checked.h"

#include <string.h>

static int set_up(void **state) {
    (void)state;
    checked_start();
    lm_exact_setting.mode = LM_EXACT_MODE_AUTO;
    lm_exact_start();
    lm_exact_setting.mode = LM_EXACT_MODE_OFF;
    return lm_exact_ready() ? 0 : 1;
}

static void expect(uintptr_t at, const void *start, size_t size, bool live) {
    lm_block block;
    assert_true(lm_blocks_find(at, &block));
    assert_ptr_equal((void *)block.start, start);
    assert_int_equal(block.size, size);
    assert_int_equal(block.live, live);
    assert_string_equal(block.allocated_call, "malloc");
    assert_true(live || strcmp(block.freed_call, "free") == 0);
}

/* By any of its bytes, and a little beside it, as long as it rests. */
static void by_addresses(void **state) {
    static const size_t sizes[] = {0, 1, 24, 4000, 300000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *p = lm_check_malloc(sizes[i], LM_CALL_MALLOC);
        const uintptr_t at = (uintptr_t)p;
        for (int freed = 0; freed < 2; freed++) {
            expect(at, p, sizes[i], !freed);
            expect(at + sizes[i] / 2, p, sizes[i], !freed);
            expect(at + sizes[i], p, sizes[i], !freed); /* the red zones */
            expect(at - 1, p, sizes[i], !freed);
            if (!freed)
                free_plain(p);
        }
    }
}

static void nobodys(void **state) {
    lm_block block;
    int local;
    (void)state;
    assert_false(lm_blocks_find(0, &block));
    assert_false(lm_blocks_find((uintptr_t)&local, &block));
    assert_false(lm_blocks_find((uintptr_t)set_up, &block));
    assert_false(lm_blocks_find(UINTPTR_MAX, &block));
}

typedef struct seen {
    const void *at[3];
    unsigned times[3], all, most;
} seen;

static bool note(const lm_block *block, void *context) {
    seen *s = context;
    assert_true(block->live);
    for (int i = 0; i < 3; i++)
        s->times[i] += (void *)block->start == s->at[i];
    return ++s->all != s->most;
}

/* Those against guards as well; none that rests. */
static void each_live_one(void **state) {
    static const lm_block story = {.allocated_call = "malloc"}, end = {.freed_call = "free"};
    (void)state;
    void *plain = lm_check_malloc(100, LM_CALL_MALLOC),
         *gone = lm_check_malloc(100, LM_CALL_MALLOC);
    void *exact = lm_exact_new(100, 0, &story);
    lm_block block;
    assert_non_null(exact);
    free_plain(gone);
    seen s = {.at = {plain, gone, exact}};
    lm_blocks_each(note, &s);
    assert_int_equal(s.times[0], 1);
    assert_int_equal(s.times[1], 0);
    assert_int_equal(s.times[2], 1);
    expect((uintptr_t)exact + 50, exact, 100, true);
    assert_true(lm_blocks_find((uintptr_t)exact, &block) && block.exact);
    const unsigned all = s.all;
    for (unsigned most = 1; most <= all; most++) { /* until it has enough, of either kind */
        s = (seen){.most = most};
        lm_blocks_each(note, &s);
        assert_int_equal(s.all, most);
    }
    assert_true(lm_exact_free(exact, &end));
    free_plain(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_addresses),
        cmocka_unit_test(nobodys),
        cmocka_unit_test(each_live_one),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
