/* How an access to a tracked block is judged, and what is known of its bytes afterwards. test_shadow.c sees the whole
 * at work; here every instruction is made up. */
#include "support/unit.h"

#include "check/catch.h"
#include "check/emulate.h"
#include "check/exact.h"
#include "check/shadow_tracked.h"

#include <string.h>
#include <sys/single_threaded.h>

enum { PAGES = 512, START = 64, SIZE = 100 };

static _Alignas(64) unsigned char pages[PAGES];
static unsigned char copy[PAGES], written[PAGES];
static lm_tracked tracked;

/* ---- In the stead of what it asks ---------------------------------------------------------------- */

lm_shadow_settings lm_shadow_setting;
lm_shadow_counts lm_shadow_count;
lm_catch_seams lm_catch_seam;

static struct {
    unsigned ended, bared, stepped, tells, watched, emulated, strings, set, looks;
    lm_code code;
    uintptr_t from, to, source;
    uint64_t unwritten;
    unsigned char *bytes, *string_from;
} seen;
static bool can_step, can_emulate, can_run_strings, has_time, puts_back;
static uint64_t put_back_unwritten;

bool lm_shadow_tracks(void) {
    return true;
}

lm_tracked *lm_shadow_find(uintptr_t at) {
    return at - tracked.pages < tracked.bytes ? &tracked : NULL;
}

void lm_shadow_end(lm_tracked *t) {
    assert_ptr_equal(t, &tracked);
    seen.ended++;
}

void lm_shadow_bare(const lm_tracked *t) {
    assert_ptr_equal(t, &tracked);
    seen.bared++;
}

void lm_shadow_cover(uintptr_t at) {
    (void)at;
}

bool lm_shadow_has_time(void) {
    return has_time;
}

bool lm_shadow_clip(const lm_tracked *t, uintptr_t *from, uintptr_t *to) {
    const uintptr_t end = t->block.start + t->block.size;
    *from = *from < t->block.start ? t->block.start : *from;
    *to = *to > end ? end : *to;
    return *from < *to;
}

void lm_shadow_set_written(const lm_tracked *t, uintptr_t from, uintptr_t to, uintptr_t source) {
    assert_ptr_equal(t, &tracked);
    seen.set++;
    seen.from = from;
    seen.to = to;
    seen.source = source;
}

void lm_shadow_tell(const lm_tracked *t, const lm_halt *m, const lm_touch *touch, lm_code code,
                    uintptr_t from, uintptr_t to) {
    (void)t, (void)m, (void)touch;
    seen.tells++;
    seen.code = code;
    seen.from = from;
    seen.to = to;
}

void lm_shadow_watch(lm_tracked *t, const lm_halt *m, const lm_touch *touch, const lm_bits *bits) {
    (void)t, (void)m, (void)touch;
    seen.watched++;
    seen.unwritten = bits->unwritten;
}

bool lm_shadow_puts_back(uintptr_t pc, uintptr_t at, uint64_t *unwritten) {
    (void)pc, (void)at;
    *unwritten = put_back_unwritten;
    return puts_back;
}

bool lm_shadow_look(ucontext_t *context) {
    (void)context;
    seen.looks++;
    return false;
}

bool lm_catch_step(ucontext_t *context, uintptr_t page, void (*close)(uintptr_t page)) {
    (void)context;
    assert_int_equal(page, tracked.pages);
    assert_true(close == lm_shadow_cover);
    seen.stepped++;
    return can_step;
}

bool lm_emulate(const lm_halt *m, unsigned char *bytes) {
    (void)m;
    seen.bytes = bytes;
    seen.emulated += can_emulate;
    return can_emulate;
}

bool lm_emulate_string(const lm_halt *m, unsigned char *to, const unsigned char *from) {
    (void)m;
    seen.bytes = to;
    seen.string_from = (unsigned char *)(uintptr_t)from;
    seen.strings += can_run_strings;
    return can_run_strings;
}

lm_exact_span lm_exact_range;

bool lm_exact_has(uintptr_t at) {
    (void)at;
    return true;
}

/* ---- Made up instructions ------------------------------------------------------------------------- */

static lm_halt halt;

static uintptr_t at(size_t inside) {
    return tracked.block.start + inside;
}

static int set_up(void **state) {
    (void)state;
    memset(&seen, 0, sizeof seen);
    memset(written, 0, sizeof written);
    tracked = (lm_tracked){.pages = (uintptr_t)pages,
                           .bytes = PAGES,
                           .block = {.start = (uintptr_t)pages + START, .size = SIZE},
                           .copy = copy,
                           .written = written};
    lm_shadow_setting.faults = 1000;
    lm_shadow_count = (lm_shadow_counts){0};
    lm_catch_seam = (lm_catch_seams){0};
    lm_exact_range = (lm_exact_span){0};
    halt = (lm_halt){.pc = 0x1000, .judged = true};
    can_step = can_emulate = can_run_strings = has_time = true;
    puts_back = false;
    put_back_unwritten = 0;
    return 0;
}

