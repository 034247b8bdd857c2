// ctest-timeout: 120
// ctest-builds: release clang debug test-mode

/* Not under the sanitizers: what they keep of stacks and of freed memory holds pointers. */

/* Blocks of which only addresses inside are held. test_leaks.c has the shapes of what is lost. */
#include "support/unit.h"

#include "stack/depot.h"
#include "support/leaky.h"

/* ---- By habit ---------------------------------------------------------------------------------- */

static __attribute__((noinline)) void hold_inside(size_t offset, uint32_t stack) {
    char *p = make(64, stack);
    *(void **)(void *)p = make(32, stack + 1);
    inner = p + offset;
}

/* Held by the address `by` bytes inside, as many as they are; each has a stack whose caller is the same. */
static __attribute__((noinline)) void keep_inside(char *volatile *kept, int count, size_t by) {
    for (int i = 0; i < count; i++) {
        const uintptr_t frames[] = {0x1000, 0x2000 + (uintptr_t)i};
        kept[i] = (char *)make(200, lm_depot_put(frames, 2, false)) + by;
    }
}

static void drop(char *volatile *kept, size_t count) {
    for (size_t i = 0; i < count; i++)
        kept[i] = NULL;
}

static void a_habit_is_no_leak(void **state) {
    static char *volatile kept[21];
    (void)state;
    keep_inside(kept, 20, 3);
    keep_inside(kept + 20, 1, 5); /* a longer header */
    char *own = make(40, 10);
    memcpy(kept[20] + 3, &own, sizeof own);
    look();
    assert_int_equal(tale_count, 0);
    drop(kept, sizeof kept / sizeof kept[0]);
}

/* Lists whose links lead behind a header: they are followed to their ends at once. */
static void lists_by_habit(void **state) {
    enum { LISTS = 8, LENGTH = 100000 };
    static char *volatile kept[LISTS];
    static const uintptr_t frames[] = {0x1000, 0x2000};
    const uint32_t stack = lm_depot_put(frames, 2, false);
    (void)state;
    for (size_t i = 0; i < LISTS; i++)
        for (size_t j = 0; j < LENGTH; j++) {
            char *p = make(24, stack);
            *(char **)(void *)(p + 8) = kept[i];
            kept[i] = p + 3;
        }
    look();
    assert_int_equal(tale_count, 0);
    drop(kept, LISTS);
}

/* Far from their start each distance is a habit of its own. */
static void a_far_habit(void **state) {
    static char *volatile kept[21];
    (void)state;
    keep_inside(kept, 20, 120);
    look();
    assert_int_equal(tale_count, 0);
    keep_inside(kept + 20, 1, 130);
    look();
    assert_int_equal(tale_count, 1);
    drop(kept, sizeof kept / sizeof kept[0]);
}

static void few_are_no_habit(void **state) {
    static char *volatile kept[4];
    (void)state;
    keep_inside(kept, 4, 3);
    look();
    assert_int_equal(tale_count, 4);
    drop(kept, sizeof kept / sizeof kept[0]);
}

static char *volatile held_inside;

static __attribute__((noinline)) void keep_with_start(void) {
    char *p = make(200, 10);
    memcpy(p + 168, &p, sizeof p);
    held_inside = p + 160;
}

static void start_in_the_block_is_no_leak(void **state) {
    (void)state;
    keep_with_start();
    look();
    assert_int_equal(tale_count, 0);
    held_inside = NULL;
}

typedef struct list_link {
    struct list_link *next, *previous;
} list_link;

static list_link links;

static __attribute__((noinline)) void keep_links(void) {
    links.next = links.previous = &links;
    for (int i = 0; i < 3; i++) {
        list_link *here = (void *)((char *)make(40, 10) + 24);
        *here = (list_link){&links, links.previous};
        links.previous->next = here;
        links.previous = here;
    }
}

static void links_are_no_leak(void **state) {
    (void)state;
    keep_links();
    look();
    assert_int_equal(tale_count, 0);
    links.next = NULL; /* the others still lead to it, but not it to them */
    links.previous = NULL;
    look();
    assert_int_equal(told(10)->blocks + told(10)->indirect_blocks, 3);
}

static void inside_is_possible(void **state) {
    (void)state;
    hold_inside(20, 10);
    look();
    assert_int_equal(tale_count, 1);
    assert_int_equal(told(10)->code, LM_CODE_POSSIBLE_LEAK);
    assert_int_equal(told(10)->certainty, LM_CERTAIN_INFERRED);
    assert_int_equal(told(10)->indirect_blocks, 1);
    hold_inside(64, 20); /* one past the end: the next block begins 16 bytes later */
    look();
    assert_leak(20, 1, 1);
    inner = NULL;
}

static __attribute__((noinline)) void hold_string(size_t capacity) {
    size_t *p = make(3 * sizeof *p + 100 + 1, 10);
    p[0] = 7;
    p[1] = capacity;
    inner = (char *)&p[3];
}

static __attribute__((noinline)) void hold_array(size_t count, const char *call) {
    size_t *p = make(sizeof *p + (size_t)10 * 24, 10);
    table[block_count - 1].allocated_call = call;
    p[0] = count;
    inner = (char *)&p[1];
}

typedef struct object {
    const void *first_table;
    long member;
    const void *second_table;
} object;

static void no_string(void), no_array(void);
static void (*const functions[])(void) = {no_string, no_array};

static __attribute__((noinline)) void hold_base(const void *of_second) {
    object *p = make(sizeof *p, 10);
    p->first_table = &functions[0];
    p->second_table = of_second;
    inner = (char *)&p->second_table;
}

/* new T[1], and a pointer to the second base of what is in it. */
static void base_in_array(void) {
    size_t *p = make(sizeof *p + sizeof(object), 10);
    table[block_count - 1].allocated_call = "operator new[]";
    object *in = (void *)&p[1];
    p[0] = 1;
    in->first_table = &functions[0];
    in->second_table = &functions[1];
    inner = (char *)&in->second_table;
}

static size_t tales_of(void (*hold)(void)) {
    hold();
    look();
    const size_t count = tale_count;
    clean(NULL);
    return count;
}

static void good_string(void) {
    hold_string(100);
}
static void no_string(void) {
    hold_string(99);
}
static void good_array(void) {
    hold_array(10, "operator new[]");
}
static void wrong_count(void) {
    hold_array(11, "operator new[]");
}
static void no_array(void) {
    hold_array(10, "malloc");
}
static void good_base(void) {
    hold_base(&functions[1]);
}
static void no_base(void) {
    hold_base(heap);
}

static void well_known_insides(void **state) {
    (void)state;
    assert_int_equal(tales_of(good_string), 0);
    assert_int_equal(tales_of(no_string), 1);
    assert_int_equal(tales_of(good_array), 0);
    assert_int_equal(tales_of(wrong_count), 1);
    assert_int_equal(tales_of(no_array), 1);
    assert_int_equal(tales_of(good_base), 0);
    assert_int_equal(tales_of(no_base), 1);
    assert_int_equal(tales_of(base_in_array), 0);
    inner = NULL;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_habit_is_no_leak, clean),
        cmocka_unit_test_setup(lists_by_habit, clean),
        cmocka_unit_test_setup(a_far_habit, clean),
        cmocka_unit_test_setup(few_are_no_habit, clean),
        cmocka_unit_test_setup(start_in_the_block_is_no_leak, clean),
        cmocka_unit_test_setup(links_are_no_leak, clean),
        cmocka_unit_test_setup(inside_is_possible, clean),
        cmocka_unit_test_setup(well_known_insides, clean),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
