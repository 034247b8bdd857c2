// ctest-builds: release clang debug test-mode asan ubsan

/* Not under the thread sanitizer: it starts a thread, and blocks are tracked in processes with one only. */
#include "support/unit.h"

#include "check/catch.h"
#include "check/exact.h"
#include "check/shadow.h"
#include "os/os.h"
#include "support/child.h"
#include "support/tales.h"

#include <string.h>

/* Each operation is run on plain memory by the processor, and on a tracked block by the handler: registers,
 * memory and flags must be the same. */
#if defined(__x86_64__)

enum { FLAGS = 0x8c5 /* carry, parity, zero, sign, overflow */ };

typedef struct outcome {
    uint64_t value, flags;
} outcome;

#define OPERATION(name, text)                                                                      \
    static outcome name(void *at, uint64_t value) {                                                \
        outcome o = {value, 0};                                                                    \
        __asm__ volatile("xor %%ecx, %%ecx\n" text "\n pushfq\n popq %1"                           \
                         : "+a"(o.value), "=&d"(o.flags)                                           \
                         : "D"(at)                                                                 \
                         : "rcx", "memory", "cc");                                                 \
        o.flags &= FLAGS;                                                                          \
        return o;                                                                                  \
    }

OPERATION(add_8, "addb %%al, (%%rdi)")
OPERATION(add_16, "addw %%ax, (%%rdi)")
OPERATION(add_32, "addl %%eax, (%%rdi)")
OPERATION(add_64, "addq %%rax, (%%rdi)")
OPERATION(add_from_32, "addl (%%rdi), %%eax")
OPERATION(sub_8, "subb %%al, (%%rdi)")
OPERATION(sub_from_64, "subq (%%rdi), %%rax")
OPERATION(or_32, "orl %%eax, (%%rdi)")
OPERATION(and_from_16, "andw (%%rdi), %%ax")
OPERATION(xor_64, "xorq %%rax, (%%rdi)")
OPERATION(cmp_8, "cmpb %%al, (%%rdi)")
OPERATION(cmp_16, "cmpw (%%rdi), %%ax")
OPERATION(cmp_32, "cmpl %%eax, (%%rdi)")
OPERATION(cmp_64, "cmpq (%%rdi), %%rax")
OPERATION(cmp_number, "cmpl $-3, (%%rdi)")
OPERATION(add_number, "addw $0x1234, (%%rdi)")
OPERATION(and_number, "andb $0x81, (%%rdi)")
OPERATION(test_32, "testl %%eax, (%%rdi)")
OPERATION(test_number, "testb $0x80, (%%rdi)")
OPERATION(inc_32, "stc\n incl (%%rdi)")
OPERATION(dec_8, "stc\n decb (%%rdi)")
OPERATION(load_8, "movb (%%rdi), %%al")
OPERATION(load_16, "movw (%%rdi), %%ax")
OPERATION(load_32, "movl (%%rdi), %%eax")
OPERATION(load_sign, "movsbq (%%rdi), %%rax")
OPERATION(load_zero, "movzwl (%%rdi), %%eax")
OPERATION(load_sign_64, "movslq (%%rdi), %%rax")
OPERATION(store_8, "movb %%ah, (%%rdi)")
OPERATION(store_16, "movw %%ax, (%%rdi)")
OPERATION(store_number, "movq $-5, (%%rdi)")
OPERATION(by_carry, "stc\n adcl %%eax, (%%rdi)")
OPERATION(shift, "shll $3, (%%rdi)")
OPERATION(exchange, "xchgl %%eax, (%%rdi)")
OPERATION(
    by_vector,
    "movq (%%rdi), %%xmm1\n movq %%xmm1, %%rax\n movhlps %%xmm1, %%xmm1\n movq %%xmm1, (%%rdi)")

static outcome (*const operations[])(void *, uint64_t) = {
    add_8,      add_16,       add_32,     add_64,    add_from_32, sub_8,    sub_from_64,
    or_32,      and_from_16,  xor_64,     cmp_8,     cmp_16,      cmp_32,   cmp_64,
    cmp_number, add_number,   and_number, test_32,   test_number, inc_32,   dec_8,
    load_8,     load_16,      load_32,    load_sign, load_zero,   store_8,  load_sign_64,
    store_16,   store_number, by_carry,   shift,     exchange,    by_vector};

static const uint64_t values[] = {0,
                                  1,
                                  0x7f,
                                  0x80,
                                  0xff,
                                  0x7fff,
                                  0x8000,
                                  0x7fffffff,
                                  0x80000000,
                                  0xfffffffd,
                                  UINT64_MAX,
                                  0x8000000000000000,
                                  0x123456789abcdef0};
enum { VALUES = sizeof values / sizeof values[0] };

/* 0, or the number of the operation that differs. In a child: cmocka has handlers of its own. */
static int compare(void *tracked) {
    if (!lm_catch_start() || !lm_shadow_start())
        return 90;
    for (size_t op = 0; op < sizeof operations / sizeof operations[0]; op++)
        for (int i = 0; i < VALUES * VALUES; i++) {
            lm_shadow_release(tracked, 8);
            if (!lm_shadow_track(tracked, false))
                return 91;
            uint64_t plain = values[i / VALUES];
            *(volatile uint64_t *)tracked = plain;
            const outcome wanted = operations[op](&plain, values[i % VALUES]);
            const outcome is = operations[op](tracked, values[i % VALUES]);
            if (*(volatile uint64_t *)tracked != plain || is.value != wanted.value ||
                is.flags != wanted.flags)
                return (int)op + 1;
        }
    return lm_shadow_count.emulated > 4 * lm_shadow_count.stepped ? 0 : 92;
}

static void same_as_processor(void **state) {
    static const lm_block story = {.allocated_call = "malloc"};
    (void)state;
    void *tracked = lm_exact_new(16, 0, &story);
    assert_non_null(tracked);
    assert_int_equal(in_child(compare, tracked), 0);
}

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_shadow_setting.mode = LM_SHADOW_MODE_ALL;
    lm_exact_start();
    return 0;
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_processor)};
    return cmocka_run_group_tests(tests, set_up, NULL);
#else
    return 77;
#endif
}
