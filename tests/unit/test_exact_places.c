// ctest-args:
// ctest-args: protect
#include "support/unit.h"

#include "check/amounts.h"
#include "check/exact_places.h"
#include "check/watched.h"
#include "check/watcher.h"
#include "os/os.h"
#include "support/child.h"
#include "support/pattern.h"
#include "support/thread.h"

#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

/* ---- In the stead of exact.c and watcher.c ------------------------------------------------------- */

enum { MIB = 1 << 20, PLENTY = 1 << 30, FIRST = 80, SECOND = 20, THIRD = 32, STEP = 32 };

lm_exact_settings lm_exact_setting = {LM_EXACT_MODE_AUTO, 3, PLENTY, PLENTY};
lm_exact_counts lm_exact_count;
static int64_t live_bytes;

int64_t lm_watcher_live_bytes(void) {
    return live_bytes;
}

/* ---- Reserving ----------------------------------------------------------------------------------- */

static bool by_protection; /* as on kernels without cheap guards */

static lm_exact_zone *zone(unsigned number) {
    return &lm_exact_zones[number];
}

/* Few places, so that they run out. The fourth zone has none at all: it is less than is worth it. */
static int set_up(void **state) {
    static const size_t wished[LM_EXACT_ZONES] = {FIRST, SECOND, THIRD, 15, 16};
    (void)state;
    lm_os_start();
    if (by_protection)
        lm_os.guards_by_advice = false;
    for (unsigned i = 0; i < LM_EXACT_ZONES; i++)
        zone(i)->wished = wished[i];
    return lm_exact_reserve() ? 0 : 1;
}

static int defaults(void **state) {
    (void)state;
    lm_exact_setting = (lm_exact_settings){LM_EXACT_MODE_AUTO, 3, PLENTY, PLENTY};
    lm_exact_count.made = 0;
    live_bytes = 0;
    return 0;
}

static int reserve_little(void *argument) {
    static lm_exact_zone fresh[LM_EXACT_ZONES];
    memcpy(fresh, argument, sizeof fresh);
    memcpy(lm_exact_zones, fresh, sizeof fresh);
    memset(&lm_exact_range, 0, sizeof lm_exact_range);
    const size_t each = 2 * lm_os.page;
    lm_os.address_limit = 64 * (100 * each + lm_os.page); /* not quite a hundred places */
    if (!lm_exact_reserve() || zone(0)->capacity != 64 || zone(4)->capacity != 0)
        return 1;
    memcpy(lm_exact_zones, fresh, sizeof fresh);
    lm_os.address_limit = 64 * 16 * each; /* and one guard */
    return lm_exact_reserve() || zone(0)->capacity != 0 ? 2 : 0;
}

static void takes_what_it_may(void **state) {
    lm_exact_zone fresh[LM_EXACT_ZONES];
    (void)state;
    memset(fresh, 0, sizeof fresh);
    fresh[0].pages = 1;
    fresh[0].wished = 512;
    for (unsigned i = 1; i < LM_EXACT_ZONES; i++) {
        fresh[i].pages = (size_t)1 << (2 * i);
        fresh[i].wished = 16;
    }
    assert_int_equal(in_child(reserve_little, fresh), 0);
}

/* ---- Which place an address is about ------------------------------------------------------------- */

static void addresses(void **state) {
    uintptr_t low = UINTPTR_MAX, high = 0;
    (void)state;
    for (unsigned i = 0; i < LM_EXACT_ZONES; i++) {
        const lm_exact_zone *z = zone(i);
        if (z->capacity == 0)
            continue;
        low = z->start < low ? z->start : low;
        high = z->end > high ? z->end : high;
        assert_int_equal(z->end - z->start, z->capacity * z->stride + lm_os.page);
        for (size_t n = 0; n < z->capacity; n++) {
            const uintptr_t pages = lm_exact_pages_of(z, n);
            const uintptr_t last = pages + z->pages * lm_os.page - 1;
            assert_int_equal(lm_exact_number_of(z, pages - lm_os.page), n); /* its guard */
            assert_int_equal(lm_exact_number_of(z, pages), n);
            assert_int_equal(lm_exact_number_of(z, last), n);
            assert_ptr_equal(lm_exact_zone_of(pages - lm_os.page), z);
            assert_ptr_equal(lm_exact_zone_of(last), z);
        }
        assert_int_equal(lm_exact_number_of(z, z->end - 1), z->capacity); /* the guard behind all */
        assert_ptr_equal(lm_exact_zone_of(z->start), z);
        assert_ptr_equal(lm_exact_zone_of(z->end - 1), z);
        assert_ptr_not_equal(lm_exact_zone_of(z->start - 1), z);
        assert_ptr_not_equal(lm_exact_zone_of(z->end), z);
    }
    assert_int_equal(zone(3)->capacity, 0);
    assert_int_equal(lm_exact_range.low, low);
    assert_int_equal(lm_exact_range.size, high - low);
    assert_true(lm_is_watched((void *)low) && lm_is_watched((void *)(high - 1)));
    assert_null(lm_exact_zone_of(low - 1));
    assert_null(lm_exact_zone_of(high));
    assert_null(lm_exact_zone_of(0));
    assert_null(lm_exact_zone_of(UINTPTR_MAX));
    assert_null(lm_exact_zone_of((uintptr_t)&low));
}

