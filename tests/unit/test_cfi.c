/* The tables' reader, on tables of its own and on tens of thousands of broken ones. */
#include "support/unit.h"

#include "stack/cfi.h"
#include "stack/row.h"
#include "stack/step.h"
#include "support/random.h"

#include <stdlib.h>
#include <string.h>

enum {
    CODE = 0x1000, /* where the made up function begins, from the table's start */
    CODE_SIZE = 0x40,
    ROOM = 256,
    ROUNDS = 100000,
};

/* A table with one function, built in place. */
typedef struct table {
    uint8_t bytes[ROOM];
    size_t size, fde_at;
} table;

static void put(table *t, const void *bytes, size_t size) {
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

static void put_u32(table *t, uint32_t value) {
    put(t, &value, sizeof value);
}

static void patch_u32(table *t, size_t at, size_t value) {
    const uint32_t word = (uint32_t)value;
    memcpy(t->bytes + at, &word, sizeof word);
}

#define PUT(t, ...) put((t), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* `letters` with its NUL; `data` is what they announce. */
static void begin(table *t, const char *letters, const void *data, size_t data_size) {
    memset(t, 0, sizeof *t);
    PUT(t, 1, 0x1b, 0x03, 0x3b); /* .eh_frame_hdr */
    put_u32(t, 0);               /* where .eh_frame is: nobody asks */
    put_u32(t, 1);
    put_u32(t, CODE);
    put_u32(t, 0);
    const size_t cie = t->size;
    put_u32(t, 0);
    put_u32(t, 0);
    PUT(t, 1);
    put(t, letters, strlen(letters) + 1);
    PUT(t, 1, 0x78, 16, (uint8_t)data_size); /* code 1, data -8, return address 16 */
    put(t, data, data_size);
    PUT(t, 0x0c, 7, 8, 0x90, 1); /* CFA sp + 8, return address at CFA - 8 */
    patch_u32(t, cie, t->size - cie - 4);
    t->fde_at = t->size;
    patch_u32(t, 16, t->fde_at);
    put_u32(t, 0);
    put_u32(t, (uint32_t)(t->size - cie));
    put_u32(t, (uint32_t)(CODE - t->size));
    put_u32(t, CODE_SIZE);
    PUT(t, 0); /* no augmentation data */
}

static void begin_plain(table *t) {
    begin(t, "zR", "\x1b", 1);
}

static void end(table *t) {
    patch_u32(t, t->fde_at, t->size - t->fde_at - 4);
}

static bool find(const table *t, size_t at, lm_cfi *cfi) {
    const lm_cfi_tables tables = {t->bytes, t->bytes + t->size, t->bytes};
    return lm_cfi_find(&tables, (uintptr_t)t->bytes + CODE + at, cfi);
}

static lm_row row_at(const table *t, size_t at) {
    lm_cfi cfi;
    lm_row row;
    assert_true(find(t, at, &cfi));
    assert_true(lm_row_at(&cfi, (uintptr_t)t->bytes + CODE + at, &row));
    return row;
}

static void finds_what_is_described(void **state) {
    table t;
    lm_cfi cfi;
    (void)state;
    begin_plain(&t);
    end(&t);
    assert_true(find(&t, 0, &cfi));
    assert_false(cfi.signal);
    assert_true(find(&t, CODE_SIZE - 1, &cfi));
    assert_false(find(&t, CODE_SIZE, &cfi));
    assert_false(find(&t, (size_t)-1, &cfi));
}

static void knows_signal_frames_and_personalities(void **state) {
    table t;
    lm_cfi cfi;
    (void)state;
    begin(&t, "zRS", "\x1b", 1);
    end(&t);
    assert_true(find(&t, 3, &cfi));
    assert_true(cfi.signal);
    begin(&t, "zPLR", "\x9b\1\2\3\4\x1b\x1b", 7);
    end(&t);
    assert_true(find(&t, 3, &cfi));
    assert_int_equal(row_at(&t, 3).cfa.value, 8);
}

/* push rbp at 1, mov rbp, rsp at 4, an early exit at 0x10 to 0x12. */
static void begin_function(table *t) {
    begin_plain(t);
    PUT(t, 0x41, 0x0e, 16, 0x86, 2); /* CFA offset 16, rbp at CFA - 16 */
    PUT(t, 0x43, 0x0d, 6);           /* CFA register rbp */
    PUT(t, 0x02, 12, 0x0a);          /* remember */
    PUT(t, 0x0c, 7, 8, 0xc6);        /* CFA sp + 8, rbp as at the start */
    PUT(t, 0x42, 0x0b);              /* recall */
    end(t);
}

static void runs_programs(void **state) {
    table t;
    (void)state;
    begin_function(&t);
    lm_row row = row_at(&t, 0);
    assert_int_equal(row.cfa.from, 7);
    assert_int_equal(row.cfa.value, 8);
    assert_int_equal(row.of[6].how, LM_RULE_UNSET);
    assert_int_equal(row.of[16].how, LM_RULE_AT_OFFSET);
    assert_int_equal(row.of[16].value, -8);
    row = row_at(&t, 3);
    assert_int_equal(row.cfa.from, 7);
    assert_int_equal(row.cfa.value, 16);
    assert_int_equal(row.of[6].value, -16);
    row = row_at(&t, 4);
    assert_int_equal(row.cfa.from, 6);
    row = row_at(&t, 0x11);
    assert_int_equal(row.cfa.from, 7);
    assert_int_equal(row.cfa.value, 8);
    assert_int_equal(row.of[6].how, LM_RULE_UNSET);
    row = row_at(&t, 0x12);
    assert_int_equal(row.cfa.from, 6);
    assert_int_equal(row.cfa.value, 16);
    assert_int_equal(row.of[6].how, LM_RULE_AT_OFFSET);
}

static void refuses_programs_without_sense(void **state) {
    static const uint8_t bad[][4] = {
        {0x0b, 0, 0, 0},          /* recalls what wasn't remembered */
        {0x0a, 0x0a, 0x0a, 0x0a}, /* fits; with one more it doesn't */
        {0x0c, 99, 8, 0},         /* the CFA from a register that isn't there */
        {0x3f, 0, 0, 0},          /* no such instruction */
        {0x0f, 99, 0, 0},         /* an expression beyond the end */
        {0x86, 0xff, 0xff, 0xff}, /* a number beyond the end */
    };
    lm_cfi cfi;
    lm_row row;
    table t;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin_plain(&t);
        put(&t, bad[i], sizeof bad[i]);
        if (bad[i][1] == 0x0a)
            PUT(&t, 0x0a);
        end(&t);
        assert_true(find(&t, 1, &cfi));
        assert_false(lm_row_at(&cfi, (uintptr_t)t.bytes + CODE + 1, &row));
    }
}

