/* Which reads of bytes that were never written are followed, and what is told of them. Whether a value is used, use.c
 * says, which has its own tests; here the test says it. */
#include "support/unit.h"

#include "check/catch.h"
#include "check/shadow_tracked.h"

#include <string.h>

enum { PAGES = 256, START = 64, SIZE = 100, STACK = 12 };

static _Alignas(64) unsigned char pages[PAGES];
static unsigned char copy[PAGES], written[PAGES];
static lm_tracked tracked;
static lm_halt halt;
static ucontext_t context;

/* ---- In the stead of what it asks ---------------------------------------------------------------- */

lm_shadow_counts lm_shadow_count;
lm_catch_seams lm_catch_seam;

static lm_use use_at_once, use_later;
static bool has_time, steps_on;
static uint64_t value_seen, back_bits;
static unsigned set_count;
static uintptr_t set_from, set_to;

static lm_tale tale;
static lm_block tale_block;
static unsigned char tale_dump[64], tale_valid[8];
static unsigned told;

void lm_tale_tell(const lm_tale *t) {
    told++;
    tale = *t;
    tale_block = *t->block;
    memcpy(tale_dump, t->dump, t->dump_size);
    memcpy(tale_valid, t->valid, sizeof tale_valid);
}

lm_tracked *lm_shadow_find(uintptr_t at) {
    return at - tracked.pages < tracked.bytes ? &tracked : NULL;
}

bool lm_shadow_has_time(void) {
    return has_time;
}

void lm_shadow_set_written(const lm_tracked *t, uintptr_t from, uintptr_t to, uintptr_t source) {
    assert_ptr_equal(t, &tracked);
    assert_int_equal(source, 0);
    set_count++;
    set_from = from;
    set_to = to;
}

lm_use lm_use_begin(lm_watch *w, const lm_halt *m, const lm_touch *touch, const lm_read *before,
                    const lm_bits *bits, uint64_t value) {
    (void)m, (void)before, (void)bits;
    value_seen = value;
    *w = (lm_watch){.touch = *touch};
    return use_at_once;
}

lm_use lm_use_look(lm_watch *w, const lm_halt *m) {
    (void)m;
    w->back = back_bits;
    return use_later;
}

void lm_halt_read_here(ucontext_t *at, lm_halt *m) {
    assert_ptr_equal(at, &context);
    *m = halt;
}

bool lm_halt_single(ucontext_t *at, bool wanted) {
    assert_ptr_equal(at, &context);
    steps_on = wanted;
    return false;
}

static uint32_t stack_of(const ucontext_t *at) {
    assert_ptr_equal(at, &context);
    return STACK;
}

/* ---- Reads ------------------------------------------------------------------------------------ */

static uintptr_t at(size_t inside) {
    return tracked.block.start + inside;
}

static int set_up(void **state) {
    (void)state;
    lm_shadow_look_away(&context); /* nothing is left of the test before */
    memset(written, 0, sizeof written);
    for (size_t i = 0; i < PAGES; i++)
        copy[i] = (unsigned char)i;
    tracked =
        (lm_tracked){.pages = (uintptr_t)pages,
                     .bytes = PAGES,
                     .block = {.start = (uintptr_t)pages + START, .size = SIZE, .allocated = 3},
                     .copy = copy,
                     .written = written};
    halt = (lm_halt){.pc = 0x1000, .context = &context};
    lm_shadow_count = (lm_shadow_counts){0};
    lm_catch_seam = (lm_catch_seams){.stack_of = stack_of};
    use_at_once = use_later = LM_USE_WATCH;
    has_time = true;
    steps_on = false;
    told = set_count = 0;
    return 0;
}

static void read_at(size_t inside, size_t bytes) {
    const lm_touch touch = {at(inside), bytes, LM_READS};
    const lm_bits bits = {.unwritten = ~(uint64_t)0};
    lm_shadow_watch(&tracked, &halt, &touch, &bits);
}

static void used_at_once(void **state) {
    (void)state;
    use_at_once = LM_USE_YES;
    read_at(8, 4);
    assert_int_equal(told, 1);
    assert_int_equal(tale.code, LM_CODE_UNINITIALISED_READ);
    assert_int_equal(tale.certainty, LM_CERTAIN_EXACT);
    assert_string_equal(tale.access, "read");
    assert_int_equal(tale.bytes, 4);
    assert_int_equal(tale.pointer, at(8));
    assert_int_equal(tale.stack, STACK);
    assert_int_equal(tale_block.allocated, 3);
    assert_int_equal(tale.first, 8);
    assert_int_equal(tale.last, 11);
    assert_int_equal(value_seen, 0x4b4a4948); /* the bytes of the copy */
    assert_int_equal(lm_shadow_count.told, 1);
    assert_false(lm_shadow_look(&context)); /* nothing is followed */
}

/* Told once: then it counts as written. */
static void what_was_told_counts_as_written(void **state) {
    (void)state;
    use_at_once = LM_USE_YES;
    read_at(8, 4);
    assert_int_equal(set_count, 1);
    assert_int_equal(set_from, at(8));
    assert_int_equal(set_to, at(12));
}

static void not_used(void **state) {
    (void)state;
    use_at_once = LM_USE_NO;
    read_at(8, 4);
    assert_int_equal(told, 0);
    assert_int_equal(tracked.watches, 0);
    assert_false(lm_shadow_look(&context));
}

/* Of a wide read the bytes are named that weren't written: from the first to the last. */
static void the_bad_bytes(void **state) {
    (void)state;
    use_at_once = LM_USE_YES;
    written[START + 16] = written[START + 17] = LM_SHADOW_ALL;
    written[START + 20] = LM_SHADOW_ALL; /* between others that weren't */
    written[START + 23] = LM_SHADOW_ALL;
    read_at(16, 8);
    assert_int_equal(tale.first, 18);
    assert_int_equal(tale.last, 22);
    assert_int_equal(tale.bytes, 8);
}