/* ---- Taking and giving --------------------------------------------------------------------------- */

static uint32_t take_from(unsigned number, size_t bytes) {
    lm_exact_zone *z;
    uint32_t place;
    if (!lm_exact_take(bytes, &z, &place))
        return LM_EXACT_NONE;
    assert_ptr_equal(z, zone(number));
    return place;
}

static void give(unsigned number, uint32_t place) {
    lm_exact_give(zone(number), place);
}

static void the_smallest_that_fits(void **state) {
    static const struct {
        size_t pages;
        unsigned zone;
    } table[] = {{1, 0}, {4, 1}, {16, 2}, {256, 4}};
    lm_exact_zone *z;
    uint32_t place;
    (void)state;
    give(0, take_from(0, 0));
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        give(table[i].zone, take_from(table[i].zone, table[i].pages * lm_os.page));
        if (i + 1 < sizeof table / sizeof table[0])
            give(table[i + 1].zone, take_from(table[i + 1].zone, table[i].pages * lm_os.page + 1));
    }
    assert_false(lm_exact_take(256 * lm_os.page + 1, &z, &place));
    assert_false(lm_exact_take(SIZE_MAX, &z, &place));
    give(4, take_from(4, 64 * lm_os.page)); /* its own zone has none */
}

/* First given, first taken again; those never used come before. */
static void the_one_that_rests_longest(void **state) {
    const lm_exact_zone *z = zone(2);
    const size_t size = 16 * lm_os.page, used = z->used;
    (void)state;
    assert_int_equal(used, 2); /* by the test above, one after the other */
    for (uint32_t i = 3; i <= THIRD; i++)
        assert_int_equal(take_from(2, size), i);
    assert_int_equal(take_from(2, size), 1);
    assert_int_equal(take_from(2, size), 2);
    assert_int_equal(take_from(2, size), LM_EXACT_NONE);
    give(2, 7);
    assert_int_equal(take_from(2, size), 7);
    assert_int_equal(take_from(2, size), LM_EXACT_NONE);
    give(2, 9);
    give(2, 3);
    give(2, 32);
    assert_int_equal(take_from(2, size), 9);
    give(2, 9);
    assert_int_equal(take_from(2, size), 3);
    assert_int_equal(take_from(2, size), 32);
    assert_int_equal(take_from(2, size), 9);
    assert_int_equal(take_from(2, size), LM_EXACT_NONE);
    for (uint32_t i = 1; i <= THIRD; i++)
        give(2, i);
}

/* By so many at once, the last time fewer. Of what isn't made nothing is known. */
static void places_are_made_in_steps(void **state) {
    const lm_exact_zone *z = zone(0);
    const uint32_t used = (uint32_t)z->used;
    lm_block block;
    (void)state;
    assert_int_equal(z->made, STEP);
    assert_int_equal(lm_exact_record(z, STEP - 1, &block), LM_EXACT_UNUSED);
    assert_int_equal(lm_exact_record(z, STEP, &block), LM_EXACT_UNUSED);
    assert_int_equal(lm_exact_record(z, SIZE_MAX, &block), LM_EXACT_UNUSED);
    for (uint32_t i = used + 1; i <= FIRST; i++) {
        assert_int_equal(take_from(0, 1), i);
        assert_int_equal(z->made, i <= STEP ? STEP : i <= 2 * STEP ? 2 * STEP : FIRST);
    }
    for (uint32_t i = FIRST; i > used; i--)
        give(0, i);
}

