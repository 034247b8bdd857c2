// ctest-args:
// ctest-args:
// ctest-options: harden=0
// ctest-args:
// ctest-options: harden=1
// ctest-args:
// ctest-options: harden=3

#include "support/unit.h"

#include "heap/guard.h"
#include "heap/protect.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "os/os.h"
#include "support/child.h"
#include "support/heap.h"
#include "support/pattern.h"

#include <string.h>

/* A slab of its own, in no bin: verify would miss it there, so it is asked before and after. */
static lm_slab *new_slab(unsigned class, bool *fresh) {
    lm_slab *slab = lm_slab_new(lm_thread_heap(), class, fresh);
    assert_non_null(slab);
    return slab;
}

static void new_ones(void **state) {
    (void)state;
    for (unsigned c = 0; c < LM_CLASSES; c++) {
        bool fresh;
        lm_slab *slab = new_slab(c, &fresh);
        assert_int_equal(slab->slots, lm_slab_slots(&lm_classes[c], slab->guarded));
        assert_int_equal(lm_slab_slots(&lm_classes[c], false), lm_classes[c].slots);
        assert_int_equal(lm_slab_available(slab), 0);
        assert_int_equal(lm_slab_pending(slab), slab->slots);
        assert_int_equal(lm_slab_room(slab), lm_classes[c].room);
        assert_int_equal((uintptr_t)lm_slab_address(slab) % LM_UNIT, 0);
        assert_ptr_equal(atomic_load(&slab->owner), lm_self);
        assert_true(lm_slab_all_free(slab));
        char *at = lm_slab_address(slab);
        assert_ptr_equal(slab_of(at + lm_slab_bytes(slab) - 1), slab);
        lm_slab_release(slab);
        assert_null(slab_of(at));
    }
    assert_sound();
}

/* Memory that is said to read as zeros does; where free slots must, those of used memory are made to, and no
 * others. */
static void clean_is_zero(void **state) {
    (void)state;
    for (int round = 0; round < 50; round++) {
        bool clean;
        lm_slab *slab = new_slab((unsigned)round % LM_CLASS_ZERO, &clean);
        size_t room = lm_slab_room(slab), cleared = slab->slots / 2u;
        for (size_t slot = 0; slot < slab->slots; slot++) {
            char *at = lm_slab_address(slab) + slot * lm_slab_size(slab);
            assert_true(all_zero(at, room) || !clean);
            memset(at, 'x', room);
        }
        assert_int_equal(lm_slab_clear(slab, 0, (unsigned)cleared), lm_protect_clears(room));
        for (size_t slot = 0; slot < slab->slots && lm_protect_clears(room); slot++)
            assert_int_equal(all_zero(lm_slab_address(slab) + slot * lm_slab_size(slab), room),
                             slot < cleared);
        lm_slab_release(slab);
    }
}

static uint64_t word_of(_Atomic uint64_t *bits) {
    return atomic_load(bits);
}

/* Slots 0 to 7 were freed, the others of the first word are in use. */
static lm_slab *half_used(void) {
    bool fresh;
    lm_slab *slab = new_slab(0, &fresh);
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        uint64_t valid = lm_slab_valid(slab, w);
        atomic_store(&slab->pairs[w].avail, w ? valid : 0);
        atomic_store(&slab->pairs[w].pending, w ? ~valid : 0xff);
    }
    return slab;
}

static void put_back(lm_slab *slab) {
    for (unsigned w = 0; w < lm_slab_words(slab); w++) {
        atomic_store(&slab->pairs[w].avail, 0);
        atomic_store(&slab->pairs[w].pending, ~(uint64_t)0);
        atomic_store(&lm_slab_remotes(slab)[w].bits, 0);
    }
    lm_slab_release(slab);
    assert_sound();
}

/* Sets how slots are chosen; returns how it was. */
static lm_protection choose_slots(bool random, bool scatter) {
    const lm_protection usual = lm_once.protection;
    lm_once.protection.random = random;
    lm_once.protection.scatter = scatter;
    return usual;
}

static void harvest_of_all(void **state) {
    (void)state;
    const lm_protection usual = choose_slots(false, false);
    lm_slab *slab = half_used();
    assert_int_equal(lm_slab_available(slab), slab->slots - 64);
    assert_int_equal(lm_slab_pending(slab), 8);
    assert_false(lm_slab_all_free(slab));
    lm_slab_harvest(slab, lm_self);
    assert_int_equal(word_of(&slab->pairs[0].avail), 0xff);
    assert_int_equal(lm_slab_pending(slab), 0);
    assert_int_equal(lm_slab_available(slab), slab->slots - 56);
    atomic_store(&lm_slab_remotes(slab)[0].bits, ~(uint64_t)0xff);
    assert_true(lm_slab_all_free(slab));
    put_back(slab);
    lm_once.protection = usual;
}

