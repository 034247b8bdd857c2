/* What stands behind a block, and what a free slot holds: every byte of it counts. */
// ctest-args:
// ctest-args:
// ctest-options: vectors=narrow
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/protect.h"
#include "heap/slow.h"
#include "heap/thread.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/pattern.h"
#include "support/trap.h"

#include <string.h>

static int set_up(void **state) {
    (void)state;
    trap_set();
    return 0;
}

/* Nothing was found that the test hasn't asked about. */
static int tear_down(void **state) {
    (void)state;
    loam_trim(0);
    return trap_take() == 0 && lm_verify() == 0 ? 0 : -1;
}

static const size_t rooms[] = {48, 64, 128, 144, 256, 320, 1024, 1152, 2048};
enum { ROOMS = sizeof rooms / sizeof rooms[0], SLACKS = 73 };

/* A block and the slab in whose room it leaves so much slack. */
static char *with_slack(size_t room, size_t slack) {
    char *p = loam_malloc(room - LM_TAIL - slack);
    assert_int_equal(loam_usable_size(p), room - LM_TAIL - slack);
    return p;
}

/* Slacks that occur: a smaller class would serve else; that can be by aligned requests only. */
static char *of_room(size_t room, size_t slack) {
    lm_slab *slab;
    char *p = with_slack(room, 0);
    slab = slab_of(p);
    assert_int_equal(lm_slab_room(slab), room);
    lm_protect_resize(slab, p, room - LM_TAIL - slack);
    return p;
}

static void nothing_wrong_with_any_slack(void **state) {
    (void)state;
    for (unsigned r = 0; r < ROOMS; r++)
        for (size_t slack = 0; slack < SLACKS && slack + LM_TAIL <= rooms[r]; slack++) {
            char *p = of_room(rooms[r], slack);
            size_t size = rooms[r] - LM_TAIL - slack;
            assert_int_equal(lm_protect_asked(slab_of(p)->class, p).size, size);
            memset(p, 0xa5, size); /* all of it may be used */
            loam_free_sized(p, size);
            assert_int_equal(trap_take(), 0);
        }
}

/* Any one byte of the slack: the block's size is still known. */
static void every_byte_of_the_slack(void **state) {
    (void)state;
    for (unsigned r = 0; r < ROOMS; r++)
        for (size_t slack = 1; slack < SLACKS && slack + LM_TAIL <= rooms[r]; slack++) {
            size_t size = rooms[r] - LM_TAIL - slack;
            bool whole = lm_protect_clears(rooms[r]);
            size_t checked = whole || slack < LM_SLACK_SHORT ? slack : LM_SLACK_SHORT;
            for (size_t at = size; at < size + checked; at++) {
                char *p = of_room(rooms[r], slack);
                p[at] ^= 0x20;
                loam_free(p);
                assert_int_equal(trap_take(), 1);
                assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
                assert_string_equal(trapped.call, "free");
                assert_ptr_equal(trapped.block, p);
                assert_int_equal(trapped.block_size, size);
                assert_false(trapped.size_at_most);
                assert_true(trapped.damaged);
                assert_int_equal(trapped.first, at);
                assert_int_equal(trapped.last, at);
                assert_false(loam_owns(p)); /* freed all the same */
            }
        }
}

/* A few bytes past a block without slack reach the canary's note, which may say another size then that could be true:
 * it isn't believed. (One in 32 changes of the third byte leaves the bits beside the note whole.) */
static void a_few_bytes_past_a_full_block(void **state) {
    enum { REACH = 3, BESIDE_NOTE = 0x1f };
    (void)state;
    for (unsigned r = 0; r < ROOMS; r++)
        for (unsigned change = 1; change <= 0xff; change++) {
            ptrdiff_t size = (ptrdiff_t)rooms[r] - LM_TAIL;
            char *p = of_room(rooms[r], 0);
            for (ptrdiff_t i = size; i < size + REACH; i++)
                p[i] ^= (char)(change & BESIDE_NOTE ? change : 0xff);
            loam_free(p);
            assert_int_equal(trap_take(), 1);
            assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
            assert_ptr_equal(trapped.block, p);
            assert_int_equal(trapped.block_size, size);
            assert_int_equal(trapped.first, size);
            assert_true(trapped.last >= size + REACH - 1);
        }
}