/* ---- Budgets ------------------------------------------------------------------------------------- */

static size_t count_taken(unsigned number, size_t bytes, size_t most) {
    uint32_t taken[FIRST];
    size_t count = 0;
    while (count < most && (taken[count] = take_from(number, bytes)) != LM_EXACT_NONE)
        count++;
    for (size_t i = 0; i < count; i++)
        give(number, taken[i]);
    return count;
}

static void memory_is_bounded(void **state) {
    (void)state;
    lm_exact_setting.bytes = 10 * lm_os.page;
    assert_int_equal(count_taken(0, 1, FIRST), 10);
    assert_int_equal(count_taken(1, 2 * lm_os.page, SECOND), 2); /* of four pages each */
    assert_int_equal(count_taken(2, 5 * lm_os.page, THIRD), 0);
    lm_exact_setting.bytes = 0;
    assert_int_equal(count_taken(0, 1, FIRST), 0);
    lm_exact_setting.mode = LM_EXACT_MODE_ALL; /* whatever it costs */
    assert_int_equal(count_taken(0, 1, FIRST), FIRST);
}

/* Of a megabyte each. */
static void later_they_are_a_share(void **state) {
    const size_t size = 256 * lm_os.page;
    (void)state;
    assert_int_equal(count_taken(4, size, FIRST), 16);
    lm_exact_count.made = LM_EXACT_FREE;
    assert_int_equal(count_taken(4, size, FIRST), LM_EXACT_LEAST / size);
    live_bytes = -5; /* an estimate */
    assert_int_equal(count_taken(4, size, FIRST), LM_EXACT_LEAST / size);
    live_bytes = (int64_t)LM_EXACT_SHARE * 10 * (int64_t)size;
    assert_int_equal(count_taken(4, size, FIRST), 10);
    lm_exact_setting.bytes = 9 * size;
    assert_int_equal(count_taken(4, size, FIRST), 9);
    lm_exact_setting.bytes = PLENTY;
    live_bytes = INT64_MAX;
    assert_int_equal(count_taken(4, size, FIRST), 16);
    lm_exact_count.made = LM_EXACT_FREE - 1;
    live_bytes = 0;
    assert_int_equal(count_taken(4, size, FIRST), 16);
}

/* Where each guard costs one, and so each place two. */
static void mappings_are_bounded(void **state) {
    (void)state;
    lm_exact_setting.mappings = 21;
    assert_int_equal(count_taken(0, 1, FIRST), by_protection ? 10 : FIRST);
    lm_exact_setting.mode = LM_EXACT_MODE_ALL;
    assert_int_equal(count_taken(0, 1, FIRST), by_protection ? 10 : FIRST);
}

/* ---- Pages --------------------------------------------------------------------------------------- */

static int touch(void *at) {
    *(volatile char *)at = 1;
    return 0;
}

static void expect_open(uintptr_t at, bool open) {
    assert_int_equal(in_child(touch, (void *)at), open ? 0 : -SIGSEGV);
}

static void open_and_closed(void **state) {
    const uint32_t place = take_from(1, 4 * lm_os.page);
    const size_t size = 4 * lm_os.page;
    const uintptr_t pages = lm_exact_pages_of(zone(1), place - 1);
    (void)state;
    expect_open(pages, false);
    for (int round = 0; round < 2; round++) {
        assert_true(lm_exact_open(pages, size));
        assert_true(all_zero((void *)pages, size)); /* nothing is left of before */
        memset((void *)pages, 'x', size);
        expect_open(pages, true);
        expect_open(pages + size - 1, true);
        expect_open(pages - 1, false);
        expect_open(pages + size, false);
        assert_true(lm_exact_close(pages, size));
        expect_open(pages, false);
        expect_open(pages + size - 1, false);
    }
    give(1, place);
    assert_false(lm_exact_open(0, lm_os.page)); /* nothing is there */
}

/* ---- Records ------------------------------------------------------------------------------------- */

static lm_exact_place record;

static lm_block filled(unsigned char byte) {
    lm_block block;
    memset(&block, byte, sizeof block);
    block.live = block.exact = byte & 1;
    return block;
}