static void access_at(uintptr_t where, size_t bytes, unsigned how) {
    halt.deed = (lm_deed){.touches = 1, .touch = {{where, bytes, how}}};
    assert_true(lm_shadow_fault(&halt, where));
}

static void mark_written(size_t from, size_t bytes) {
    memset(written + START + from, LM_SHADOW_ALL, bytes);
}

/* A move that isn't known, so that every write is of all bits. */
static void reads_of_what_was_written(void **state) {
    (void)state;
    mark_written(8, 16);
    access_at(at(8), 8, LM_READS);
    access_at(at(16), 4, LM_READS);
    assert_int_equal(seen.watched, 0);
    assert_int_equal(seen.tells, 0);
    assert_int_equal(seen.emulated, 2);
    assert_ptr_equal(seen.bytes, copy + START + 16);
    assert_int_equal(seen.looks, 2);
    assert_int_equal(tracked.before.at, at(16));
    assert_int_equal(tracked.before.bytes, 4);
    assert_int_equal(tracked.before.pc, halt.pc);
}

static void reads_of_what_was_not(void **state) {
    (void)state;
    mark_written(0, 4);
    access_at(at(0), 8, LM_READS);
    assert_int_equal(seen.watched, 1);
    assert_true(seen.unwritten == 0xffffffff00000000u);
    written[START + 8] = 0x0f; /* of a byte some bits */
    access_at(at(8), 1, LM_READS);
    assert_int_equal(seen.watched, 2);
    assert_int_equal(seen.unwritten, 0xf0);
    assert_int_equal(seen.tells, 0);
}

static void writes_are_noted(void **state) {
    (void)state;
    access_at(at(24), 8, LM_WRITES);
    assert_int_equal(seen.set, 1);
    assert_int_equal(seen.from, at(24));
    assert_int_equal(seen.to, at(32));
    assert_int_equal(seen.source, 0);
    assert_int_equal(seen.watched, 0);
}

/* What is put back where it came from isn't known better for that. */
static void values_that_are_put_back(void **state) {
    (void)state;
    puts_back = true;
    put_back_unwritten = 0xff00;
    access_at(at(24), 4, LM_WRITES);
    assert_int_equal(seen.set, 0);
    assert_int_equal(written[START + 24], LM_SHADOW_ALL);
    assert_int_equal(written[START + 25], 0);
    assert_int_equal(written[START + 26], LM_SHADOW_ALL);
    assert_int_equal(written[START + 27], LM_SHADOW_ALL);
    assert_int_equal(written[START + 28], 0);
}

static void accesses_beside_the_block(void **state) {
    (void)state;
    access_at(at(0) - 4, 8, LM_WRITES);
    assert_int_equal(seen.tells, 1);
    assert_int_equal(seen.code, LM_CODE_HEAP_UNDERFLOW);
    assert_true(tracked.told_beside);
    access_at(at(SIZE) - 1, 4, LM_READS);
    assert_int_equal(seen.tells, 2);
    assert_int_equal(seen.code, LM_CODE_HEAP_OVERFLOW);
    assert_int_equal(seen.from, at(SIZE));
    assert_int_equal(seen.to, at(SIZE) + 3);
    access_at(at(SIZE) + 4, 4, LM_READS);
    assert_int_equal(seen.tells, 3);
    assert_int_equal(seen.from, at(SIZE) + 4);
}

/* Vectors within their own alignment: how fast loops over strings read. */
static void vectors_may_reach_beyond(void **state) {
    const uintptr_t last = at(SIZE) & ~(uintptr_t)15;
    (void)state;
    assert_true(last + 16 > at(SIZE));
    access_at(last, 16, LM_READS);
    assert_int_equal(seen.tells, 0);
    access_at(last, 16, LM_WRITES);
    assert_int_equal(seen.tells, 1);
    halt.in = (lm_instruction){.map = 1, .op = 0x10}; /* movups: for any alignment */
    access_at(last, 16, LM_READS);
    assert_int_equal(seen.tells, 2);
    halt.in = (lm_instruction){0};
    access_at(last + 16, 16, LM_READS); /* nothing of the block is in it */
    assert_int_equal(seen.tells, 3);
    access_at(last - 8, 16, LM_READS);
    assert_int_equal(seen.tells, 4);
}

/* What can't be done in the handler runs by itself, on pages that are open for it alone. */
static void other_instructions_step(void **state) {
    (void)state;
    can_emulate = false;
    access_at(at(0), 8, LM_WRITES);
    assert_int_equal(seen.bared, 1);
    assert_int_equal(seen.stepped, 1);
    assert_int_equal(lm_shadow_count.stepped, 1);
    assert_true(tracked.open);
    assert_int_equal(seen.ended, 0);
    halt.deed.touch[0].at = at(0);
    assert_false(lm_shadow_fault(&halt, at(0))); /* open: the fault is another's */
}

static void where_no_step_can_be_made(void **state) {
    (void)state;
    can_emulate = can_step = false;
    access_at(at(0), 8, LM_WRITES);
    assert_int_equal(seen.ended, 1);
}

