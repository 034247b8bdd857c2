#include "support/unit.h"

#include "check/amounts.h"
#include "check/known.h"
#include "check/report.h"
#include "check/tale.h"
#include "check/watcher.h"
#include "os/os.h"
#include "stack/depot.h"
#include "support/thread.h"
#include "support/told.h"

#include <stdatomic.h>
#include <sys/mman.h>

/* All that was told is forgotten. */
static int set_up(void **state) {
    (void)state;
    lm_known_forget();
    told_look();
    lm_tale_hook = NULL;
    return 0;
}

/* The line of the finding; NULL: none was told. */
static const lm_wire_line *tell(const lm_tale *tale) {
    lm_tale_tell(tale);
    told_look();
    return told_line("finding");
}

static void nothing_but_what_is_known(void **state) {
    static const char *const keys[] = {"id", "code", "certainty", "time"};
    (void)state;
    const lm_wire_line *line = tell(&(lm_tale){.code = LM_CODE_BAD_SIZE, .no_stack = true});
    assert_non_null(line);
    assert_int_equal(told_count, 1);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_non_null(lm_wire_find(line, keys[i]));
    assert_int_equal(line->count, sizeof keys / sizeof keys[0]);
    assert_told(line, "code", "bad-size");
    assert_told(line, "certainty", "exact");
}

static void all_there_is(void **state) {
    const lm_tale tale = {
        .code = LM_CODE_NULL_DEREF,
        .certainty = LM_CERTAIN_LATER,
        .no_stack = true,
        .call = "str cpy%",
        .access = "write",
        .bytes = 17,
        .pointer = 0x1234,
        .has_range = true,
        .first = -5,
        .last = 0,
        .where = "static",
        .moved_to = 0xabc0,
        .since = 0, /* told all the same: it may be at the very beginning */
        .was = "operator new",
        .now = "free",
        .quantity = "size",
        .was_size = 0,
        .now_size = SIZE_MAX,
        .dump = (const unsigned char *)"\x01\xff",
        .dump_size = 2,
        .dump_at = -8,
        .valid = (const unsigned char *)"\x02",
        .failed_call = "malloc",
        .failed_size = 99,
        .failed_time = 12,
        .failed_error = -3,
        .fill = "fresh",
        .register_name = "rax",
        .value = 0xa5a5,
        .signal = 11,
        .has_fault = true,
        .fault = 0,
        .reaches = "read",
        .blocks = 3,
        .indirect_blocks = 4,
        .indirect_bytes = 5,
        .bytes_in_all = 6,
        .holders = "static:0x10:1+0x20",
        .helper = "nul",
    };
    (void)state;
    const lm_wire_line *line = tell(&tale);
    assert_told(line, "code", "null-deref");
    assert_told(line, "certainty", "later");
    assert_told(line, "call", "str cpy%");
    assert_told(line, "access", "write");
    assert_told_number(line, "bytes", 17);
    assert_told(line, "pointer", "0x1234");
    assert_told_number(line, "first", -5);
    assert_told_number(line, "last", 0);
    assert_told(line, "where", "static");
    assert_told(line, "moved_to", "0xabc0");
    assert_told_number(line, "since", 0);
    assert_told(line, "was", "operator new");
    assert_told(line, "now", "free");
    assert_told(line, "quantity", "size");
    assert_told_number(line, "was_size", 0);
    assert_told_number(line, "now_size", SIZE_MAX);
    assert_told(line, "dump", "01ff");
    assert_told_number(line, "dump_at", -8);
    assert_told(line, "valid", "02");
    assert_told(line, "failed_call", "malloc");
    assert_told_number(line, "failed_size", 99);
    assert_told_number(line, "failed_time", 12);
    assert_told_number(line, "failed_error", -3);
    assert_told(line, "fill", "fresh");
    assert_told(line, "register", "rax");
    assert_told(line, "value", "0xa5a5");
    assert_told_number(line, "signal", 11);
    assert_told(line, "fault", "0x0");
    assert_told(line, "reaches", "read");
    assert_told_number(line, "blocks", 3);
    assert_told_number(line, "indirect_blocks", 4);
    assert_told_number(line, "indirect_bytes", 5);
    assert_told_number(line, "size", 6);
    assert_told(line, "holders", "static:0x10:1+0x20");
    assert_told(line, "helper", "nul");
    assert_not_told(line, "block");
    assert_not_told(line, "thread");
    assert_not_told(line, "stack");
}