static void records(void **state) {
    lm_block block, now = filled(3);
    (void)state;
    memset(&record, 0, sizeof record);
    assert_int_equal(lm_exact_read(&record, &block), LM_EXACT_UNUSED);
    lm_exact_write(&record, LM_EXACT_LIVE, &now);
    assert_int_equal(record.version, 2);
    assert_int_equal(lm_exact_read(&record, &block), LM_EXACT_LIVE);
    assert_memory_equal(&block, &now, sizeof now);
    now = filled(4);
    record.version = UINT32_MAX - 1; /* wraps around */
    lm_exact_write(&record, LM_EXACT_FREED, &now);
    assert_int_equal(record.version, 0);
    assert_int_equal(lm_exact_read(&record, &block), LM_EXACT_FREED);
    assert_memory_equal(&block, &now, sizeof now);
    record.version = 1; /* its writer was interrupted, perhaps by this very thread */
    assert_int_equal(lm_exact_read(&record, &block), LM_EXACT_UNUSED);
}

enum { WRITES = 400000 };
static _Atomic bool done;

static void *write_again_and_again(void *argument) {
    const lm_block one = filled(1), two = filled(2);
    for (int i = 0; i < WRITES / 2; i++) {
        lm_exact_write(&record, LM_EXACT_LIVE, &one);
        lm_exact_write(&record, LM_EXACT_FREED, &two);
    }
    done = true;
    return argument;
}

static void no_reader_sees_a_half(void **state) {
    const lm_block one = filled(1), two = filled(2);
    pthread_t writer;
    (void)state;
    memset(&record, 0, sizeof record);
    lm_exact_write(&record, LM_EXACT_FREED, &two);
    done = false;
    assert_int_equal(pthread_create(&writer, NULL, write_again_and_again, NULL), 0);
    for (bool more = true; more;) {
        lm_block block;
        more = !done;
        const lm_exact_state now = lm_exact_read(&record, &block);
        if (now != LM_EXACT_UNUSED) /* else it was written all the time */
            assert_memory_equal(&block, now == LM_EXACT_LIVE ? &one : &two, sizeof block);
    }
    pthread_join(writer, NULL);
}

#if defined(__x86_64__) && !LM_THREAD_SANITIZER

static long steps, write_at;

/* After each instruction of the reader's: a whole write, when it is its turn. */
static void on_step(int number, siginfo_t *info, void *context) {
    enum { SINGLE = 0x100 };
    const lm_block two = filled(2);
    (void)number, (void)info;
    if (++steps < write_at)
        return;
    lm_exact_write(&record, LM_EXACT_FREED, &two);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)SINGLE;
}

static void a_write_at_any_moment(void **state) {
    const struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    const lm_block one = filled(1), two = filled(2);
    struct sigaction before;
    (void)state;
    assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
    bool reached = true;
    for (write_at = 1; reached; write_at++) {
        lm_block block;
        memset(&record, 0, sizeof record);
        lm_exact_write(&record, LM_EXACT_LIVE, &one);
        steps = 0;
        __asm__ volatile("pushfq\n orl $0x100, (%%rsp)\n popfq" : : : "memory", "cc");
        const lm_exact_state now = lm_exact_read(&record, &block);
        __asm__ volatile("pushfq\n andl $~0x100, (%%rsp)\n popfq" : : : "memory", "cc");
        reached = steps == write_at;
        assert_true(now == LM_EXACT_LIVE || now == LM_EXACT_FREED);
        assert_memory_equal(&block, now == LM_EXACT_LIVE ? &one : &two, sizeof block);
    }
    assert_true(write_at > 20);
    sigaction(SIGTRAP, &before, NULL);
}

#endif

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(addresses, defaults),
        cmocka_unit_test_setup(the_smallest_that_fits, defaults),
        cmocka_unit_test_setup(the_one_that_rests_longest, defaults),
        cmocka_unit_test_setup(places_are_made_in_steps, defaults),
        cmocka_unit_test_setup(memory_is_bounded, defaults),
        cmocka_unit_test_setup(later_they_are_a_share, defaults),
        cmocka_unit_test_setup(mappings_are_bounded, defaults),
        cmocka_unit_test_setup(open_and_closed, defaults),
        cmocka_unit_test_setup(takes_what_it_may, defaults),
        cmocka_unit_test_setup(records, defaults),
        cmocka_unit_test_setup(no_reader_sees_a_half, defaults),
#if defined(__x86_64__) && !LM_THREAD_SANITIZER
        cmocka_unit_test_setup(a_write_at_any_moment, defaults),
#endif
    };
    by_protection = argc > 1 && strcmp(argv[1], "protect") == 0;
    return cmocka_run_group_tests(tests, set_up, NULL);
}
