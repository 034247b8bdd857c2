#include "support/unit.h"

#include "check/mark_inside.h"
#include "stack/depot.h"
#include "stack/modules.h"
#include "support/fake_roots.h"

#include <dlfcn.h>

size_t lm_marked_long(const lm_marked *block) {
    (void)block;
    return 100000;
}

enum { WORD = 8, AT = 4096 };

static lm_marked block;
static uintptr_t start;

static int set_up(void **state) {
    (void)state;
    fake_roots_forget();
    start = (uintptr_t)fake_memory + AT;
    return 0;
}

static void make(size_t size) {
    block = (lm_marked){.start = start & (((uint64_t)1 << 48) - 1),
                        .short_size = (uint16_t)(size & LM_MARKED_LONG)};
}

static void put(size_t inside, uintptr_t word) {
    fake_put(start + inside, word);
}

static bool stands(size_t inside) {
    return lm_mark_inside(&block, start + inside);
}

static void as_a_rule_none_does(void **state) {
    (void)state;
    make(256);
    for (size_t i = 1; i < 256; i++)
        assert_false(stands(i));
}

/* Length, capacity and uses, then the text with its end. */
static void old_strings(void **state) {
    enum { BEFORE = 24, CAPACITY = 40 };
    (void)state;
    make(BEFORE + CAPACITY + 1);
    put(0, 10);
    put(8, CAPACITY);
    assert_true(stands(BEFORE));
    assert_false(stands(BEFORE - 8));
    assert_false(stands(BEFORE + 8));
    put(0, CAPACITY);
    assert_true(stands(BEFORE));
    put(0, CAPACITY + 1); /* longer than it can be */
    assert_false(stands(BEFORE));
    put(0, 0);
    put(8, CAPACITY - 1);
    assert_false(stands(BEFORE));
    make(BEFORE + 1); /* of no characters */
    put(8, 0);
    assert_true(stands(BEFORE));
    make(BEFORE); /* the address is behind it */
    put(8, (uintptr_t)-1);
    assert_false(stands(BEFORE));
}

/* new T[3] of 20 bytes each. */
static void arrays(void **state) {
    (void)state;
    make(WORD + 60);
    put(0, 3);
    assert_false(stands(WORD)); /* not by new[] */
    block.array = 1;
    assert_true(stands(WORD));
    assert_false(stands(2 * WORD));
    put(0, 7);
    assert_false(stands(WORD));
    put(0, 0);
    assert_false(stands(WORD));
    put(0, 60);
    assert_true(stands(WORD));
    put(0, 61);
    assert_false(stands(WORD));
}

static void sizes_before_blocks(void **state) {
    (void)state;
    make(WORD + 100);
    put(0, 100);
    assert_true(stands(WORD));
    assert_false(stands(2 * WORD));
    put(0, 108);
    assert_false(stands(WORD));
    make(WORD); /* nothing follows */
    put(0, 0);
    assert_false(stands(WORD));
    make(LM_MARKED_LONG); /* whose size is asked for */
    put(0, 100000 - WORD);
    assert_true(stands(WORD));
}

/* Two tables of virtual functions in constant data, at 0 and 64 of the memory. */
static uintptr_t make_tables(void) {
    const uintptr_t tables = (uintptr_t)fake_memory;
    fake_constant = tables;
    fake_constant_end = tables + 128;
    fake_put(tables, tables + 120); /* a function: constant too */
    fake_put(tables + 64, 0);       /* pure virtual */
    return tables;
}

static void bases(void **state) {
    const uintptr_t tables = make_tables();
    (void)state;
    make(64);
    put(0, tables);
    put(16, tables + 64);
    put(56, tables); /* in the last word of all */
    assert_true(stands(16));
    assert_true(stands(56));
    assert_false(stands(24));
    make(63); /* not all of the last word is there */
    assert_false(stands(56));
    put(16, tables + 20); /* zeros, but no table's address */
    assert_false(stands(16));
    put(16, tables + 128); /* not constant */
    assert_false(stands(16));
    put(16, tables + 64);
    fake_put(tables + 64, start); /* no functions in it */
    assert_false(stands(16));
    fake_put(tables + 64, 0);
    assert_true(stands(16));
    put(0, 0); /* the whole is no object */
    assert_false(stands(16));
}

