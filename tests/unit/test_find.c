// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/find.h"
#include "support/heap.h"
#include "support/thread.h"
#include "support/trap.h"

#include <stdlib.h>

static char global[64];

static int set_up(void **state) {
    (void)state;
    trap_set();
    return 0;
}

/* Not a live block's first byte, in none of the ways to ask. */
static void expect_no_block(const char *p) {
    lm_found found;
    size_t size = 1;
    assert_false(lm_find_exact(p, &found));
    assert_false(loam_owns(p));
    assert_null(loam_block_of(p, &size));
    assert_int_equal(size, 1);
    assert_false(lm_find(p).live);
}

static void expect_block(char *p, size_t size, size_t room) {
    lm_found found;
    size_t told = 0;
    assert_true(lm_find_exact(p, &found));
    assert_true(found.live && found.block == p && found.size == room);
    assert_true(loam_owns(p));
    assert_ptr_equal(loam_block_of(p, &told), p);
    assert_int_equal(told, size);
    assert_ptr_equal(loam_block_of(p, NULL), p);
}

static void first_bytes(void **state) {
    (void)state;
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        if (!serves(c))
            continue;
        char *p = loam_malloc(most_of(c));
        expect_block(p, most_of(c), lm_classes[c].room);
        loam_free(p);
        expect_no_block(p);
    }
    char *p = loam_malloc(1 << 20);
    expect_block(p, 1 << 20, 1 << 20);
    loam_free(p);
    expect_no_block(p);
}

static void every_byte_inside(void **state) {
    static const size_t sizes[] = {1, 100, 1000, 3000, 65536, 65537, 1 << 20};
    (void)state;
    for (unsigned s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        char *p = loam_malloc(sizes[s]);
        size_t room = lm_find(p).size, step = room > 5000 ? 1021 : 1;
        assert_true(room >= loam_usable_size(p) + (span_of(p) ? 0 : lm_once.tail));
        for (size_t i = 1; i < room; i += step) {
            lm_found found;
            assert_false(lm_find_exact(p + i, &found));
            found = lm_find(p + i);
            assert_true(found.inside && found.live && found.block == p && found.size == room);
        }
        /* One past the end is another block's, or nobody's. */
        assert_ptr_not_equal(loam_block_of(p + room, NULL), p);
        assert_ptr_not_equal(loam_block_of(p - 1, NULL), p);
        loam_free(p);
    }
}

static void a_free_slot_beside_a_live_one(void **state) {
    (void)state;
    char *p = loam_malloc(40), *q = loam_malloc(40);
    loam_free(p);
    lm_found found = lm_find(p + 7);
    assert_true(found.inside && !found.live && found.block == p && found.size == 48);
    assert_non_null(found.slab);
    expect_no_block(p);
    expect_no_block(p + 47);
    loam_free(q);
}

/* Behind the last slot a slab has a rest that belongs to none. */
static void the_rest_of_a_slab(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    lm_slab *slab = slab_of(p);
    const lm_class *class = &lm_classes[slab->class];
    char *rest = lm_slab_address(slab) + (size_t) class->slots * class->size;
    assert_true(class->slots * (size_t) class->size < (size_t) class->units << LM_UNIT_SHIFT);
    lm_found found = lm_find(rest);
    assert_true(found.inside && found.slab == slab && !found.block && !found.live);
    expect_no_block(rest);
    loam_free(rest);
    assert_int_equal(trap_take(), 1);
    assert_int_equal(trapped.kind, LM_INVALID_FREE);
    loam_free(p);
}

static void free_units(void **state) {
    (void)state;
    char *p = loam_malloc(300000);
    loam_free(p);
    loam_trim(0);
    lm_found found = lm_find(p);
    assert_true(found.inside && !found.slab && !found.span && !found.block && !found.live);
    expect_no_block(p);
    const lm_lookup *lookup = &lm_once.lookups[0];
    expect_no_block((char *)lookup->base + lookup->size - 1);
    assert_false(lm_find((char *)lookup->base + lookup->size).inside);
    assert_false(lm_find((char *)lookup->base - 1).inside);
}

static void foreign_pointers(void **state) {
    char local[64];
    (void)state;
    char *others = malloc(64);
    const char *pointers[] = {NULL,
                              (char *)1,
                              (char *)16,
                              local,
                              global,
                              others,
                              (char *)UINTPTR_MAX,
                              (char *)0x7fffffffffff,
                              (char *)lm_once.lookups[0].records,
                              (char *)(uintptr_t)lm_once.lookups[0].map};
    for (unsigned i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        expect_no_block(pointers[i]);
        assert_false(lm_find(pointers[i]).inside);
        if (!pointers[i])
            continue;
        loam_free((void *)(uintptr_t)pointers[i]);
        assert_int_equal(trap_take(), 1);
        assert_int_equal(trapped.kind, LM_FOREIGN_FREE);
    }
    free(others);
}

/* Every byte of the arena's committed part can be asked for, and answers as the model says. */
static void everywhere(void **state) {
    (void)state;
    char *blocks[300];
    for (unsigned i = 0; i < 300; i++)
        blocks[i] = loam_malloc((size_t)i * i);
    size_t live = 0;
    const lm_arena *arena = &lm_arenas[0];
    char *before = NULL;
    for (size_t offset = 0; offset < arena->committed; offset += 16) {
        char *block = loam_block_of((char *)arena->lookup->base + offset, NULL);
        live += block && block != before;
        before = block ? block : before;
    }
    assert_int_equal(live, stats_now().live_blocks);
    for (unsigned i = 0; i < 300; i++)
        loam_free(blocks[i]);
}

static void *free_it(void *p) {
    loam_free(p);
    return NULL;
}

static void freed_by_another(void **state) {
    (void)state;
    char *p = loam_malloc(20);
    in_thread(free_it, p);
    expect_no_block(p);
    assert_ptr_equal(lm_find(p).block, p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_bytes, set_up),
        cmocka_unit_test_setup(every_byte_inside, set_up),
        cmocka_unit_test_setup(a_free_slot_beside_a_live_one, set_up),
        cmocka_unit_test_setup(the_rest_of_a_slab, set_up),
        cmocka_unit_test_setup(free_units, set_up),
        cmocka_unit_test_setup(foreign_pointers, set_up),
        cmocka_unit_test_setup(everywhere, set_up),
        cmocka_unit_test_setup(freed_by_another, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