static void what_wants_company(void **state) {
    (void)state;
    const lm_wire_line *line = tell(&(lm_tale){.code = LM_CODE_LEAK,
                                               .certainty = LM_CERTAIN_INFERRED,
                                               .no_stack = true,
                                               .since = 5,
                                               .first = 1,
                                               .last = 2,
                                               .was_size = 3,
                                               .failed_size = 4,
                                               .value = 6,
                                               .fault = 7,
                                               .dump = (const unsigned char *)"x",
                                               .dump_at = 1});
    static const char *const keys[] = {"since", "first", "last", "was_size", "failed_size",
                                       "value", "fault", "dump", "dump_at"};
    assert_told(line, "certainty", "inferred");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_not_told(line, keys[i]);
}

/* ---- Blocks -------------------------------------------------------------------------------------- */

static unsigned char bytes[1024];

static lm_block block_of(size_t size) {
    return (lm_block){.start = (uintptr_t)bytes + 256,
                      .size = size,
                      .live = true,
                      .allocated_call = "malloc",
                      .allocated_time = 7};
}

static void blocks(void **state) {
    lm_block block = block_of(24);
    (void)state;
    const lm_tale tale = {.code = LM_CODE_INVALID_FREE,
                          .no_stack = true,
                          .block = &block,
                          .pointer = block.start - 3};
    char start_text[32];
    snprintf(start_text, sizeof start_text, "%#zx", (size_t)block.start);
    const lm_wire_line *line = tell(&tale);
    assert_told(line, "block", start_text);
    assert_told_number(line, "size", 24);
    assert_told(line, "state", "live");
    assert_told_number(line, "inside", -3);
    assert_told_number(line, "allocated_time", 7);
    assert_told(line, "allocated_call", "malloc");
    assert_not_told(line, "allocated");
    assert_not_told(line, "allocated_thread");
    assert_not_told(line, "freed_time");
    lm_known_forget();
    block.live = false;
    block.allocated_thread = 2;
    block.freed_thread = 3;
    block.freed_time = 0;
    block.freed_call = "free";
    lm_tale freed = tale;
    freed.pointer = 0;
    freed.bytes_in_all = 100;
    line = tell(&freed);
    assert_told(line, "state", "freed");
    assert_told_number(line, "size", 100);
    assert_told_number(line, "allocated_thread", 2);
    assert_told_number(line, "freed_thread", 3);
    assert_told_number(line, "freed_time", 0);
    assert_told(line, "freed_call", "free");
    assert_not_told(line, "inside");
}

/* ---- Dumps --------------------------------------------------------------------------------------- */

/* Shows the bytes from..to, counted from the block's first. */
static void expect_dump(const lm_block *block, bool has_range, ptrdiff_t first, ptrdiff_t last,
                        ptrdiff_t from, ptrdiff_t to) {
    char expected[2 * LM_DUMP_MOST + 1] = "";
    lm_known_forget();
    const lm_wire_line *line = tell(&(lm_tale){.code = LM_CODE_HEAP_OVERFLOW,
                                               .no_stack = true,
                                               .block = block,
                                               .has_range = has_range,
                                               .first = first,
                                               .last = last});
    if (from == to) {
        assert_not_told(line, "dump");
        assert_not_told(line, "dump_at");
        return;
    }
    for (ptrdiff_t i = from; i < to; i++)
        snprintf(expected + 2 * (i - from), 3, "%02x", ((unsigned char *)block->start)[i]);
    assert_told(line, "dump", expected);
    assert_told_number(line, "dump_at", from);
}

static void dumps_show_the_bad_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    lm_block block = block_of(24);
    expect_dump(&block, false, 0, 0, 0, 24);
    expect_dump(&block, true, 3, 4, 0, 24);
    expect_dump(&block, true, 24, 24, 0, 25);
    expect_dump(&block, true, 24, 31, 0, 32);
    expect_dump(&block, true, -8, -1, -8, 24);
    expect_dump(&block, true, 80, 95, 0, 96);
    expect_dump(&block, true, 80, 96, 64, 160); /* not all that lies between */
    expect_dump(&block, true, -72, -65, -72, 24);
    expect_dump(&block, true, -73, -66, -73, 23);
    block.size = 96;
    expect_dump(&block, true, 50, 51, 0, 96);
    block.size = 500;
    expect_dump(&block, false, 0, 0, 0, 96);
    expect_dump(&block, true, 0, 3, 0, 96);
    expect_dump(&block, true, 16, 17, 0, 96);
    expect_dump(&block, true, 17, 17, 1, 97);
    expect_dump(&block, true, 300, 301, 284, 380);
    expect_dump(&block, true, 500, 500, 484, 580);
    expect_dump(&block, true, -4, -1, -4, 92);
    block.size = 0;
    expect_dump(&block, false, 0, 0, 0, 1);
    expect_dump(&block, true, 0, 0, 0, 1);
}