/* Of a part of the slots: those within it, wherever it begins and ends, and no others. */
static void harvest_of_a_part(void **state) {
    bool clean;
    (void)state;
    const lm_protection usual = choose_slots(false, false);
    for (unsigned from = 0; from < 140; from += 20)
        for (unsigned to = from; to < 200; to += 32) {
            lm_slab *slab = new_slab(0, &clean);
            assert_int_equal(lm_slab_harvest_part(slab, lm_self, from, to), to - from);
            assert_int_equal(lm_slab_pending_before(slab, from), from);
            assert_int_equal(lm_slab_pending_before(slab, to), from);
            assert_int_equal(lm_slab_available(slab), to - from);
            assert_int_equal(lm_slab_pending(slab), slab->slots - (to - from));
            put_back(slab);
        }
    lm_once.protection = usual;
}

/* Which slots of new slabs' words become available at first, of 20 slabs. */
static unsigned first_words(uint64_t *words, unsigned room) {
    unsigned count = 0;
    bool fresh;
    for (int round = 0; round < 20; round++) {
        lm_slab *slab = new_slab(0, &fresh);
        lm_slab_harvest(slab, lm_self);
        for (unsigned w = 0; w * 64u < slab->slots && count < room; w++) {
            words[count] = word_of(&slab->pairs[w].avail);
            assert_true(words[count] + word_of(&slab->pairs[w].pending) + 1 == 0);
            count++;
        }
        put_back(slab);
    }
    return count;
}

enum { WORDS_MOST = 1000 };

/* One by one: about half of a word's slots at a time, never none, never one that isn't free, and all of
 * them in the end. */
static void harvest_scattered(void **state) {
    static uint64_t word[WORDS_MOST];
    unsigned chosen = 0, differ = 0;
    (void)state;
    const lm_protection usual = choose_slots(true, true);
    const unsigned words = first_words(word, WORDS_MOST);
    for (unsigned w = 0; w < words; w++) {
        assert_true(word[w] != 0);
        chosen += lm_count_bits(word[w]);
        differ += w == 0 || word[w] != word[w - 1];
    }
    assert_in_range(chosen, words * 64 * 2 / 5, words * 64 * 3 / 5);
    assert_in_range(differ, words * 4 / 5, words);
    lm_slab *slab = half_used();
    for (int i = 0; i < 8; i++)
        lm_slab_harvest(slab, lm_self);
    assert_int_equal(word_of(&slab->pairs[0].avail), 0xff);
    put_back(slab);
    lm_once.protection = usual;
}

/* What rests and what is known to be free, slot by slot. */
static void looks_at_its_words(void **state) {
    bool fresh;
    (void)state;
    lm_slab *slab = new_slab(lm_class_of(48), &fresh);
    unsigned last = slab->slots - 1;
    assert_true(lm_slab_words(slab) > 1);
    assert_true(lm_slab_known_free(slab));
    assert_true(lm_slab_any_pending_before(slab, 1));
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        atomic_store(&slab->pairs[w].pending, ~lm_slab_valid(slab, w));
    assert_false(lm_slab_known_free(slab));
    assert_int_equal(lm_slab_free_slots(slab), 0);
    assert_int_equal(lm_slab_pending(slab), 0);
    assert_false(lm_slab_any_pending_before(slab, slab->slots));
    atomic_fetch_or(&slab->pairs[last / 64].pending, lm_bit(last % 64));
    assert_int_equal(lm_slab_free_slots(slab), 1);
    assert_int_equal(lm_slab_pending(slab), 1);
    assert_true(lm_slab_any_pending_before(slab, slab->slots));
    assert_false(lm_slab_any_pending_before(slab, last));
    for (unsigned w = 0; w < lm_slab_words(slab); w++)
        atomic_store(&slab->pairs[w].pending, ~(uint64_t)0);
    assert_true(lm_slab_known_free(slab));
    assert_int_equal(lm_slab_free_slots(slab), slab->slots);
    put_back(slab);
}

/* Bits of the last word without a slot are pending, before and after. */
static void harvest_leaves_what_is_no_slot(void **state) {
    bool fresh;
    (void)state;
    unsigned class = lm_class_of(208);
    lm_slab *slab = new_slab(class, &fresh);
    unsigned last = lm_slab_words(slab) - 1;
    uint64_t valid = lm_slab_valid(slab, last);
    assert_true(valid + 1 != 0);
    for (int i = 0; i < 70; i++)
        lm_slab_harvest(slab, lm_self);
    assert_int_equal(word_of(&slab->pairs[last].avail), valid);
    assert_int_equal(word_of(&slab->pairs[last].pending), ~valid);
    put_back(slab);
}