static void more_than_one_access(void **state) {
    (void)state;
    halt.deed =
        (lm_deed){.touches = 2, .touch = {{at(0), 8, LM_READS}, {(uintptr_t)&seen, 8, LM_WRITES}}};
    assert_true(lm_shadow_fault(&halt, at(0)));
    assert_int_equal(seen.watched, 1);
    assert_int_equal(seen.set, 0); /* that one is no tracked block's */
    assert_int_equal(seen.emulated, 0);
    assert_int_equal(seen.stepped, 1);
}

/* ---- Strings ----------------------------------------------------------------------------------- */

static void copy_string(uintptr_t from, uintptr_t to, size_t bytes) {
    halt.deed = (lm_deed){.touches = 2,
                          .touch = {{from, bytes, LM_READS}, {to, bytes, LM_WRITES}},
                          .effect = LM_EFFECT_MOVE,
                          .string = true};
    halt.in.repeat = true;
    assert_true(lm_shadow_fault(&halt, to));
}

static void strings_take_what_is_known_along(void **state) {
    static unsigned char elsewhere[32];
    (void)state;
    mark_written(0, 16);
    copy_string(at(0), at(32), 16);
    assert_int_equal(seen.strings, 1);
    assert_ptr_equal(seen.bytes, copy + START + 32);
    assert_ptr_equal(seen.string_from, copy + START);
    assert_int_equal(seen.source, at(0));
    assert_int_equal(seen.from, at(32));
    copy_string((uintptr_t)elsewhere, at(32), 16);
    assert_int_equal(seen.strings, 2);
    assert_null(seen.string_from);
}

/* A step for each round would be too slow; and what lies in another place must fault there. */
static void strings_that_cant_be_done_at_once(void **state) {
    static unsigned char elsewhere[32];
    (void)state;
    can_run_strings = false;
    copy_string((uintptr_t)elsewhere, at(32), 16);
    assert_int_equal(seen.ended, 1);
    can_run_strings = true;
    lm_exact_range = (lm_exact_span){(uintptr_t)elsewhere, sizeof elsewhere};
    copy_string((uintptr_t)elsewhere, at(32), 16);
    assert_int_equal(seen.strings, 0);
    assert_int_equal(seen.ended, 2);
}

/* ---- Limits ------------------------------------------------------------------------------------ */

static void faults_have_an_end(void **state) {
    (void)state;
    lm_shadow_setting.faults = 3;
    for (int i = 0; i < 3; i++)
        access_at(at(0), 8, LM_WRITES);
    assert_int_equal(seen.ended, 0);
    access_at(at(0), 8, LM_WRITES);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(lm_shadow_count.faults, 4);
}

static void so_has_time(void **state) {
    enum { LOOK_AT_CLOCK = 16 };
    (void)state;
    has_time = false;
    for (int i = 1; i < LOOK_AT_CLOCK; i++)
        access_at(at(0), 8, LM_WRITES);
    assert_int_equal(seen.ended, 0);
    access_at(at(0), 8, LM_WRITES);
    assert_int_equal(seen.ended, 1);
}

static bool is_library(uintptr_t pc) {
    return pc >= 0x2000;
}

/* The C library may do what it likes, and is told of by the wrappers. */
static void the_c_library_isnt_judged(void **state) {
    (void)state;
    lm_catch_seam.is_library = is_library;
    halt.pc = 0x2000;
    access_at(at(SIZE), 4, LM_READS);
    access_at(at(0), 8, LM_READS);
    assert_int_equal(seen.tells + seen.watched, 0);
    halt.judged = false; /* an instruction that nobody knows */
    access_at(at(0), 8, LM_READS);
    assert_int_equal(seen.ended, 0);
    assert_true(tracked.compared && tracked.open);
}

static void unknown_instructions_end_it(void **state) {
    (void)state;
    halt.judged = false;
    access_at(at(0), 8, LM_READS);
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.watched, 0);
}

static void a_second_thread_ends_it(void **state) {
    (void)state;
    const char single = __libc_single_threaded;
    __libc_single_threaded = 0;
    access_at(at(0), 8, LM_READS);
    __libc_single_threaded = single;
    assert_int_equal(seen.ended, 1);
}

static void faults_elsewhere_are_others(void **state) {
    (void)state;
    assert_false(lm_shadow_fault(&halt, (uintptr_t)pages + PAGES));
    assert_int_equal(lm_shadow_count.faults, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(reads_of_what_was_written),
        TEST(reads_of_what_was_not),
        TEST(writes_are_noted),
        TEST(values_that_are_put_back),
        TEST(accesses_beside_the_block),
        TEST(vectors_may_reach_beyond),
        TEST(other_instructions_step),
        TEST(where_no_step_can_be_made),
        TEST(more_than_one_access),
        TEST(strings_take_what_is_known_along),
        TEST(strings_that_cant_be_done_at_once),
        TEST(faults_have_an_end),
        TEST(so_has_time),
        TEST(the_c_library_isnt_judged),
        TEST(unknown_instructions_end_it),
        TEST(a_second_thread_ends_it),
        TEST(faults_elsewhere_are_others),
    };
    __libc_single_threaded = 1; /* whatever a sanitizer has started */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
