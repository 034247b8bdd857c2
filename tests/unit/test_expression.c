#include "support/unit.h"

#include "stack/expression.h"

static uintptr_t words[4] = {10, 20, 30, 40};
static const uintptr_t first = 5;

static bool evaluate(const uint8_t *code, size_t size, uintptr_t *result) {
    lm_registers registers = {.known = 0};
    lm_registers_set(&registers, LM_MACHINE_SP, (uintptr_t)words);
    lm_registers_set(&registers, LM_MACHINE_PC, 0x100b);
    const lm_extent extent = {(uintptr_t)words, (uintptr_t)(words + 4), 0};
    const lm_bytes bytes = {code, code + size, false};
    return lm_expression(bytes, &registers, &extent, &first, result);
}

#define GIVES(expected, ...)                                                                       \
    do {                                                                                           \
        const uint8_t code_[] = {__VA_ARGS__};                                                     \
        uintptr_t result_ = 0;                                                                     \
        assert_true(evaluate(code_, sizeof code_, &result_));                                      \
        assert_int_equal(result_, (expected));                                                     \
    } while (0)

#define FAILS(...)                                                                                 \
    do {                                                                                           \
        const uint8_t code_[] = {__VA_ARGS__};                                                     \
        uintptr_t result_;                                                                         \
        assert_false(evaluate(code_, sizeof code_, &result_));                                     \
    } while (0)

enum { LOAD = 0x06, U1 = 0x08, S1 = 0x09, PLUS = 0x22, SP = 0x70 + LM_MACHINE_SP };

static void computes(void **state) {
    (void)state;
    GIVES(5, 0x96);
    GIVES(36, 0x30 + 31, PLUS);
    GIVES(4, S1, 0xff, PLUS);
    GIVES(8, 0x23, 3);
    GIVES(2, 0x33, 0x1c);
    GIVES(15, 0x33, 0x1e);
    GIVES(40, 0x33, 0x24);
    GIVES(0, U1, 64, 0x24);
    GIVES(2, 0x31, 0x25);
    GIVES(4, 0x3c, 0x1a);
    GIVES(7, 0x32, 0x21);
    GIVES((uintptr_t)-5, 0x1f);
    GIVES(1, 0x34, 0x2a);
    GIVES(0, 0x36, 0x2a);
    GIVES(1, S1, 0x80, 0x2b);
    GIVES(1, 0x35, 0x29);
    GIVES((uintptr_t)-2, 0x37, 0x1c);
    GIVES(2, 0x37, 0x16, 0x1c);
    GIVES(10, 0x12, PLUS);
    GIVES(5, 0x37, 0x13);
    GIVES(0x12345, 0x0c, 0x45, 0x23, 1, 0);
}

static void reads_registers_and_the_stack(void **state) {
    (void)state;
    GIVES(10, SP, 0, LOAD);
    GIVES(40, SP, 24, LOAD);
    GIVES(31, SP, 16, LOAD, 0x23, 1);
    FAILS(SP, 32, LOAD);
    FAILS(SP, 0x78, LOAD); /* sp - 8 */
    FAILS(SP, 1, LOAD);    /* between two words */
    FAILS(0x70, 0, LOAD);  /* a register that isn't known */
    FAILS(0x8f, 0);        /* one that isn't there */
    FAILS(U1, 8, LOAD);
}

#if LM_MACHINE_TABLES
/* The binder's entries: one word more on the stack from their eleventh byte on. */
static void knows_the_lazy_binder(void **state) {
    (void)state;
    GIVES((uintptr_t)words + 16, SP, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, PLUS);
    GIVES((uintptr_t)words + 8, SP, 8, 0x80, 1, 0x3f, 0x1a, 0x3c + 1, 0x2a, 0x33, 0x24, PLUS);
}
#endif

static void refuses_nonsense(void **state) {
    (void)state;
    FAILS(0x13, 0x13); /* nothing left to drop */
    FAILS(0x13);       /* no result */
    FAILS(PLUS);
    FAILS(0xff);
    FAILS(U1);
    FAILS(0x2f, 0xfd, 0xff); /* jumps aren't known: it might not end */
    FAILS(0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
          0x30, 0x30);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes),
        cmocka_unit_test(reads_registers_and_the_stack),
#if LM_MACHINE_TABLES
        cmocka_unit_test(knows_the_lazy_binder),
#endif
        cmocka_unit_test(refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
