/* Findings that are noted under a lock and said later: all of them, each once. */
#include "support/unit.h"

#include "heap/note.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/thread.h"
#include "support/trap.h"

enum { MANY = 100 };
static char *blocks[MANY];

static int set_up(void **state) {
    (void)state;
    trap_set();
    return 0;
}

static void *free_all(void *argument) {
    for (unsigned i = 0; i < MANY; i++)
        loam_free(blocks[i]);
    return argument;
}

/* By another thread, then by the owner, who can't see it: each is named when both bits meet. */
static void of_several_all_are_said(void **state) {
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        blocks[i] = loam_malloc(100);
    char *keep = loam_malloc(100);
    in_thread(free_all, NULL);
    int found = trap_take();
    free_all(NULL);
    loam_trim(0);
    found += trap_take();
    assert_int_equal(found, MANY);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    loam_free(keep);
    loam_trim(0);
    assert_int_equal(trap_take(), 0);
    assert_sound();
}

/* Each bit of a word is a slot: the address and the class are the slot's. */
static void the_bits_of_a_word(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    lm_slab *slab = slab_of(p);
    lm_note_twice(slab, 1, lm_bit(3) | lm_bit(40));
    assert_true(lm_noted);
    lm_note_say();
    assert_false(lm_noted);
    assert_int_equal(trap_take(), 2);
    assert_ptr_equal(trapped.pointer, lm_slab_address(slab) + (size_t)104 * lm_slab_size(slab));
    assert_int_equal(trapped.class_size, lm_slab_room(slab));
    lm_note_say();
    assert_int_equal(trap_take(), 0);
    loam_free(p);
}

/* More than there is room for: none is silent, though not all have a name. */
static void more_than_fit(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    lm_slab *slab = slab_of(p);
    for (int i = 0; i < 1000; i++)
        lm_note_twice(slab, 0, 7);
    lm_note_say();
    assert_int_equal(trap_take(), 3000);
    assert_int_equal(trapped.kind, LM_DOUBLE_FREE);
    assert_null(trapped.block);
    loam_free(p);
}

/* Damage is looked at again before it is said: what is whole by then isn't mentioned. */
static void damage(void **state) {
    (void)state;
    if (!lm_once.tail)
        skip();
    char *p = loam_malloc(hidden(100));
    size_t room = lm_find(p).size;
    lm_note_damage(p);
    lm_note_say();
    assert_int_equal(trap_take(), 0);
    p[100] ^= 1;
    lm_note_damage(p);
    lm_note_say();
    p[100] ^= 1;
    assert_int_equal(trap_take(), LM_THREAD_SANITIZER ? 0 : 1);
    if (!LM_THREAD_SANITIZER) {
        assert_int_equal(trapped.kind, LM_HEAP_OVERFLOW);
        assert_ptr_equal(trapped.block, p);
        assert_int_equal(trapped.first, 100);
        assert_int_equal(trapped.last, 100);
        assert_int_equal(trapped.class_size, room);
    }
    loam_free(p);
    assert_int_equal(trap_take(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(of_several_all_are_said, set_up),
        cmocka_unit_test_setup(the_bits_of_a_word, set_up),
        cmocka_unit_test_setup(more_than_fit, set_up),
        cmocka_unit_test_setup(damage, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