static void expect_damage_at(char *p, size_t at) {
    const char *next = p + lm_slab_size(slab_of(p));
    loam_free(p);
    assert_int_equal(trap_take(), 1);
    assert_ptr_equal(trapped.pointer, p);
    assert_true(trapped.damaged);
    assert_int_equal(trapped.kind, trapped.block == p ? LM_HEAP_OVERFLOW : LM_HEAP_UNDERFLOW);
    assert_ptr_equal(trapped.block, trapped.kind == LM_HEAP_OVERFLOW ? p : next);
    ptrdiff_t shift = (const char *)trapped.block - p;
    assert_in_range(at, trapped.first + shift, trapped.last + shift);
}

/* Writes that come from the block before reach the canary's first byte, those from the block behind its last
 * one: whatever they write, and however far they go, it is found, and where it began is among the bytes that are
 * named. (The bytes in the middle, changed alone, may make another note that could be true.) */
static void the_canary_from_both_sides(void **state) {
    (void)state;
    for (unsigned r = 0; r < ROOMS; r++)
        for (size_t reach = 1; reach <= LM_TAIL; reach++)
            for (unsigned bit = 0; bit < 8; bit++) {
                size_t canary = rooms[r] - LM_TAIL;
                char *p = of_room(rooms[r], 5);
                for (size_t i = 0; i < reach; i++)
                    p[canary + i] ^= (char)(1 << bit);
                expect_damage_at(p, canary);
                p = of_room(rooms[r], 5);
                for (size_t i = LM_TAIL - reach; i < LM_TAIL; i++)
                    p[canary + i] ^= (char)(1 << bit);
                expect_damage_at(p, rooms[r] - 1);
            }
}

/* From the byte behind the block on, through the canary. */
static void long_overflows(void **state) {
    (void)state;
    for (size_t slack = 0; slack < 16; slack++) {
        char *p = of_room(128, slack);
        size_t size = 128 - LM_TAIL - slack;
        for (size_t i = size; i < 128; i++)
            p[i] ^= 0x55;
        loam_free(p);
        assert_int_equal(trap_take(), 1);
        assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
        assert_ptr_equal(trapped.block, p);
        assert_int_equal(trapped.last, 127);
    }
}

/* A string whose end is one byte too far. */
static void a_terminating_nul(void **state) {
    (void)state;
    for (size_t size = 1; size <= 300; size++) {
        char *p = loam_malloc(size);
        p[size] = '\0';
        loam_free(p);
        assert_int_equal(trap_take(), 1);
        assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
    }
}

static void realloc_looks_too(void **state) {
    (void)state;
    char *p = loam_malloc(hidden(100));
    p[101] ^= 1;
    char *q = loam_realloc(p, 3000);
    assert_int_equal(trap_take(), 1);
    assert_string_equal(trapped.call, "realloc");
    assert_int_equal(trapped.first, 101);
    loam_free(q);
}

/* ---- What a block was asked for -------------------------------------------------------------- */

static void notes(void **state) {
    (void)state;
    for (int family = LM_FAMILY_C; family <= LM_FAMILY_ARRAY; family++)
        for (size_t alignment = 16; alignment <= 4096; alignment *= 2)
            for (size_t size = 1; size < 3000; size += 1 + size / 3) {
                char *p = lm_aligned(alignment, size, (lm_family)family);
                lm_found found = lm_find(p);
                lm_asked asked = lm_protect_asked(found.slab->class, p);
                assert_int_equal(asked.size, size);
                assert_int_equal(asked.family, family);
                assert_int_equal(asked.alignment, alignment > 16 ? alignment : 0);
                const lm_way way = {"its own", (lm_family)family, false};
                lm_free_slow(p, &way, size, alignment);
                assert_int_equal(trap_take(), 0);
            }
}

static lm_finding compared(lm_family asked_family, size_t asked_size, size_t asked_alignment,
                           lm_family family, size_t size, size_t alignment) {
    lm_finding finding = {.kind = LM_DOUBLE_FREE};
    const lm_way way = {"a call", family, family == LM_FAMILY_C};
    const lm_asked asked = {asked_size, asked_alignment, asked_family};
    lm_protect_compare(&finding, &way, size, alignment, &asked);
    return finding;
}

