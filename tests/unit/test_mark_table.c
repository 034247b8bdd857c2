#include "support/unit.h"

#include "check/blocks.h"
#include "check/mark_table.h"
#include "os/os.h"
#include "support/random.h"

/* ---- In the stead of blocks.c: what the test says is live ---------------------------------------- */

enum { MOST = 20000 };

static lm_block live[MOST];
static size_t live_count;
static size_t told_first =
    SIZE_MAX;      /* how many the first to ask is told of: others come meanwhile */
static bool twice; /* it was asked before */

void lm_blocks_each(bool (*visit)(const lm_block *block, void *context), void *context) {
    const size_t most = twice ? SIZE_MAX : told_first;
    twice = true;
    for (size_t i = 0; i < live_count && i < most; i++)
        if (!visit(&live[i], context))
            return;
}

bool lm_blocks_find(uintptr_t at, lm_block *block) {
    for (size_t i = 0; i < live_count; i++)
        if (at >= live[i].start && at - live[i].start < live[i].size + 16) {
            *block = live[i];
            return true;
        }
    return false;
}

/* ---- What is asked again and again --------------------------------------------------------------- */

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_mark_table_end();
    live_count = 0;
    told_first = SIZE_MAX;
    return 0;
}

static void add(uintptr_t start, size_t size) {
    assert_true(live_count < MOST);
    live[live_count++] = (lm_block){.start = start, .size = size, .live = true};
}

static void fill(void) {
    twice = false;
    lm_mark_table_end();
    assert_true(lm_mark_table_fill(0));
}

static void expect_at(uintptr_t at, uintptr_t start) {
    const lm_marked *block = lm_mark_table_find(at);
    if (!block)
        fail_msg("%zx isn't found", (size_t)at);
    else if (block->start != start)
        fail_msg("%zx is found at %zx", (size_t)at, (size_t)block->start);
}

static void expect_none(uintptr_t at) {
    const lm_marked *block = lm_mark_table_find(at);
    if (block)
        fail_msg("%zx is found at %zx", (size_t)at, (size_t)block->start);
}

/* Its first byte, its last, and none beside, where there is room between blocks. */
static void expect_whole(uintptr_t start, size_t size) {
    expect_at(start, start);
    if (size > 0) {
        expect_at(start + size - 1, start);
        expect_at(start + size / 2, start);
    }
    expect_none(start + (size ? size : 1));
    expect_none(start - 1);
}

static void expect_all(void) {
    assert_int_equal(lm_marks.count, live_count);
    for (size_t i = 1; i < lm_marks.count; i++)
        assert_true(lm_marks.blocks[i - 1].start < lm_marks.blocks[i].start);
    for (size_t i = 0; i < live_count; i++)
        expect_whole(live[i].start, live[i].size);
}

/* ---- Tests --------------------------------------------------------------------------------------- */

static void nothing(void **state) {
    (void)state;
    fill();
    assert_int_equal(lm_marks.count, 0);
    expect_none(0);
    expect_none(0x1000);
    expect_none(UINTPTR_MAX);
    add(0x10000, 16);
    told_first = 0; /* it came too late */
    fill();
    assert_int_equal(lm_marks.count, 0);
    expect_none(0x10000);
}

static void one(void **state) {
    static const size_t sizes[] = {0, 1, 16, 4095, 4096, 65534, 65535, 65536, 1 << 21, 5 << 21};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        live_count = 0;
        add(0x7ffff000, sizes[i]);
        fill();
        expect_all();
        assert_int_equal(lm_marked_size(&lm_marks.blocks[0]), sizes[i]);
        expect_none(0);
        expect_none(UINTPTR_MAX);
        expect_none(0x7ffff000 + (uintptr_t)(1 << 30));
    }
}

/* At the ends of pages and of the index's chunks, and over them. */
static void edges(void **state) {
    const uintptr_t page = 1 << LM_MARK_PAGE_SHIFT, chunk = 1 << LM_MARK_CHUNK_SHIFT;
    (void)state;
    add(10 * chunk - 1, 1);
    add(10 * chunk + 1, 0);
    add(10 * chunk + 3, page);
    add(11 * chunk - page + 2,
        4 * page);              /* begins in a chunk's last page, ends in the next chunk */
    add(13 * chunk, 3 * chunk); /* over chunks in which nothing begins */
    add(16 * chunk + 1, page - 1);
    add(20 * chunk - 16, 15);
    fill();
    expect_all();
    expect_at(14 * chunk + 17, 13 * chunk);
    expect_at(15 * chunk, 13 * chunk);
    expect_none(12 * chunk);
    expect_none(18 * chunk);
    expect_none(19 * chunk + 5 * page);
}

