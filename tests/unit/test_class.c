#include "support/unit.h"

#include "heap/find.h"
#include "heap/protect.h"

#include <string.h>

static void sizes_ascend(void **state) {
    (void)state;
    assert_int_equal(lm_classes[0].size, LM_GRAIN);
    assert_int_equal(lm_classes[LM_CLASS_ZERO - 1].size, LM_SLOT_MAX);
    assert_int_equal(lm_classes[LM_SMALL_CLASSES - 1].size, LM_SMALL_MAX);
    for (unsigned c = 0; c < LM_CLASS_ZERO; c++) {
        assert_int_equal(lm_classes[c].size % LM_GRAIN, 0);
        if (c > 0)
            assert_true(lm_classes[c].size > lm_classes[c - 1].size);
    }
}

static void every_size_gets_the_smallest_class(void **state) {
    (void)state;
    assert_int_equal(lm_class_of(0), 0);
    for (size_t size = 1; size <= LM_SLOT_MAX; size++) {
        unsigned c = lm_class_of(size);
        assert_in_range(c, 0, LM_CLASS_ZERO - 1);
        assert_true(lm_classes[c].size >= size);
        if (c > 0)
            assert_true(lm_classes[c - 1].size < size);
    }
}

/* At most an eighth of a slot above 128 bytes; below, less than a step. */
static void waste_is_bounded(void **state) {
    (void)state;
    for (size_t size = 1; size <= LM_SLOT_MAX; size++) {
        size_t slot = lm_classes[lm_class_of(size)].size;
        assert_true(size <= 128 ? slot - size < LM_GRAIN : (slot - size) * 8 <= slot);
    }
}

/* The whole slab is used but for less than one slot, and every count fits its field. */
static void slabs_are_cut_well(void **state) {
    (void)state;
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        const lm_class *class = &lm_classes[c];
        size_t bytes = (size_t) class->units << LM_UNIT_SHIFT;
        assert_in_range(class->units, 1, 16);
        assert_true(class->slots * (size_t) class->size <= bytes);
        assert_true(bytes - class->slots * (size_t) class->size < class->size);
        assert_int_equal(class->words, (class->slots + 63) / 64);
        assert_int_equal(class->remotes, lm_slab_remote_offset(class->words));
        assert_in_range(class->words, 1, LM_WORDS_MAX);
        assert_true(bytes == class->slots * (size_t) class->size || class->slots % 64 != 0);
        assert_true(lm_slab_record_size(class->words) < LM_RECORD_SIZES * LM_RECORD_GRAIN);
    }
}

/* lm_slot_at is the proof that a pointer is a slot's first byte: here for every offset there is, in
 * a slab that begins anywhere, and for offsets before and behind it. */
static void find_every_slot(void) {
    static const uint64_t starts[] = {0, LM_UNIT, (uint64_t)1 << 39};
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        const lm_class *class = &lm_classes[c];
        size_t bytes = (size_t) class->units << LM_UNIT_SHIFT;
        for (unsigned s = 0; s < 3; s++) {
            lm_slab slab = {.start_low = (uint32_t)starts[s],
                            .start_high = (uint16_t)(starts[s] >> 32),
                            .reciprocal = class->reciprocal,
                            .slots = class->slots};
            for (size_t offset = 0; offset < bytes; offset++) {
                size_t slot = 0;
                bool found = lm_slot_at(&slab, starts[s] + offset, &slot);
                /* What lies behind the last slot may pass for one more: see lm_slot_at. */
                bool expected = offset % class->size == 0;
                if (found != expected || (found && slot != offset / class->size))
                    fail_msg("class %u, offset %zu", c, offset);
            }
        }
    }
}

static void slots_are_found_exactly(void **state) {
    (void)state;
    find_every_slot();
}

/* Slots of more than a page end with a guard page; the others are as they were. Comes last: it changes the
 * classes. */
static void with_a_guard_in_every_slot(void **state) {
    static lm_class before[LM_CLASSES];
    const size_t page = 4096;
    (void)state;
    memcpy(before, lm_classes, sizeof before);
    lm_classes_start(page);
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        const lm_class *class = &lm_classes[c], *old = &before[c];
        if (old->size <= page) {
            assert_memory_equal(class, old, sizeof *old);
            continue;
        }
        assert_true(class->room >= old->room && class->room < old->room + page);
        assert_int_equal(class->room % page, 0);
        assert_int_equal(class->size, class->room + page);
        assert_in_range(class->slots, 1, old->slots);
        assert_int_equal(class->slots, ((size_t) class->units << LM_UNIT_SHIFT) / class->size);
        assert_int_equal(class->words, (class->slots + 63) / 64);
        assert_true(class->slots % 64 != 0); /* what begins behind the last has a bit */
    }
    find_every_slot();
}

/* The tables of the fast path lead where lm_class_of does, or to a bin that has no slots. */
static void the_fast_paths_tables(void **state) {
    (void)state;
    for (size_t size = 0; size <= LM_SMALL_MAX; size++) {
        size_t step = (size + 7) / 8, bin = sizeof(lm_bin), none = LM_BIN_NONE * bin;
        bool fits = size != 0 && size + LM_TAIL <= LM_SMALL_MAX;
        size_t plain = lm_class_of(size ? size : 1) * bin;
        assert_int_equal(lm_small_offset[step], plain);
        assert_int_equal(lm_small_offset_zero_apart[step], size ? plain : none);
        assert_int_equal(lm_small_offset_with_tail[step],
                         fits ? lm_class_of(size + LM_TAIL) * bin : none);
    }
}

/* Of a span's record, and of the void record, no slot is ever found. */
static void no_slots_without_a_slab(void **state) {
    lm_slab slab = {.reciprocal = 0, .slots = 0xffff};
    size_t slot;
    (void)state;
    for (uint64_t offset = 0; offset < 1 << 20; offset++)
        assert_false(lm_slot_at(&slab, offset, &slot));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_ascend),
        cmocka_unit_test(every_size_gets_the_smallest_class),
        cmocka_unit_test(waste_is_bounded),
        cmocka_unit_test(slabs_are_cut_well),
        cmocka_unit_test(slots_are_found_exactly),
        cmocka_unit_test(no_slots_without_a_slab),
        cmocka_unit_test(the_fast_paths_tables),
        cmocka_unit_test(with_a_guard_in_every_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