static void dumps_end_at_guards(void **state) {
    const size_t page = lm_os.page;
    unsigned char *pages =
        mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)state;
    for (size_t i = 0; i < 4 * page; i++)
        pages[i] = (unsigned char)i;
    munmap(pages, page);
    munmap(pages + 3 * page, page);
    lm_block block = {.start = (uintptr_t)pages + page, .size = 2 * page};
    expect_dump(&block, true, -4, -1, 0, 92); /* what lies before can't be read */
    block.start += 2 * page - 40;
    block.size = 40;
    expect_dump(&block, true, 40, 43, 0, 40);
    block.start = (uintptr_t)pages + 3 * page;
    expect_dump(&block, false, 0, 0, 0, 0);
    munmap(pages + page, 2 * page);
}

/* ---- Stacks and modules -------------------------------------------------------------------------- */

static void stacks_come_before(void **state) {
    const uintptr_t frames[] = {(uintptr_t)set_up, 0x10, (uintptr_t)tell}, other[] = {0x20};
    lm_block block = block_of(8);
    (void)state;
    block.live = false;
    block.allocated = lm_depot_put(frames, 3, true);
    block.freed = lm_depot_put(other, 1, false);
    const uint32_t here = lm_depot_put(frames, 2, false);
    lm_tale tale = {.code = LM_CODE_USE_AFTER_FREE, .stack = here, .block = &block};
    const lm_wire_line *line = tell(&tale);
    assert_told_number(line, "stack", here);
    assert_told_number(line, "allocated", block.allocated);
    assert_told_number(line, "freed", block.freed);
    assert_told_number(line, "thread", lm_watcher_here()->number);
    assert_int_equal(told_lines_of("stack"), 3);
    assert_int_equal(told_lines_of("module"), 1); /* this program */
    assert_ptr_equal(line, &told_lines[told_count - 1]);
    const lm_wire_line *module = told_line("module"), *stack = told_line("stack");
    assert_true(module < stack);
    assert_told_number(stack, "id", here);
    assert_told_number(stack, "exact", 0);
    assert_told_number(&stack[1], "exact", 1);
    const uint64_t bias = lm_wire_number(module, "bias").value;
    assert_true(lm_wire_number(module, "start").value <= frames[0]);
    assert_true(lm_wire_number(module, "end").value > frames[0]);
    char expected[128];
    snprintf(expected, sizeof expected, "%" PRIu64 "+%#zx,0+0x10",
             lm_wire_number(module, "id").value, (size_t)(frames[0] - bias));
    assert_told(stack, "frames", expected);
    tale.code = LM_CODE_DOUBLE_FREE; /* the same stacks in another finding */
    assert_non_null(tell(&tale));
    assert_int_equal(told_count, 1);
}

static void the_caller_is_where_it_happened(void **state) {
    uintptr_t frame = 0;
    (void)state;
    const lm_wire_line *line = tell(&(lm_tale){.code = LM_CODE_BAD_SIZE});
    const lm_fact stack = lm_wire_number(line, "stack");
    assert_true(stack.known && lm_depot_get((uint32_t)stack.value, &frame, 1, NULL) > 1);
}

/* ---- The same again ------------------------------------------------------------------------------ */

static void again_is_counted(void **state) {
    const lm_tale tale = {.code = LM_CODE_DOUBLE_FREE, .no_stack = true, .pointer = 0x10};
    (void)state;
    const uint64_t id = lm_wire_number(tell(&tale), "id").value;
    for (unsigned i = 2; i <= 70; i++) {
        assert_null(tell(&tale));
        assert_int_equal(told_count, (i & (i - 1)) == 0);
        if (told_count == 0)
            continue;
        assert_told_number(told_line("again"), "id", id);
        assert_told_number(told_line("again"), "count", i);
    }
}

static uint64_t id_of(const lm_tale *tale) {
    const lm_wire_line *line = tell(tale);
    return line ? lm_wire_number(line, "id").value : 0;
}

