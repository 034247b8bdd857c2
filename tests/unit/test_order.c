// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/bin.h"
#include "heap/order.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "support/heap.h"

static const uint64_t EVEN = 0x5555555555555555;

/* Sets how slots are chosen; returns how it was. */
static lm_protection choose_slots(bool random, bool scatter) {
    const lm_protection usual = lm_once.protection;
    lm_once.protection.random = random;
    lm_once.protection.scatter = scatter;
    return usual;
}

/* A slab in no bin, whose first word has these slots available and no others. */
static lm_slab *slab_with(uint64_t avail) {
    bool clean;
    lm_slab *slab = lm_slab_new(lm_thread_heap(), 0, &clean);
    assert_non_null(slab);
    atomic_store(&slab->pairs[0].avail, avail);
    atomic_store(&slab->pairs[0].pending, 0);
    return slab;
}

static void put_back(lm_slab *slab) {
    atomic_store(&slab->pairs[0].avail, 0);
    atomic_store(&slab->pairs[0].pending, ~(uint64_t)0);
    lm_slab_release(slab);
    assert_sound();
}

/* All that was available, once: the even ones or the odd ones first, either about as often. */
static void halves(void **state) {
    enum { ROUNDS = 200 };
    unsigned odd = 0;
    (void)state;
    const lm_protection usual = choose_slots(true, false);
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t all = round % 2 ? ~(uint64_t)0 : 0x0fffffffffffff70;
        lm_slab *slab = slab_with(all);
        lm_pair *pair = &slab->pairs[0];
        lm_order_begin(lm_self, slab, pair);
        const uint64_t first = atomic_load(&pair->avail), rest = lm_order_rest(slab, pair);
        assert_true(first == (all & EVEN) || first == (all & EVEN << 1));
        assert_int_equal(first | rest, all);
        assert_int_equal(first & rest, 0);
        assert_int_equal(atomic_load(&pair->pending), rest);
        odd += first == (all & EVEN << 1);
        lm_order_go_on(slab, pair, rest);
        assert_int_equal(atomic_load(&pair->avail), rest);
        assert_int_equal(atomic_load(&pair->pending), 0);
        assert_int_equal(lm_order_rest(slab, pair), 0);
        put_back(slab);
    }
    assert_in_range(odd, ROUNDS / 3, ROUNDS * 2 / 3);
    lm_once.protection = usual;
}

/* What is freed meanwhile isn't given along with the rest. */
static void what_is_freed_waits(void **state) {
    (void)state;
    const lm_protection usual = choose_slots(true, false);
    lm_slab *slab = slab_with(~(uint64_t)0xf);
    lm_pair *pair = &slab->pairs[0];
    lm_order_begin(lm_self, slab, pair);
    const uint64_t rest = lm_order_rest(slab, pair);
    atomic_fetch_or(&pair->pending, (uint64_t)0xf);
    assert_int_equal(lm_order_rest(slab, pair), rest);
    lm_order_go_on(slab, pair, rest);
    assert_int_equal(atomic_load(&pair->pending), 0xf);
    put_back(slab);
    lm_once.protection = usual;
}

/* A few slots are given at once; so are all of them without chance, and where each was chosen by chance. */
static void no_halves(void **state) {
    (void)state;
    for (int round = 0; round < 3; round++) {
        const lm_protection usual = choose_slots(round > 0, round > 1);
        const uint64_t all = round == 1 ? 0x3fffff : ~(uint64_t)0;
        lm_slab *slab = slab_with(all);
        lm_order_begin(lm_self, slab, &slab->pairs[0]);
        assert_int_equal(atomic_load(&slab->pairs[0].avail), all);
        assert_int_equal(lm_order_rest(slab, &slab->pairs[0]), 0);
        put_back(slab);
        lm_once.protection = usual;
    }
}

/* As a program sees it: of 64 blocks side by side no two that are asked for in turn are neighbours, but where one half
 * ends; and one that is freed at once isn't given again before all 64 were. */
static void as_malloc_gives_them(void **state) {
    enum { SIZE = 40, SLOT = 48, WORD = 64 };
    char *blocks[WORD];
    unsigned neighbours = 0;
    (void)state;
    const lm_protection usual = choose_slots(true, false);
    loam_trim(0);
    for (int i = 0; i < WORD; i++) {
        blocks[i] = loam_malloc(SIZE);
        assert_non_null(blocks[i]);
        for (int k = 0; k < i; k++)
            assert_ptr_not_equal(blocks[k], blocks[i]);
        const ptrdiff_t step = i > 0 ? blocks[i] - blocks[i - 1] : 0;
        neighbours += step == SLOT || step == -SLOT;
        loam_free(blocks[i]);
        assert_sound();
    }
    assert_in_range(neighbours, 0, 4);
    lm_once.protection = usual;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves),
        cmocka_unit_test(what_is_freed_waits),
        cmocka_unit_test(no_halves),
        cmocka_unit_test(as_malloc_gives_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
