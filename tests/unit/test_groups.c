#include "support/unit.h"

#include "check/groups.h"
#include "os/os.h"
#include "support/child.h"
#include "support/random.h"

#include <string.h>

/* ---- In the stead of mark.c ---------------------------------------------------------------------- */

enum { MOST = 5000, EACH = 0x100, LONG = 1000000 };

static lm_marked marked[MOST];
static size_t count;

const lm_marked *lm_mark_blocks(size_t *blocks) {
    *blocks = count;
    return marked;
}

size_t lm_marked_long(const lm_marked *block) {
    (void)block;
    return LONG;
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_groups_end();
    memset(marked, 0, sizeof marked);
    count = 0;
    return 0;
}

static size_t add(uint32_t stack, size_t size, lm_reach reach) {
    marked[count].start = (EACH * (count + 1)) & 0xffffffff;
    marked[count].short_size = size & LM_MARKED_LONG;
    marked[count].stack = stack & LM_MARKED_STACKS;
    marked[count].reach = reach & 3;
    marked[count].leader = (uint32_t)count;
    return count++;
}

static size_t add_led(size_t leader, size_t size) {
    const size_t number = add(99, size, marked[leader].reach);
    marked[number].indirect = 1;
    marked[number].leader = (uint32_t)leader;
    return number;
}

static const lm_group *make(size_t expected) {
    size_t made;
    lm_groups_end();
    assert_true(lm_groups_make());
    const lm_group *groups = lm_groups(&made);
    assert_int_equal(made, expected);
    return groups;
}

/* ---- Tests --------------------------------------------------------------------------------------- */

static void none(void **state) {
    (void)state;
    make(0);
    add(1, 100, LM_REACH_REACHED);
    add(2, 100, LM_REACH_LOST);
    marked[1].old = 1;
    make(0);
}

static void by_place_and_kind(void **state) {
    (void)state;
    add(7, 10, LM_REACH_LOST);
    add(7, 30, LM_REACH_LOST);
    add(7, 30, LM_REACH_LOST); /* not larger than the one before */
    add(7, 5, LM_REACH_POSSIBLE);
    add(8, 1000, LM_REACH_POSSIBLE);
    add(8, 40, LM_REACH_LOST);
    add(0, 0, LM_REACH_LOST); /* of whom nothing is known */
    add(7, 4000, LM_REACH_REACHED);
    const lm_group *g = make(5);
    assert_true(g[0].stack == 7 && g[0].reach == LM_REACH_LOST); /* lost ones, the heaviest first */
    assert_int_equal(g[0].blocks, 3);
    assert_int_equal(g[0].bytes, 70);
    assert_int_equal(g[0].example, 2 * EACH);
    assert_int_equal(g[0].example_size, 30);
    assert_true(g[1].stack == 8 && g[1].bytes == 40);
    assert_true(g[2].stack == 0 && g[2].blocks == 1 && g[2].bytes == 0);
    assert_int_equal(g[2].example, 7 * EACH);
    assert_true(g[3].stack == 8 && g[3].reach == LM_REACH_POSSIBLE && g[3].bytes == 1000);
    assert_true(g[4].stack == 7 && g[4].reach == LM_REACH_POSSIBLE && g[4].bytes == 5);
}

/* Where they were allocated is of no account. */
static void what_is_led_counts_with_its_leader(void **state) {
    (void)state;
    const size_t a = add(1, 8, LM_REACH_LOST), b = add(2, 100, LM_REACH_LOST),
                 old = add(3, 8, LM_REACH_LOST);
    marked[old].old = 1;
    add_led(a, 500);
    add_led(a, LM_MARKED_LONG);
    add_led(b, 1);
    marked[add_led(b, 2)].old = 1; /* it goes with who leads to it */
    add_led(old, 7000);
    const lm_group *g = make(2);
    assert_int_equal(g[0].stack, 1); /* by all that hangs on it */
    assert_int_equal(g[0].blocks, 1);
    assert_int_equal(g[0].bytes, 8);
    assert_int_equal(g[0].indirect_blocks, 2);
    assert_int_equal(g[0].indirect_bytes, 500 + LONG);
    assert_int_equal(g[1].indirect_blocks, 2);
    assert_int_equal(g[1].indirect_bytes, 3);
}

/* More places than fit in any table without some in each other's way. */
static void very_many(void **state) {
    random_state random = {5};
    size_t blocks = 0, bytes = 0, expected = 0;
    (void)state;
    for (uint32_t i = 0; i < MOST; i++) {
        const size_t size = random_below(&random, 1000);
        add(i % 1700 * 11, size, i % 3 == 0 ? LM_REACH_POSSIBLE : LM_REACH_LOST);
        bytes += size;
    }
    for (uint32_t stack = 0; stack < 1700; stack++) { /* how many kinds each has */
        bool seen[2] = {false, false};
        for (uint32_t i = stack; i < MOST; i += 1700)
            seen[i % 3 == 0] = true;
        expected += (size_t)seen[0] + seen[1];
    }
    const lm_group *g = make(expected);
    for (size_t i = 0; i < expected; i++) {
        blocks += g[i].blocks;
        bytes -= g[i].bytes;
        if (i == 0 || g[i].reach != g[i - 1].reach)
            continue;
        assert_true(g[i - 1].bytes >= g[i].bytes);
    }
    assert_int_equal(blocks, MOST);
    assert_int_equal(bytes, 0);
    assert_int_equal(g[0].reach, LM_REACH_LOST);
    assert_int_equal(g[expected - 1].reach, LM_REACH_POSSIBLE);
}

static int make_in_little(void *argument) {
    const struct rlimit little = {1 << 20, 1 << 20};
    (void)argument;
    return setrlimit(RLIMIT_AS, &little) != 0 || lm_groups_make() ? 1 : 0;
}

static void too_little_memory(void **state) {
    (void)state;
    add(1, 8, LM_REACH_LOST);
    assert_int_equal(in_child(make_in_little, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(none, set_up),
        cmocka_unit_test_setup(by_place_and_kind, set_up),
        cmocka_unit_test_setup(what_is_led_counts_with_its_leader, set_up),
        cmocka_unit_test_setup(very_many, set_up),
        cmocka_unit_test_setup(too_little_memory, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