static void what_tells_findings_apart(void **state) {
    const uintptr_t frames[] = {0x30}, others[] = {0x40};
    const uint32_t one = lm_depot_put(frames, 1, true), two = lm_depot_put(others, 1, true);
    lm_block block = block_of(8);
    lm_tale tale = {.code = LM_CODE_HEAP_OVERFLOW, .stack = one};
    (void)state;
    const uint64_t first = id_of(&tale);
    assert_int_not_equal(first, 0);
    tale.pointer = 0x100; /* of no account where the stack is known */
    assert_int_equal(id_of(&tale), 0);
    tale.stack = two;
    assert_int_equal(id_of(&tale), first + 1);
    tale.code = LM_CODE_HEAP_UNDERFLOW;
    assert_int_equal(id_of(&tale), first + 2);
    tale.block = &block;
    assert_int_equal(id_of(&tale), 0); /* allocated who knows where */
    block.allocated = one;
    assert_int_equal(id_of(&tale), first + 3);
    tale.certainty = LM_CERTAIN_LATER; /* found anywhere: what counts is the block */
    assert_int_equal(id_of(&tale), first + 4);
    tale.stack = one;
    assert_int_equal(id_of(&tale), 0);
    block.allocated = 0;
    assert_int_equal(id_of(&tale), first + 5); /* its place, since that isn't known */
    tale.pointer = 0;
    assert_int_equal(id_of(&tale), first + 6); /* the block's */
    block.start += 16;
    assert_int_equal(id_of(&tale), first + 7);
}

/* Each time with what they are by now. */
static void leaks_are_told_anew(void **state) {
    lm_block block = block_of(8);
    lm_tale tale = {.code = LM_CODE_LEAK, .no_stack = true, .block = &block, .blocks = 1};
    (void)state;
    const uint64_t id = id_of(&tale);
    tale.blocks = 5;
    assert_int_equal(id_of(&tale), id);
    assert_told_number(told_line("finding"), "blocks", 5);
    tale.code = LM_CODE_POSSIBLE_LEAK;
    assert_int_equal(id_of(&tale), id + 1);
    assert_int_equal(id_of(&tale), id + 1);
}

/* More than can be told apart: what is known is counted on. */
static void too_many(void **state) {
    lm_tale tale = {.code = LM_CODE_BAD_SIZE, .no_stack = true};
    (void)state;
    for (uintptr_t i = 1; i <= LM_TALES_MOST; i++) {
        tale.pointer = i;
        lm_tale_tell(&tale);
        if (i % 32 == 0) {
            told_look();
            assert_int_equal(told_count, 32);
        }
    }
    tale.pointer++;
    assert_null(tell(&tale));
    assert_int_equal(told_count, 0);
    tale.pointer = 1;
    assert_null(tell(&tale));
    assert_non_null(told_line("again"));
}

/* ---- Who tells ----------------------------------------------------------------------------------- */

static lm_tale hooked;

static void hook(const lm_tale *tale) {
    hooked = *tale;
}

static void hooks_get_it_instead(void **state) {
    (void)state;
    lm_tale_hook = hook;
    assert_null(tell(&(lm_tale){.code = LM_CODE_BAD_SIZE, .bytes = 3}));
    assert_int_equal(told_count, 0);
    assert_int_equal(hooked.bytes, 3);
    assert_int_not_equal(hooked.stack, 0);
    lm_tale_tell(&(lm_tale){.code = LM_CODE_BAD_SIZE, .no_stack = true});
    assert_int_equal(hooked.stack, 0);
}

static void *tell_in_thread(void *argument) {
    lm_tale_tell(argument);
    return NULL;
}

/* A handler may have interrupted who holds it. */
static void waits_for_no_lock_for_ever(void **state) {
    lm_tale tale = {.code = LM_CODE_BAD_SIZE, .no_stack = true};
    (void)state;
    lm_lock_take(&lm_tale_lock);
    in_thread(tell_in_thread, &tale);
    lm_lock_give(&lm_tale_lock);
    told_look();
    assert_int_equal(told_count, 0);
    assert_non_null(tell(&tale));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_but_what_is_known, set_up),
        cmocka_unit_test_setup(all_there_is, set_up),
        cmocka_unit_test_setup(what_wants_company, set_up),
        cmocka_unit_test_setup(blocks, set_up),
        cmocka_unit_test_setup(dumps_show_the_bad_bytes, set_up),
        cmocka_unit_test_setup(dumps_end_at_guards, set_up),
        cmocka_unit_test_setup(stacks_come_before, set_up),
        cmocka_unit_test_setup(the_caller_is_where_it_happened, set_up),
        cmocka_unit_test_setup(again_is_counted, set_up),
        cmocka_unit_test_setup(what_tells_findings_apart, set_up),
        cmocka_unit_test_setup(leaks_are_told_anew, set_up),
        cmocka_unit_test_setup(too_many, set_up),
        cmocka_unit_test_setup(hooks_get_it_instead, set_up),
        cmocka_unit_test_setup(waits_for_no_lock_for_ever, set_up),
    };
    return cmocka_run_group_tests(tests, told_start, told_end);
}