/* ---- Guards --------------------------------------------------------------------------------- */

/* Guards cost no mappings, and a slab can do without a page. */
static bool has_guards(void) {
    return lm_guard_is_cheap() && lm_os.page <= LM_UNIT / 4;
}

static int touch(void *at) {
    *(volatile char *)at = 1;
    return 7;
}

/* Some slabs end with a page that nobody may touch, in place of slots; an address in it leads to no block. */
static void guards_at_ends_of_slabs(void **state) {
    enum { SLABS = 200 };
    static lm_slab *slabs[SLABS];
    bool fresh;
    unsigned guarded = 0;
    (void)state;
    for (unsigned i = 0; i < SLABS; i++) {
        lm_slab *slab = slabs[i] = new_slab(3, &fresh);
        char *end = lm_slab_address(slab) + lm_slab_bytes(slab);
        assert_int_equal(slab->slots, (lm_slab_bytes(slab) - (slab->guarded ? lm_os.page : 0)) /
                                          lm_slab_size(slab));
        if (!slab->guarded)
            continue;
        lm_found found = lm_find(end - lm_slab_size(slab));
        assert_true(found.inside && found.slab == slab && !found.block && !found.live);
        assert_false(lm_find_exact(end - lm_slab_size(slab), &found));
        if (guarded++ > 0)
            continue;
        assert_int_equal(in_child(touch, end - 1), -SIGSEGV);
        assert_int_equal(in_child(touch, end - lm_os.page), -SIGSEGV);
        assert_int_equal(in_child(touch, end - lm_os.page - 1), 7);
    }
    uint64_t rate = has_guards() ? lm_once.protection.guard_rate : 0;
    if (rate)
        assert_in_range(guarded, SLABS / rate / 3, SLABS / rate * 3);
    else
        assert_int_equal(guarded, 0);
    for (unsigned i = 0; i < SLABS; i++) {
        char *last = lm_slab_address(slabs[i]) + lm_slab_bytes(slabs[i]) - 1;
        lm_slab_release(slabs[i]);
        touch(last); /* free units can be used again */
    }
    assert_sound();
}

/* All of its slots, and no more, can be had of a slab with a guard; then it is empty again. */
static void slots_of_a_guarded_slab(void **state) {
    bool fresh;
    (void)state;
    if (!has_guards())
        skip();
    lm_protection usual = lm_once.protection;
    lm_once.protection.guard_rate = 1;
    lm_once.protection.random = false;
    lm_slab *slab = new_slab(0, &fresh); /* whole words of its bitmaps stand for no slot */
    lm_once.protection = usual;
    assert_true(slab->guarded);
    assert_true(slab->slots <= (lm_slab_words(slab) - 1) * 64);
    assert_int_equal(lm_slab_valid(slab, lm_slab_words(slab) - 1), 0);
    lm_slab_harvest(slab, lm_self);
    lm_slab_harvest(slab, lm_self);
    assert_int_equal(lm_slab_available(slab) + lm_slab_pending(slab), slab->slots);
    assert_int_equal(lm_slab_live(slab), 0);
    assert_true(lm_slab_empty(slab) && lm_slab_all_free(slab));
    lm_slab_release(slab);
    assert_sound();
}

/* Slabs of larger slots have them at the highest level only: they are made and released more often. */
static void guards_at_ends_of_larger_slabs(void **state) {
    enum { SLABS = 100 };
    static lm_slab *slabs[SLABS];
    bool fresh;
    unsigned guarded = 0;
    bool any = lm_once.protection.guard_max > LM_SMALL_MAX && has_guards();
    (void)state;
    for (unsigned i = 0; i < SLABS; i++) {
        slabs[i] = new_slab(lm_class_of(LM_SMALL_MAX + 1), &fresh);
        guarded += slabs[i]->guarded;
    }
    assert_true(any ? guarded > 0 : guarded == 0);
    for (unsigned i = 0; i < SLABS; i++)
        lm_slab_release(slabs[i]);
    assert_sound();
}

/* Units that are said to be the system's again are: the guard's page too. */
static void purged_with_its_guard(void **state) {
    bool fresh;
    (void)state;
    if (!has_guards())
        skip();
    lm_protection usual = lm_once.protection;
    lm_once.protection.guard_rate = 1;
    lm_once.protection.purge_slabs = true;
    lm_slab *slab = new_slab(3, &fresh);
    assert_true(slab->guarded);
    char *first = lm_slab_address(slab), *last = first + lm_slab_bytes(slab) - 1;
    first[0] = 'x';
    lm_slab_release(slab);
    assert_int_equal(first[0], 0);
    assert_int_equal(last[0], 0);
    lm_once.protection = usual;
}