static void the_highest_addresses(void **state) {
    const uintptr_t end = (uintptr_t)1 << 47;
    (void)state;
    add(4096, 32);
    add(end - 4096, 4095);
    add(end / 2, 100);
    fill();
    expect_all();
    expect_none(end);
    expect_none(end + 4096);
    expect_none(((uintptr_t)1 << 48) + 4096); /* equal in the bits that a block has */
    expect_none(0 - (uintptr_t)4096);
}

/* As lm_blocks_each has them: ascending runs, one for each range of Loam's. */
static void in_runs(void **state) {
    enum { RUNS = 60, EACH = 20 };
    random_state random = {7};
    (void)state;
    for (int round = 0; round < 20; round++) {
        uintptr_t order[RUNS];
        live_count = 0;
        for (unsigned i = 0; i < RUNS; i++)
            order[i] = i;
        for (unsigned i = RUNS - 1; i > 0; i--) {
            const size_t other = random_below(&random, i + 1);
            const uintptr_t kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        for (unsigned i = 0; i < RUNS; i++)
            for (unsigned j = 0; j < EACH; j++)
                add(0x100000000 + order[i] * 0x300000 + j * 0x111, 0x100);
        fill();
        expect_all();
    }
}

/* More runs than are put in place, and runs that lie among each other's blocks. */
static void in_no_order(void **state) {
    static const unsigned char shifts[] = {12, 20, 31, 33};
    random_state random = {42};
    (void)state;
    for (int round = 0; round < 4; round++) {
        live_count = 0;
        for (uintptr_t i = 0; i < 3000; i++)
            add((i << shifts[round]) + 0x100000000000, random_below(&random, 900));
        for (size_t i = live_count - 1; i > 0; i--) {
            const size_t other = random_below(&random, i + 1);
            const lm_block kept = live[i];
            live[i] = live[other];
            live[other] = kept;
        }
        fill();
        expect_all();
    }
    live_count = 0;
    for (unsigned run = 0; run < 3; run++)
        for (unsigned i = 0; i < 50; i++)
            add(0x50000000 + i * 0x1000 + (2 - run) * 0x100, 0x80);
    fill();
    expect_all();
    live_count = 0;
    for (unsigned i = 5000; i > 0; i--) /* each is a run */
        add(0x60000000 + (uintptr_t)i * 64, 48);
    fill();
    expect_all();
}

static void what_is_kept_of_them(void **state) {
    (void)state;
    add(0x10000, 8);
    live[0].allocated = 77;
    live[0].allocated_time = 99;
    live[0].allocated_call = "operator new[]";
    add(0x20000, 8);
    live[1].allocated = LM_MARKED_STACKS;
    live[1].allocated_time = 100;
    live[1].allocated_call = "operator new";
    add(0x30000, 8);
    twice = false;
    assert_true(lm_mark_table_fill(100));
    const lm_marked *b = lm_marks.blocks;
    assert_true(b[0].old && b[0].array && b[0].stack == 77);
    assert_true(!b[1].old && !b[1].array && b[1].stack == LM_MARKED_STACKS);
    assert_true(b[2].old && !b[2].array && b[2].stack == 0);
    for (int i = 0; i < 3; i++)
        assert_true(b[i].reach == LM_REACH_LOST && !b[i].indirect && !b[i].inside && !b[i].leader);
}

/* Others made, or freed, between the counting and the taking. */
static void blocks_come_and_go(void **state) {
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        add(0x10000 + i * 0x100, 0x80);
    told_first = 6;
    fill();
    assert_int_equal(lm_marks.count, 6);
    expect_at(0x10500, 0x10500);
    expect_none(0x10600);
}

/* What comes back from the table may be changed, and a new table knows nothing of it. */
static void begins_anew(void **state) {
    (void)state;
    add(0x10000, 16);
    fill();
    lm_mark_table_find(0x10008)->reach = LM_REACH_REACHED;
    assert_int_equal(lm_mark_table_find(0x1000f)->reach, LM_REACH_REACHED);
    live_count = 0;
    add(0x10000, 8);
    add(0x900000, 8);
    fill();
    assert_int_equal(lm_mark_table_find(0x10000)->reach, LM_REACH_LOST);
    expect_none(0x10008);
    lm_mark_table_end();
    expect_none(0x10000);
    assert_null(lm_marks.blocks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing, set_up),
        cmocka_unit_test_setup(one, set_up),
        cmocka_unit_test_setup(edges, set_up),
        cmocka_unit_test_setup(the_highest_addresses, set_up),
        cmocka_unit_test_setup(in_runs, set_up),
        cmocka_unit_test_setup(in_no_order, set_up),
        cmocka_unit_test_setup(what_is_kept_of_them, set_up),
        cmocka_unit_test_setup(blocks_come_and_go, set_up),
        cmocka_unit_test_setup(begins_anew, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
