/* Which blocks can be reached, in memory that holds nothing but what the test put there. test_leaks.c has a whole
 * process. */
#include "support/unit.h"

#include "check/amounts.h"
#include "check/blocks.h"
#include "check/mark.h"
#include "os/os.h"
#include "stack/depot.h"
#include "support/child.h"
#include "support/fake_roots.h"
#include "support/random.h"

/* ---- In the stead of blocks.c -------------------------------------------------------------------- */

enum { MOST = 1000, WORDS = 6, SIZE = WORDS * 8, DISTANCE = 64 };

static lm_block live[MOST];
static size_t live_count;

void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    for (size_t i = 0; i < live_count; i++)
        if (!visit(&live[i], context))
            return;
}

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    (void)at, (void)block;
    return false;
}

/* ---- What is asked again and again --------------------------------------------------------------- */

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_mark_end();
    fake_roots_forget();
    live_count = 0;
    return 0;
}

static uintptr_t start_of(size_t block) {
    return (uintptr_t)fake_memory + DISTANCE * block;
}

static void make(size_t count) {
    for (live_count = 0; live_count < count; live_count++)
        live[live_count] = (lm_block){.start = start_of(live_count), .size = SIZE, .live = true};
}

static void root(uintptr_t word) {
    fake_root[fake_root_count++] = word;
}

/* A word of a block leads to another block: to its first byte, or to one inside it that stands for nothing. */
static void lead(size_t from, size_t word, size_t to) {
    fake_put(start_of(from) + word * 8, start_of(to));
}

static void lead_inside(size_t from, size_t word, size_t to) {
    fake_put(start_of(from) + word * 8, start_of(to) + 5);
}

static const lm_marked *marked(size_t block) {
    size_t count;
    const lm_marked *all = lm_mark_blocks(&count);
    assert_int_equal(count, live_count);
    return &all[block];
}

static void expect(size_t block, lm_reach reach) {
    if (marked(block)->reach != reach)
        fail_msg("block %zu: %u", block, marked(block)->reach);
}

/* `leader` is the block itself where it is direct. */
static void expect_group(size_t block, lm_reach reach, size_t leader) {
    expect(block, reach);
    if (marked(block)->leader != leader || marked(block)->indirect != (leader != block))
        fail_msg("block %zu is in the group of %u", block, marked(block)->leader);
}

/* ---- Reached ------------------------------------------------------------------------------------- */

static void nothing(void **state) {
    size_t count = 7;
    (void)state;
    root(start_of(0));
    assert_true(lm_mark(0));
    lm_mark_blocks(&count);
    assert_int_equal(count, 0);
    assert_null(lm_mark_find(start_of(0)));
}

static void from_roots_on(void **state) {
    (void)state;
    make(6);
    root(start_of(3));
    root(0);
    root(UINTPTR_MAX);
    lead(3, 5, 0); /* the last word */
    lead(0, 0, 3); /* and back */
    lead(0, 1, 0); /* to itself */
    lead(0, 2, 5);
    root(start_of(2) + SIZE); /* one past the end, and one before the start */
    root(start_of(4) - 1);
    assert_true(lm_mark(0));
    for (size_t i = 0; i < 6; i++)
        expect(i, i == 0 || i == 3 || i == 5 ? LM_REACH_REACHED : LM_REACH_LOST);
    assert_ptr_equal(lm_mark_find(start_of(4) + 9), marked(4));
    assert_null(lm_mark_find(start_of(4) + SIZE));
}

static void without_bytes(void **state) {
    (void)state;
    make(2);
    live[0].size = live[1].size = 0;
    root(start_of(0));
    root(start_of(1) + 1);
    assert_true(lm_mark(0));
    expect(0, LM_REACH_REACHED);
    expect(1, LM_REACH_LOST);
}

/* ---- Groups -------------------------------------------------------------------------------------- */