static void the_picture(void **state) {
    (void)state;
    use_at_once = LM_USE_YES;
    written[START + 1] = 1; /* a bit is enough */
    read_at(8, 4);
    assert_int_equal(tale.dump_at, 0);
    assert_int_equal(tale.dump_size, 64);
    assert_int_equal(tale_dump[0], START);
    assert_int_equal(tale_valid[0], 2);
    read_at(90, 4); /* around the place, to the end of the block */
    assert_int_equal(tale.dump_at, 56);
    assert_int_equal(tale.dump_size, SIZE - 56);
    assert_int_equal(tale_dump[0], START + 56);
}

/* ---- Values that are followed -------------------------------------------------------------------- */

static void followed_until_it_is_used(void **state) {
    (void)state;
    read_at(8, 4);
    assert_int_equal(told, 0);
    assert_int_equal(tracked.watches, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(lm_shadow_look(&context));
        assert_true(steps_on);
        assert_int_equal(told, 0);
    }
    use_later = LM_USE_YES;
    copy[START + 8] = 99; /* the program went on: the picture is of then */
    assert_true(lm_shadow_look(&context));
    assert_int_equal(told, 1);
    assert_int_equal(tale_dump[8], START + 8);
    assert_false(steps_on);
    assert_false(lm_shadow_look(&context));
    assert_int_equal(lm_shadow_count.looks, 4);
}

static void followed_and_given_up(void **state) {
    uint64_t unwritten = 0;
    (void)state;
    read_at(8, 4);
    use_later = LM_USE_NO;
    back_bits = 0xf0;
    halt.pc = 0x1004;
    assert_true(lm_shadow_look(&context));
    assert_int_equal(told, 0);
    assert_false(steps_on);
    /* It may have been given up since it goes back where it came from. */
    assert_false(lm_shadow_puts_back(0x1008, at(8), &unwritten));
    assert_false(lm_shadow_puts_back(0x1004, at(9), &unwritten));
    assert_true(lm_shadow_puts_back(0x1004, at(8), &unwritten));
    assert_int_equal(unwritten, 0xf0);
    assert_false(lm_shadow_puts_back(0x1004, at(8), &unwritten)); /* once */
}

static void only_a_few_at_a_time(void **state) {
    enum { WATCHES = 4 };
    (void)state;
    for (size_t i = 0; i < WATCHES + 3; i++)
        read_at(i * 8, 4);
    assert_int_equal(tracked.watches, WATCHES);
    use_later = LM_USE_YES;
    lm_shadow_look(&context);
    assert_int_equal(told, WATCHES);
    read_at(80, 4); /* there is room again */
    assert_int_equal(tracked.watches, WATCHES + 1);
}

static void a_block_has_its_number(void **state) {
    enum { MOST = 100 };
    (void)state;
    use_at_once = LM_USE_YES;
    for (int i = 0; i < MOST + 10; i++)
        read_at(8, 4);
    assert_int_equal(told, MOST + 1);
}

static void no_time_is_left(void **state) {
    (void)state;
    has_time = false;
    use_at_once = LM_USE_YES;
    read_at(8, 4);
    assert_int_equal(told, 0);
}

/* The program's own handler runs: what it does is another matter. */
static void followed_no_more(void **state) {
    (void)state;
    read_at(8, 4);
    steps_on = true;
    lm_shadow_look_away(&context);
    assert_false(steps_on);
    assert_false(lm_shadow_look(&context));
    steps_on = true;
    lm_shadow_look_away(&context); /* nothing was followed: the steps are others' */
    assert_true(steps_on);
}

/* A pointer that is made of such a value faults later: then it is known where it came from. */
static void the_latest_that_was_told(void **state) {
    lm_block block;
    uint64_t value = 0;
    (void)state;
    use_at_once = LM_USE_YES;
    read_at(16, 8);
    memcpy(&value, copy + START + 16, sizeof value);
    assert_int_equal(lm_shadow_told(value, &block), at(16));
    assert_int_equal(block.allocated, 3);
    assert_int_equal(lm_shadow_told(value + 1, &block), 0);
}

/* ---- Accesses beside the block ------------------------------------------------------------------- */

static void tales_of_writes(void **state) {
    const lm_touch touch = {at(SIZE) - 2, 4, LM_WRITES};
    (void)state;
    lm_shadow_tell(&tracked, &halt, &touch, LM_CODE_HEAP_OVERFLOW, at(SIZE), at(SIZE) + 2);
    assert_int_equal(told, 1);
    assert_string_equal(tale.access, "write");
    assert_int_equal(tale.code, LM_CODE_HEAP_OVERFLOW);
    assert_int_equal(tale.first, SIZE);
    assert_int_equal(tale.last, SIZE + 1);
    const lm_touch before = {at(0) - 4, 4, LM_READS};
    lm_shadow_tell(&tracked, &halt, &before, LM_CODE_HEAP_UNDERFLOW, at(0) - 4, at(0));
    assert_string_equal(tale.access, "read");
    assert_int_equal(tale.first, -4);
    assert_int_equal(tale.last, -1);
    assert_int_equal(tale.dump_at, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(used_at_once),
        TEST(what_was_told_counts_as_written),
        TEST(not_used),
        TEST(the_bad_bytes),
        TEST(the_picture),
        TEST(followed_until_it_is_used),
        TEST(followed_and_given_up),
        TEST(only_a_few_at_a_time),
        TEST(a_block_has_its_number),
        TEST(no_time_is_left),
        TEST(followed_no_more),
        TEST(the_latest_that_was_told),
        TEST(tales_of_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
