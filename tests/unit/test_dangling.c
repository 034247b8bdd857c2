/* Places that hold freed blocks, among variables and blocks that the test names. test_leaks.c has stacks too, and a
 * whole process. */
#include "support/unit.h"

#include "check/access.h"
#include "check/dangling.h"
#include "check/mark.h"
#include "check/roots.h"
#include "check/tale.h"
#include "check/watched.h"
#include "os/os.h"

#include <stdio.h>
#include <string.h>

/* ---- In the stead of what it asks ---------------------------------------------------------------- */

enum { BLOCKS = 64, EACH = 64, SIZE = 40, WORDS = SIZE / 8 };

static _Alignas(64) char heap[BLOCKS * EACH];
static lm_block blocks[BLOCKS];
static lm_marked marked[BLOCKS];
static size_t marked_count;
static uintptr_t variables[4096]; /* all static ones */
static size_t variable_count;

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    const size_t number = (at - (uintptr_t)heap) / EACH;
    if (at - (uintptr_t)heap >= sizeof heap || blocks[number].start == 0)
        return false;
    *block = blocks[number];
    return true;
}

void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    (void)visit, (void)context;
}

const lm_marked *lm_mark_blocks(size_t *count) {
    *count = marked_count;
    return marked;
}

const lm_marked *lm_mark_find(uintptr_t at) {
    for (size_t i = 0; i < marked_count; i++)
        if (at - marked[i].start < SIZE)
            return &marked[i];
    return NULL;
}

size_t lm_marked_long(const lm_marked *block) {
    (void)block;
    return SIZE;
}

bool lm_roots_is_static(uintptr_t at) {
    return at - (uintptr_t)variables < sizeof variables;
}

void lm_roots_each(lm_roots_visit *visit, void *context) {
    visit(variables, 1, 0, context); /* a register: not from anywhere */
    visit(variables, variable_count, (uintptr_t)variables, context);
    visit(variables, variable_count, (uintptr_t)heap + sizeof heap, context); /* mapped memory */
}

void lm_roots_memory(uintptr_t start, size_t size, lm_roots_visit *visit, void *context) {
    visit((const uintptr_t *)start, size / 8, start, context);
}

bool lm_roots_word(uintptr_t at, uintptr_t *word) {
    memcpy(word, (const void *)at, sizeof *word);
    return true;
}

const void *lm_access_content(const void *at) {
    return at;
}

static lm_tale tales[64];
static lm_block told[64];
static char holders[64][1100];
static size_t tale_count;

void lm_tale_tell(const lm_tale *tale) {
    tales[tale_count] = *tale;
    told[tale_count] = *tale->block;
    snprintf(holders[tale_count], sizeof holders[0], "%s", tale->holders);
    tale_count++;
}

/* ---- What is asked again and again --------------------------------------------------------------- */

static lm_stand stand;

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    memset(heap, 0, sizeof heap);
    memset(blocks, 0, sizeof blocks);
    memset(variables, 0, sizeof variables);
    variable_count = 16;
    marked_count = tale_count = 0;
    lm_watched_add((uintptr_t)heap, sizeof heap);
    return 0;
}

static uintptr_t start_of(size_t number) {
    return (uintptr_t)heap + number * EACH;
}

static uintptr_t live(size_t number) {
    blocks[number] = (lm_block){.start = start_of(number), .size = SIZE, .live = true};
    marked[marked_count++] = (lm_marked){.start = start_of(number) & (((uint64_t)1 << 48) - 1),
                                         .short_size = SIZE,
                                         .reach = LM_REACH_REACHED};
    return start_of(number);
}

static uintptr_t freed(size_t number, const char *call) {
    blocks[number] =
        (lm_block){.start = start_of(number), .size = SIZE, .freed_call = call, .freed = 5};
    return start_of(number);
}

static void put(size_t number, size_t word, uintptr_t value) {
    memcpy((char *)start_of(number) + word * 8, &value, sizeof value);
}

static void look(void) {
    tale_count = 0;
    lm_dangling_look(&stand);
    lm_dangling_tell();
}

static bool holders_begin(size_t tale, const char *kind, const void *at) {
    char expected[64];
    snprintf(expected, sizeof expected, "%s:0x%zx:", kind, (size_t)at);
    return strncmp(holders[tale], expected, strlen(expected)) == 0;
}

/* ---- Variables and blocks ------------------------------------------------------------------------ */

static void variables_with_any_address(void **state) {
    (void)state;
    const uintptr_t p = freed(3, "free");
    variables[5] = p + SIZE - 1;
    look();
    assert_int_equal(tale_count, 1);
    assert_int_equal(tales[0].code, LM_CODE_DANGLING_POINTER);
    assert_int_equal(tales[0].certainty, LM_CERTAIN_LATER);
    assert_int_equal(tales[0].pointer, p);
    assert_int_equal(tales[0].stack, 5);
    assert_int_equal(told[0].start, p);
    assert_true(holders_begin(0, "static", &variables[5]));
    assert_int_equal(tales[0].module_count, 1); /* this program, which has the variable */
    variables[5] = p + SIZE;                    /* behind it */
    look();
    assert_int_equal(tale_count, 0);
    variables[5] = p - 1;
    look();
    assert_int_equal(tale_count, 0);
    blocks[3].size = 0;
    variables[5] = p;
    look();
    assert_int_equal(tale_count, 1);
}