static void a_list_is_one_group(void **state) {
    (void)state;
    make(10);
    for (size_t i = 0; i + 1 < 5; i++) {
        lead(i, 1, i + 1);     /* upwards: the first leads */
        lead(9 - i, 1, 8 - i); /* downwards */
    }
    assert_true(lm_mark(0));
    for (size_t i = 0; i < 5; i++) {
        expect_group(i, LM_REACH_LOST, 0);
        expect_group(9 - i, LM_REACH_LOST, 9);
    }
}

static void of_a_ring_one_leads(void **state) {
    (void)state;
    make(4);
    lead(0, 0, 2);
    lead(2, 0, 3);
    lead(3, 0, 0);
    assert_true(lm_mark(0));
    expect_group(0, LM_REACH_LOST, 0);
    expect_group(2, LM_REACH_LOST, 0);
    expect_group(3, LM_REACH_LOST, 0);
    expect_group(1, LM_REACH_LOST, 1);
}

/* Groups that led are led: by one that was looked at later, and that by another. */
static void leaders_join(void **state) {
    (void)state;
    make(7);
    lead(0, 0, 1);
    lead(2, 0, 3);
    lead(4, 0, 0);
    lead(4, 1, 2);
    lead(6, 0, 4);
    assert_true(lm_mark(0));
    for (size_t i = 0; i < 7; i++)
        expect_group(i, LM_REACH_LOST, i == 5 ? 5 : 6);
}

static void an_address_inside_is_possible(void **state) {
    (void)state;
    make(8);
    root(start_of(2) + 5);
    lead(2, 0, 0);
    lead_inside(2, 1, 6); /* to wherever in it */
    lead(0, 0, 2);
    root(start_of(4) + SIZE - 1);
    root(start_of(4)); /* and the start as well */
    lead(7, 0, 6);     /* lost ones change nothing of it */
    lead(7, 1, 5);
    assert_true(lm_mark(0));
    expect_group(2, LM_REACH_POSSIBLE, 2);
    expect_group(0, LM_REACH_POSSIBLE, 2);
    expect_group(6, LM_REACH_POSSIBLE, 2);
    expect(4, LM_REACH_REACHED);
    expect_group(7, LM_REACH_LOST, 7);
    expect_group(5, LM_REACH_LOST, 7);
    assert_true(marked(2)->inside && !marked(6)->inside);
}

/* Each is told for itself, though one leads to the other. */
static void possible_ones_join_no_other(void **state) {
    (void)state;
    make(3);
    root(start_of(0) + 5);
    root(start_of(1) + 5);
    lead(0, 0, 1);
    lead(1, 0, 2);
    assert_true(lm_mark(0));
    expect_group(0, LM_REACH_POSSIBLE, 0);
    expect_group(1, LM_REACH_POSSIBLE, 1);
    expect_group(2, LM_REACH_POSSIBLE, 1);
}

static void age_is_kept(void **state) {
    (void)state;
    make(3);
    live[0].allocated_time = 4;
    live[1].allocated_time = 5;
    live[2].allocated_time = 6;
    assert_true(lm_mark(5));
    assert_true(marked(0)->old && !marked(1)->old && !marked(2)->old);
}

/* ---- Habits -------------------------------------------------------------------------------------- */

static uint32_t stack_of(uintptr_t caller) {
    const uintptr_t frames[] = {caller, 0x1234};
    return lm_depot_put(frames, 2, true);
}

/* So many blocks of a place, each held by the address `inside`. */
static void hold(size_t from, size_t count, uintptr_t caller, size_t inside) {
    for (size_t i = from; i < from + count; i++) {
        live[i].allocated = stack_of(caller);
        root(start_of(i) + inside);
    }
}