/* ---- Broken tables --------------------------------------------------------------------------- */

/* All that a walk does with them, on a stack of its own. */
static unsigned use_tables(const uint8_t *bytes, size_t size, uintptr_t pc) {
    const lm_cfi_tables tables = {bytes, bytes + size, bytes};
    lm_cfi cfi;
    lm_row row;
    uintptr_t words[64] = {0};
    lm_registers registers = {.known = 0x1ffff};
    for (unsigned i = 0; i < LM_MACHINE_REGISTERS; i++)
        registers.at[i] = (uintptr_t)&words[i];
    const lm_extent extent = {(uintptr_t)words, (uintptr_t)(words + 64), (uintptr_t)(words + 64)};
    lm_cache_step rule;
    if (!lm_cfi_find(&tables, pc, &cfi))
        return 0;
    if (!lm_row_at(&cfi, pc, &row))
        return 1;
    (void)lm_step_simple(&cfi, &row, &rule);
    return lm_step_row(&cfi, &row, &extent, &registers) == LM_STEP_DONE ? 3 : 2;
}

/* In a block of exactly their size, so that the address sanitizer sees any byte too many. */
static unsigned use_copy(const table *t, size_t size, size_t at) {
    uint8_t *bytes = malloc(size);
    memcpy(bytes, t->bytes, size);
    const unsigned got = use_tables(bytes, size, (uintptr_t)bytes + CODE + at);
    free(bytes);
    return got;
}

/* A few bytes of a good table wrong, or cut short: most of it is still read. */
static void survives_broken_tables(void **state) {
    random_state r = {1};
    unsigned reached[4] = {0};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        table t;
        begin_function(&t);
        for (size_t n = random_below(&r, 6); n > 0; n--)
            t.bytes[random_below(&r, t.size)] = (uint8_t)random_bits(&r);
        const size_t size = random_once_in(&r, 4) ? 1 + random_below(&r, t.size) : t.size;
        reached[use_copy(&t, size, random_below(&r, CODE_SIZE))]++;
    }
    for (int i = 0; i < 4; i++)
        assert_true(reached[i] > 100); /* or the test tests nothing */
}

/* A right frame around a program of random bytes. */
static void survives_random_programs(void **state) {
    random_state r = {2};
    unsigned reached[4] = {0};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        table t;
        begin_plain(&t);
        for (size_t n = 1 + random_below(&r, 60); n > 0; n--)
            PUT(&t, (uint8_t)(random_once_in(&r, 2) ? random_bits(&r) : random_below(&r, 32)));
        end(&t);
        reached[use_copy(&t, t.size, random_below(&r, CODE_SIZE))]++;
    }
    assert_int_equal(reached[0], 0);
    for (int i = 1; i < 4; i++)
        assert_true(reached[i] > 100);
}

static void survives_random_bytes(void **state) {
    random_state r = {3};
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        table t = {.size = 1 + random_below(&r, ROOM)};
        for (size_t n = 0; n < t.size; n++)
            t.bytes[n] = (uint8_t)random_bits(&r);
        if (t.size > 4 && random_once_in(&r, 2))
            memcpy(t.bytes, "\1\x1b\3\x3b", 4);
        use_copy(&t, t.size, random_below(&r, CODE_SIZE));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_described),
        cmocka_unit_test(knows_signal_frames_and_personalities),
        cmocka_unit_test(runs_programs),
        cmocka_unit_test(refuses_programs_without_sense),
        cmocka_unit_test(survives_broken_tables),
        cmocka_unit_test(survives_random_programs),
        cmocka_unit_test(survives_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