static void blocks_with_the_first_address(void **state) {
    char expected[128];
    (void)state;
    const uintptr_t p = freed(3, "free"), holder = live(7);
    put(7, 2, p);
    look();
    assert_int_equal(tale_count, 1);
    snprintf(expected, sizeof expected, "block:%#zx:%#zx+16", (size_t)holder + 16, (size_t)holder);
    assert_string_equal(holders[0], expected);
    assert_int_equal(tales[0].module_count, 0);
    put(7, 2, p + 1);
    look();
    assert_int_equal(tale_count, 0);
    put(7, 2, p);
    marked[0].reach = LM_REACH_POSSIBLE; /* nobody follows it */
    look();
    assert_int_equal(tale_count, 0);
}

static void live_ones_are_none(void **state) {
    (void)state;
    variables[0] = live(1);
    put(1, 0, live(2));
    variables[1] = start_of(9); /* no block any more */
    look();
    assert_int_equal(tale_count, 0);
    freed(2, "free"); /* it lives by the marks: others freed it meanwhile */
    look();
    assert_int_equal(tale_count, 0);
}

/* One tale for each block, with all that hold it; of many, the first. */
static void all_that_hold_it(void **state) {
    enum { HOLDERS = 12 };
    size_t commas = 0;
    (void)state;
    const uintptr_t one = freed(1, "free"), two = freed(2, "free");
    variables[1] = two;
    live(4);
    put(4, 0, one);
    put(4, 4, two);
    variables[2] = one;
    look();
    assert_int_equal(tale_count, 2);
    assert_int_equal(tales[0].pointer, two);
    assert_int_equal(tales[1].pointer, one);
    assert_true(holders_begin(0, "static", &variables[1]));
    assert_non_null(strstr(holders[0], ",block:"));
    assert_non_null(strstr(holders[1], ",block:"));
    variables[1] = 0;
    for (size_t i = 0; i < 16; i++)
        variables[i] = one;
    look();
    for (const char *at = holders[0]; *at; at++)
        commas += *at == ',';
    assert_int_equal(commas, HOLDERS - 1);
    assert_int_equal(tales[0].module_count, HOLDERS);
    look(); /* and again */
    assert_int_equal(tale_count, 2);
}

/* More than are told at once. */
static void very_many(void **state) {
    (void)state;
    const uintptr_t one = freed(1, "free"), two = freed(2, "free");
    variable_count = sizeof variables / sizeof variables[0];
    for (size_t i = 0; i < variable_count; i++)
        variables[i] = one;
    variables[variable_count - 1] = two;
    look();
    assert_int_equal(tale_count, 1);
    assert_int_equal(tales[0].pointer, one);
}

/* It was given out anew before it is told. */
static void who_lives_again_is_not_told(void **state) {
    (void)state;
    variables[1] = freed(1, "free");
    tale_count = 0;
    lm_dangling_look(&stand);
    blocks[1].live = true;
    lm_dangling_tell();
    assert_int_equal(tale_count, 0);
}

/* ---- When a holder is freed ---------------------------------------------------------------------- */

static void before_free(size_t number) {
    tale_count = 0;
    lm_dangling_before_free((void *)start_of(number));
}

static void freed_members(void **state) {
    char expected[128];
    (void)state;
    const uintptr_t holder = live(1), p = freed(2, "free"), q = freed(3, "realloc");
    put(1, 0, p);
    put(1, WORDS - 1, q);
    before_free(1);
    assert_int_equal(tale_count, 2);
    snprintf(expected, sizeof expected, "block:%#zx:%#zx+32", (size_t)holder + 32, (size_t)holder);
    assert_string_equal(holders[1], expected);
    assert_int_equal(tales[1].pointer, q);
    put(1, 0, p + 8); /* inside it */
    put(1, WORDS - 1, 0);
    put(1, WORDS, q); /* behind the holder's end */
    before_free(1);
    assert_int_equal(tale_count, 0);
    put(1, 1, q);
    blocks[1].size = 15; /* not all of the word */
    before_free(1);
    assert_int_equal(tale_count, 0);
    blocks[1].size = 16;
    before_free(1);
    assert_int_equal(tale_count, 1);
}

static void of_others_nothing_is_said(void **state) {
    (void)state;
    live(1);
    put(1, 0, freed(2, "operator delete"));
    put(1, 1, freed(3, NULL));
    put(1, 2, live(4));
    put(1, 3, start_of(20)); /* unknown */
    put(1, 4, start_of(1));  /* itself */
    before_free(1);
    assert_int_equal(tale_count, 0);
    put(1, 0, freed(2, "free"));
    blocks[1].live = false; /* freed twice: that is told elsewhere */
    before_free(1);
    assert_int_equal(tale_count, 0);
    blocks[1].live = true;
    put(1, 1, start_of(2));
    tale_count = 0;
    lm_dangling_before_free((void *)(start_of(1) + 8)); /* not its first byte */
    lm_dangling_before_free(NULL);
    assert_int_equal(tale_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(variables_with_any_address, set_up),
        cmocka_unit_test_setup(blocks_with_the_first_address, set_up),
        cmocka_unit_test_setup(live_ones_are_none, set_up),
        cmocka_unit_test_setup(all_that_hold_it, set_up),
        cmocka_unit_test_setup(very_many, set_up),
        cmocka_unit_test_setup(who_lives_again_is_not_told, set_up),
        cmocka_unit_test_setup(freed_members, set_up),
        cmocka_unit_test_setup(of_others_nothing_is_said, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