static void as_many_do(void **state) {
    (void)state;
    make(4 * LM_HABIT_LEAST);
    hold(0, LM_HABIT_LEAST, 0x5000, 16);
    hold(LM_HABIT_LEAST, LM_HABIT_LEAST - 1, 0x6000, 16); /* too few */
    lead(0, 3, 2 * LM_HABIT_LEAST);                       /* which is reached through them */
    live[2 * LM_HABIT_LEAST + 1].allocated = stack_of(0x5000);
    lead_inside(2 * LM_HABIT_LEAST, 0, 2 * LM_HABIT_LEAST + 1); /* another header, but it is one */
    live[2 * LM_HABIT_LEAST + 2].allocated = stack_of(0x7000);
    lead_inside(2 * LM_HABIT_LEAST, 1, 2 * LM_HABIT_LEAST + 2);
    assert_true(lm_mark(0));
    for (size_t i = 0; i < LM_HABIT_LEAST; i++)
        expect(i, LM_REACH_REACHED);
    for (size_t i = LM_HABIT_LEAST; i < 2 * LM_HABIT_LEAST - 1; i++)
        expect(i, LM_REACH_POSSIBLE);
    expect(2 * LM_HABIT_LEAST - 1, LM_REACH_LOST);
    expect(2 * LM_HABIT_LEAST, LM_REACH_REACHED);
    expect(2 * LM_HABIT_LEAST + 1, LM_REACH_REACHED);
    expect(2 * LM_HABIT_LEAST + 2, LM_REACH_POSSIBLE);
}

/* Of several addresses inside a block the least is its habit. */
static void the_least_address_counts(void **state) {
    enum { LARGE = 1024 };
    (void)state;
    make(LM_HABIT_LEAST);
    for (size_t i = 0; i < live_count; i++) {
        live[i] = (lm_block){.start = start_of(0) + i * LARGE, .size = LARGE, .live = true};
        live[i].allocated = stack_of(0x5000);
        root(live[i].start + 200 + 16 * i);
        root(live[i].start + 104);
        root(live[i].start + 600 - 8 * i);
    }
    assert_true(lm_mark(0));
    for (size_t i = 0; i < live_count; i++)
        expect(i, LM_REACH_REACHED);
}

/* What is reached by habit shows another one, and that a third. */
static void habits_lead_to_habits(void **state) {
    (void)state;
    make(3 * LM_HABIT_LEAST);
    hold(2 * LM_HABIT_LEAST, LM_HABIT_LEAST, 0x5000, 16);
    for (size_t i = 0; i < LM_HABIT_LEAST; i++) {
        live[i].allocated = stack_of(0x7000);
        live[i + LM_HABIT_LEAST].allocated = stack_of(0x6000);
        lead_inside(i + 2 * LM_HABIT_LEAST, 0, i + LM_HABIT_LEAST);
        lead_inside(i + LM_HABIT_LEAST, 0, i);
    }
    assert_true(lm_mark(0));
    for (size_t i = 0; i < live_count; i++)
        expect(i, LM_REACH_REACHED);
}

/* ---- Any graph ----------------------------------------------------------------------------------- */

typedef struct graph {
    size_t blocks;
    size_t to[MOST][WORDS]; /* SIZE_MAX: nowhere */
    bool inside[MOST][WORDS];
} graph;

static graph g;

static void make_graph(random_state *random) {
    fake_roots_forget();
    g.blocks = 1 + random_below(random, 60);
    make(g.blocks);
    const size_t links = 1 + random_below(random, 4);
    for (size_t i = 0; i < g.blocks; i++)
        for (size_t w = 0; w < WORDS; w++) {
            g.to[i][w] = SIZE_MAX;
            if (w >= links || random_once_in(random, 2))
                continue;
            g.to[i][w] = random_below(random, g.blocks);
            g.inside[i][w] = random_once_in(random, 3);
            (g.inside[i][w] ? lead_inside : lead)(i, w, g.to[i][w]);
        }
    for (size_t i = random_below(random, 5); i > 0; i--)
        root(start_of(random_below(random, g.blocks)) + (random_once_in(random, 2) ? 0 : 5));
}

/* Adds all that the members lead to; `whole`: by first bytes only. */
static void close_over(bool *members, bool whole) {
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < g.blocks; i++)
            for (size_t w = 0; w < WORDS && members[i]; w++) {
                const size_t to = g.to[i][w];
                if (to == SIZE_MAX || members[to] || (whole && g.inside[i][w]))
                    continue;
                members[to] = more = true;
            }
    }
}