/* A slot that another thread frees while the slab is about to be released is free already. */
static void closed_slabs(void **state) {
    bool fresh;
    (void)state;
    lm_slab *slab = new_slab(lm_class_of(208), &fresh);
    lm_remote *remotes = lm_slab_remotes(slab);
    atomic_store(&remotes[1].bits, 2);
    assert_false(lm_slab_close(slab)); /* one came in between: nothing has changed */
    assert_int_equal(atomic_load(&remotes[0].bits), 0);
    assert_int_equal(atomic_load(&remotes[1].bits), 2);
    atomic_store(&remotes[1].bits, 0);
    assert_true(lm_slab_close(slab));
    for (size_t slot = 0; slot < slab->slots; slot++)
        assert_false(lm_slot_live(slab, slot));
    assert_int_equal(atomic_load(&remotes[1].bits), lm_slab_valid(slab, 1));
    lm_slab_release(slab);
    assert_null(atomic_load(&slab->owner));
    assert_sound();
}

/* Blocks of no bytes: nobody can touch them, where there are guards; and they have no reciprocal. Some such
 * slabs have a guard before them as well. */
static void slots_of_no_bytes(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        bool fresh;
        lm_slab *slab = new_slab(LM_CLASS_ZERO, &fresh);
        char *at = lm_slab_address(slab), *last = at + lm_slab_bytes(slab) - 1;
        assert_int_equal(slab->reciprocal, 0);
        assert_int_equal(slab->hidden, lm_once.guard.kind != LM_GUARDS_OFF);
        if (slab->hidden && i < 3) {
            assert_int_equal(in_child(touch, at), -SIGSEGV);
            assert_int_equal(in_child(touch, last), -SIGSEGV);
        }
        lm_slab_release(slab);
        touch(at);
        touch(last);
    }
    assert_sound();
}

/* With guards in the slots: each ends at one. */
static void guards_in_slots(void **state) {
    bool fresh;
    (void)state;
    unsigned class = lm_class_of(20000);
    if (lm_classes[class].room == lm_classes[class].size)
        skip();
    lm_slab *slab = new_slab(class, &fresh);
    for (size_t i = 0; i < slab->slots; i++) {
        char *at = lm_slab_address(slab) + i * lm_slab_size(slab);
        assert_int_equal(in_child(touch, at + lm_slab_room(slab) - 1), 7);
        assert_int_equal(in_child(touch, at + lm_slab_room(slab)), -SIGSEGV);
        assert_int_equal(in_child(touch, at + lm_slab_size(slab) - 1), -SIGSEGV);
    }
    char *at = lm_slab_address(slab);
    size_t bytes = lm_slab_bytes(slab);
    lm_slab_release(slab);
    for (size_t i = 0; i < bytes; i += 4096)
        touch(at + i);
}

static void thresholds(void **state) {
    lm_slab slab = {.slots = 1024};
    (void)state;
    assert_int_equal(lm_slab_threshold(&slab), 128);
    slab.slots = 8;
    assert_int_equal(lm_slab_threshold(&slab), 1);
    slab.slots = 4;
    assert_int_equal(lm_slab_threshold(&slab), 1);
}

static void releases_units(void **state) {
    bool fresh;
    (void)state;
    size_t used = lm_arena_used_units();
    const unsigned class = LM_CLASS_ZERO - 1;
    lm_slab *slab = new_slab(class, &fresh);
    assert_int_equal(lm_arena_used_units(), used + lm_slab_units(slab));
    assert_int_equal(lm_slab_units(slab), lm_classes[class].units);
    lm_slab_release(slab);
    assert_int_equal(lm_arena_used_units(), used);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_ones),
        cmocka_unit_test(clean_is_zero),
        cmocka_unit_test(harvest_of_all),
        cmocka_unit_test(harvest_of_a_part),
        cmocka_unit_test(harvest_scattered),
        cmocka_unit_test(harvest_leaves_what_is_no_slot),
        cmocka_unit_test(looks_at_its_words),
        cmocka_unit_test(guards_at_ends_of_slabs),
        cmocka_unit_test(slots_of_a_guarded_slab),
        cmocka_unit_test(guards_at_ends_of_larger_slabs),
        cmocka_unit_test(purged_with_its_guard),
        cmocka_unit_test(closed_slabs),
        cmocka_unit_test(slots_of_no_bytes),
        cmocka_unit_test(guards_in_slots),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(releases_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