static void comparisons(void **state) {
    const lm_family c = LM_FAMILY_C, new = LM_FAMILY_NEW, array = LM_FAMILY_ARRAY;
    (void)state;
    assert_int_equal(compared(c, 9, 0, c, LM_ANY_SIZE, 0).kind, LM_KINDS_COUNT);
    assert_int_equal(compared(c, 9, 0, c, 9, 0).kind, LM_KINDS_COUNT);
    assert_int_equal(compared(c, 9, 64, c, 9, 0).kind, LM_KINDS_COUNT);
    assert_int_equal(compared(c, 9, 64, c, 9, 64).kind, LM_KINDS_COUNT);
    assert_int_equal(compared(new, 9, 0, new, 9, 0).kind, LM_KINDS_COUNT);
    lm_finding f = compared(c, 9, 0, c, 10, 0);
    assert_int_equal(f.kind, LM_SIZE_MISMATCH);
    assert_string_equal(f.quantity, "size");
    assert_true(f.was_size == 9 && f.now_size == 10);
    f = compared(c, 9, 64, c, 9, 32);
    assert_int_equal(f.kind, LM_MISMATCHED_FREE);
    assert_string_equal(f.quantity, "alignment");
    assert_true(f.was_size == 64 && f.now_size == 32);
    assert_int_equal(compared(new, 9, 64, new, 9, 0).kind, LM_MISMATCHED_FREE);
    f = compared(c, 9, 0, new, LM_ANY_SIZE, 0);
    assert_int_equal(f.kind, LM_MISMATCHED_FREE);
    assert_string_equal(f.was, "malloc");
    assert_string_equal(f.now, "a call");
    assert_int_equal(compared(array, 9, 0, c, LM_ANY_SIZE, 0).kind, LM_MISMATCHED_FREE);
    assert_int_equal(compared(array, 9, 0, new, LM_ANY_SIZE, 0).kind, LM_KINDS_COUNT);
    lm_once.protection.strict_arrays = true;
    assert_int_equal(compared(array, 9, 0, new, LM_ANY_SIZE, 0).kind, LM_MISMATCHED_FREE);
    lm_once.protection.strict_arrays = false;
}

/* ---- Free slots ------------------------------------------------------------------------------ */

static void freed_slots_are_clear(void **state) {
    (void)state;
    for (size_t size = 1; size + LM_TAIL <= LM_SMALL_MAX; size += 7) {
        char *p = loam_malloc(size), *keep = loam_malloc(size);
        lm_slab *slab = slab_of(p);
        memset(p, 'x', size);
        loam_free(p);
        assert_true(all_zero(p, lm_slab_room(slab)));
        loam_free(keep);
    }
}

/* Every byte of a free slot but the canary's, which the block behind it may have hit. */
static void writes_after_free(void **state) {
    static const size_t sizes[] = {24, 100, 180, 245, 300, 500, 1000};
    (void)state;
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t at = 0; at < sizes[s]; at += 1 + sizes[s] / 50) {
            lm_finding finding;
            char *p = loam_malloc(sizes[s]), *keep = loam_malloc(sizes[s]);
            lm_found found = lm_find(p);
            loam_free(p);
            assert_true(lm_protect_check(found.slab, found.slot, false, &finding, "now"));
            p[at] = 1;
            assert_false(lm_protect_check(found.slab, found.slot, false, &finding, "now"));
            assert_int_equal(finding.kind, LM_USE_AFTER_FREE);
            assert_string_equal(finding.call, "now");
            assert_ptr_equal(finding.block, p);
            assert_true(finding.size_at_most);
            assert_int_equal(finding.first, at);
            assert_int_equal(finding.last, at);
            p[at] = 0;
            loam_free(keep);
        }
}

/* The slot is handed out again in the end: then it is said, and the new block is whole. */
static void found_at_reuse(void **state) {
    enum { MANY = 500, ROUNDS = 200 };
    static char *blocks[MANY];
    (void)state;
    char *p = loam_malloc(200), *keep = loam_malloc(200);
    loam_free(p);
    p[17] = 'x';
    bool again = false;
    for (int round = 0; round < ROUNDS && !again; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            blocks[i] = loam_malloc(200);
            again = again || blocks[i] == p;
        }
        if (again)
            assert_true(all_zero(p, 200));
        for (unsigned i = 0; i < MANY; i++)
            loam_free(blocks[i]);
    }
    assert_true(again);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_USE_AFTER_FREE);
    assert_string_equal(trapped.call, "at reuse");
    assert_ptr_equal(trapped.block, p);
    assert_int_equal(trapped.first, 17);
    loam_free(keep);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_wrong_with_any_slack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_few_bytes_past_a_full_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_byte_of_the_slack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_canary_from_both_sides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_overflows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_terminating_nul, set_up, tear_down),
        cmocka_unit_test_setup_teardown(realloc_looks_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comparisons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(freed_slots_are_clear, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_after_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(found_at_reuse, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