/* What the header says, by closures. */
static void classify(bool *reached, bool *inside, bool *possible) {
    memset(reached, 0, MOST * sizeof(bool));
    memset(inside, 0, MOST * sizeof(bool));
    for (size_t i = 0; i < fake_root_count; i++)
        *(fake_root[i] % 8 == 0 ? &reached[(fake_root[i] - start_of(0)) / DISTANCE]
                                : &inside[(fake_root[i] - start_of(0)) / DISTANCE]) = true;
    close_over(reached, true);
    for (size_t i = 0; i < g.blocks; i++)
        for (size_t w = 0; w < WORDS && reached[i]; w++)
            if (g.to[i][w] != SIZE_MAX && g.inside[i][w])
                inside[g.to[i][w]] = true;
    memcpy(possible, inside, MOST * sizeof(bool));
    for (size_t i = 0; i < g.blocks; i++)
        possible[i] = possible[i] && !reached[i];
    close_over(possible, false);
}

static bool leads_to(size_t from, size_t to) {
    bool members[MOST] = {false};
    members[from] = true;
    close_over(members, false);
    return members[to];
}

/* A direct block that another one's group leads to would be indirect. */
static void check_group(size_t block, const bool *inside) {
    const lm_marked *m = marked(block);
    if (m->indirect) {
        assert_int_not_equal(m->leader, block);
        assert_false(marked(m->leader)->indirect);
        assert_int_equal(marked(m->leader)->reach, m->reach);
        assert_true(leads_to(m->leader, block));
        return;
    }
    assert_int_equal(m->leader, block);
    for (size_t i = 0; i < g.blocks && m->reach == LM_REACH_LOST; i++)
        if (marked(i)->reach == LM_REACH_LOST && leads_to(i, block) && i != block)
            assert_int_equal(marked(i)->leader, block); /* a ring */
    if (m->reach == LM_REACH_POSSIBLE)
        assert_true(inside[block]);
}

static void any_graph(void **state) {
    static bool reached[MOST], inside[MOST], possible[MOST];
    random_state random = {2024};
    (void)state;
    for (int round = 0; round < 1500; round++) {
        make_graph(&random);
        classify(reached, inside, possible);
        assert_true(lm_mark(0));
        for (size_t i = 0; i < g.blocks; i++) {
            expect(i, reached[i]    ? LM_REACH_REACHED
                      : possible[i] ? LM_REACH_POSSIBLE
                                    : LM_REACH_LOST);
            if (!reached[i])
                check_group(i, inside);
        }
        lm_mark_end();
    }
}

/* ---- Without memory ------------------------------------------------------------------------------ */

static int mark_in_little(void *argument) {
    const struct rlimit little = {1 << 20, 1 << 20};
    (void)argument;
    if (setrlimit(RLIMIT_AS, &little) != 0 || lm_mark(0))
        return 1;
    lm_mark_end();
    return 0;
}

static void too_little_memory(void **state) {
    (void)state;
    make(10);
    assert_int_equal(in_child(mark_in_little, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing, set_up),
        cmocka_unit_test_setup(from_roots_on, set_up),
        cmocka_unit_test_setup(without_bytes, set_up),
        cmocka_unit_test_setup(a_list_is_one_group, set_up),
        cmocka_unit_test_setup(of_a_ring_one_leads, set_up),
        cmocka_unit_test_setup(leaders_join, set_up),
        cmocka_unit_test_setup(an_address_inside_is_possible, set_up),
        cmocka_unit_test_setup(possible_ones_join_no_other, set_up),
        cmocka_unit_test_setup(age_is_kept, set_up),
        cmocka_unit_test_setup(as_many_do, set_up),
        cmocka_unit_test_setup(the_least_address_counts, set_up),
        cmocka_unit_test_setup(habits_lead_to_habits, set_up),
        cmocka_unit_test_setup(any_graph, set_up),
        cmocka_unit_test_setup(too_little_memory, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