/* The first object lies behind the number of objects. */
static void bases_in_arrays(void **state) {
    const uintptr_t tables = make_tables();
    (void)state;
    make(WORD + 48);
    block.array = 1;
    put(0, 2);
    put(8, tables);
    put(24, tables + 64);
    assert_true(stands(24));
    put(0, 5);
    assert_false(stands(24));
    put(0, 2);
    block.array = 0;
    assert_false(stands(24));
}

/* In the word before, or in those of the eight from there on that are the block's. */
static void tells_where_it_begins(void **state) {
    (void)state;
    make(256);
    for (size_t at = 8; at < 256; at += 8) {
        put(at, start);
        for (size_t inside = 8; inside < 256; inside += 8)
            assert_int_equal(stands(inside), inside <= at + 8 && inside + 64 > at);
        put(at, 0);
    }
    put(248, start);
    make(255);
    assert_false(stands(240));
    put(0, start); /* the word before the first that may stand for it */
    assert_true(stands(8));
    assert_false(stands(16));
    put(0, start + 8);
    assert_false(stands(8));
}

/* Links at 16 of the block, and of two others of which only the links are of account. */
static void links(void **state) {
    const uintptr_t at = start + 16, next = start + 1024, previous = start + 2048;
    (void)state;
    make(32);
    put(16, next);
    put(24, previous);
    fake_put(next, previous);
    fake_put(next + 8, at);
    fake_put(previous, at);
    fake_put(previous + 8, next);
    assert_true(stands(16));
    assert_false(stands(8));
    assert_false(stands(24));
    fake_put(next + 8, at + 8);
    assert_false(stands(16));
    fake_put(next + 8, at);
    fake_put(previous, at - 16);
    assert_false(stands(16));
    fake_put(previous, at);
    make(31);
    assert_false(stands(16));
}

static void a_link_to_itself_is_none(void **state) {
    const uintptr_t at = start + 16;
    (void)state;
    make(32);
    put(16, at); /* an empty list's head */
    put(24, at);
    assert_false(stands(16));
    put(16, start + 1024); /* a list of two: its neighbours are one */
    put(24, start + 1024);
    fake_put(start + 1024, at);
    fake_put(start + 1032, at);
    assert_true(stands(16));
}

static void links_to_nowhere(void **state) {
    (void)state;
    make(32);
    put(16, 8); /* can't be read */
    put(24, UINTPTR_MAX - 3);
    assert_false(stands(16));
}

static uint32_t stack_of(uintptr_t caller) {
    const uintptr_t frames[] = {caller};
    return lm_depot_put(frames, 1, true);
}

/* As tsearch keeps its nodes. */
static void with_a_bit(void **state) {
    const uintptr_t library = (uintptr_t)dlsym(RTLD_DEFAULT, "gnu_get_libc_version");
    (void)state;
    make(32);
    if (library == 0)
        skip();
    assert_false(stands(1));
    block.stack = stack_of((uintptr_t)as_a_rule_none_does) & LM_MARKED_STACKS;
    assert_false(stands(1));
    block.stack = stack_of(library) & LM_MARKED_STACKS;
    assert_true(stands(1));
    assert_false(stands(2));
    assert_false(stands(9));
    block.short_size = 8;
    assert_true(stands(1));
    block.short_size = 7;
    assert_false(stands(1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(as_a_rule_none_does, set_up),
        cmocka_unit_test_setup(old_strings, set_up),
        cmocka_unit_test_setup(arrays, set_up),
        cmocka_unit_test_setup(sizes_before_blocks, set_up),
        cmocka_unit_test_setup(bases, set_up),
        cmocka_unit_test_setup(bases_in_arrays, set_up),
        cmocka_unit_test_setup(tells_where_it_begins, set_up),
        cmocka_unit_test_setup(links, set_up),
        cmocka_unit_test_setup(a_link_to_itself_is_none, set_up),
        cmocka_unit_test_setup(links_to_nowhere, set_up),
        cmocka_unit_test_setup(with_a_bit, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
