/* Addresses, as the assembler writes them and the processor reckons them; strings, the stack, bits. */
#include "support/unit.h"

#include "check/decode.h"

#include <string.h>

#if defined(__x86_64__)

enum { R = LM_READS, W = LM_WRITES, RW = LM_READS | LM_WRITES };

/* ---- Addresses ----------------------------------------------------------------------------------- */

/* All forms that ModRM and SIB have. */
#define PLACES(X)                                                                                  \
    X(rax, "(%rax)")                                                                               \
    X(rbx, "(%rbx)")                                                                               \
    X(rsp, "(%rsp)")                                                                               \
    X(rbp, "(%rbp)")                                                                               \
    X(r8, "(%r8)")                                                                                 \
    X(r12, "(%r12)")                                                                               \
    X(r13, "(%r13)")                                                                               \
    X(r15, "(%r15)")                                                                               \
    X(short_up, "127(%rcx)")                                                                       \
    X(short_down, "-128(%rdx)")                                                                    \
    X(short_rsp, "8(%rsp)")                                                                        \
    X(short_r12, "-8(%r12)")                                                                       \
    X(short_r13, "16(%r13)")                                                                       \
    X(far_up, "0x7fffffff(%rsi)")                                                                  \
    X(far_down, "-0x80000000(%rdi)")                                                               \
    X(far_rsp, "0x1234(%rsp)")                                                                     \
    X(far_r13, "-129(%r13)")                                                                       \
    X(two, "(%rax,%rcx)")                                                                          \
    X(two_high, "(%r9,%r10)")                                                                      \
    X(times_2, "(%rbx,%rdx,2)")                                                                    \
    X(times_4, "5(%rsp,%rbp,4)")                                                                   \
    X(times_8, "-5(%rbp,%rsi,8)")                                                                  \
    X(times_r12, "(%rax,%r12,8)")                                                                  \
    X(r13_and_r13, "0x12345(%r13,%r13,2)")                                                         \
    X(no_base, "0x40(,%rdi,4)")                                                                    \
    X(no_base_r14, "-0x40(,%r14,8)")                                                               \
    X(no_base_no_times, "-0x7fff1234(,%rdx)")                                                      \
    X(alone, "0x1234")                                                                             \
    X(alone_negative, "-0x1234")                                                                   \
    X(relative, "0x1234(%rip)")                                                                    \
    X(relative_down, "-0x1234(%rip)")                                                              \
    X(half, "(%eax)")                                                                              \
    X(half_sum, "0x44(%r8d,%r9d,8)")                                                               \
    X(half_down, "-1(%ecx)")                                                                       \
    X(half_no_base, "0x7fffffff(,%r15d,8)")

/* Loads the registers from an array, but for rsp, which it stores there, and takes the address. */
#define PLACE_CODE(name, text)                                                                     \
    void run_##name(uintptr_t *general, uintptr_t *result);                                        \
    void at_##name(void);                                                                          \
    __asm__(".text\n.globl run_" #name ", at_" #name "\nrun_" #name ":\n"                          \
            "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rsi\n"  \
            "mov %rsp, 32(%rdi)\n"                                                                 \
            "mov 0(%rdi), %rax\n mov 8(%rdi), %rcx\n mov 16(%rdi), %rdx\n mov 24(%rdi), %rbx\n"    \
            "mov 40(%rdi), %rbp\n mov 48(%rdi), %rsi\n mov 64(%rdi), %r8\n mov 72(%rdi), %r9\n"    \
            "mov 80(%rdi), %r10\n mov 88(%rdi), %r11\n mov 96(%rdi), %r12\n mov 104(%rdi), %r13\n" \
            "mov 112(%rdi), %r14\n mov 120(%rdi), %r15\n mov 56(%rdi), %rdi\n"                     \
            "at_" #name ": lea " text ", %rax\n"                                                   \
            "pop %rsi\n mov %rax, (%rsi)\n"                                                        \
            "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");
PLACES(PLACE_CODE)

static const struct place {
    const char *text;
    void (*run)(uintptr_t *general, uintptr_t *result);
    void (*at)(void);
} places[] = {
#define PLACE(name, text) {text, run_##name, at_##name},
    PLACES(PLACE)
#undef PLACE
};

static void addresses(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        uintptr_t general[LM_GENERAL_REGISTERS], is = 0;
        const uintptr_t pc = (uintptr_t)places[i].at;
        lm_instruction in;
        for (uintptr_t n = 0; n < LM_GENERAL_REGISTERS; n++)
            general[n] = (n + 1) * 0x0123456789abcdef; /* no two have much in common */
        places[i].run(general, &is);
        assert_true(lm_decode((const unsigned char *)pc, 15, &in) && in.memory);
        const uintptr_t said = lm_decode_address(&in, general, pc, 0);
        if (said != is)
            fail_msg("%s: %zx, not %zx", places[i].text, (size_t)is, (size_t)said);
    }
}

/* ---- Deeds --------------------------------------------------------------------------------------- */

/* What the registers hold: none of it is ever touched. */
enum { EACH = 0x10000, PC = 0x400000 };

typedef struct made {
    bool decoded, judged;
    lm_instruction in;
    lm_deed deed;
} made;

static uintptr_t general[LM_GENERAL_REGISTERS];

static int set_registers(void **state) {
    (void)state;
    for (uintptr_t n = 0; n < LM_GENERAL_REGISTERS; n++)
        general[n] = EACH * (n + 1);
    return 0;
}

static made make(const char *code, size_t length, bool backward) {
    made m = {0};
    m.decoded = lm_decode((const unsigned char *)code, length, &m.in);
    assert_true(m.decoded);
    assert_int_equal(m.in.length, length);
    m.judged = lm_decode_deed(&m.in, general, PC, backward, &m.deed);
    return m;
}

#define MAKE(code) make(code, sizeof(code) - 1, false)

static void expect(const made *m, unsigned i, uintptr_t at, size_t bytes, unsigned how) {
    assert_true(m->judged && i < m->deed.touches);
    assert_int_equal(m->deed.touch[i].at, at);
    assert_int_equal(m->deed.touch[i].bytes, bytes);
    assert_int_equal(m->deed.touch[i].how, how);
}

static void expect_one(const made *m, uintptr_t at, size_t bytes, unsigned how) {
    expect(m, 0, at, bytes, how);
    assert_int_equal(m->deed.touches, 1);
}

static void expect_none(const made *m) {
    assert_true(m->judged);
    assert_int_equal(m->deed.touches, 0);
}

static void operands(void **state) {
    (void)state;
    made m = MAKE("\x03\x47\x04"); /* add 4(%rdi), %eax */
    expect_one(&m, general[LM_RDI] + 4, 4, R);
    assert_int_equal(m.deed.effect, LM_EFFECT_USE);
    m = MAKE("\x48\x01\x05\x10\x00\x00\x00"); /* add %rax, 16(%rip) */
    expect_one(&m, PC + 7 + 16, 8, RW);
    m = MAKE("\x66\xc7\x05\xf0\xff\xff\xff\x34\x12"); /* movw $0x1234, -16(%rip) */
    expect_one(&m, PC + 9 - 16, 2, W);
    m = MAKE("\x01\xc8"); /* add %ecx, %eax */
    expect_none(&m);
    m = MAKE("\x48\x8d\x47\x08"); /* lea 8(%rdi), %rax */
    expect_none(&m);
    m = MAKE("\x62\xf1\x7c\x48\x10\x47\xff"); /* vmovups -64(%rdi), %zmm0 */
    expect_one(&m, general[LM_RDI] - 64, 64, R);
    m = MAKE("\x62\xf1\x7c\x48\x10\x87\xff\xff\xff\xff"); /* the same with all four bytes: -1 */
    expect_one(&m, general[LM_RDI] - 1, 64, R);
    m = MAKE("\x62\xe1\x7e\x08\x10\x47\x02"); /* vmovss 8(%rdi), %xmm16 */
    expect_one(&m, general[LM_RDI] + 8, 4, R);
}

static void whole_addresses(void **state) {
    (void)state;
    made m = MAKE("\xa0\xf0\xde\xbc\x9a\x78\x56\x34\x12"); /* movabs, %al */
    expect_one(&m, 0x123456789abcdef0, 1, R);
    m = MAKE("\x48\xa3\xf0\xde\xbc\x9a\x78\x56\x34\x12");
    expect_one(&m, 0x123456789abcdef0, 8, W);
    m = MAKE("\x67\xa1\xf0\xde\xbc\x9a"); /* of four bytes */
    expect_one(&m, 0x9abcdef0, 4, R);
}

static void the_stack(void **state) {
    const uintptr_t sp = general[LM_RSP], bp = general[LM_RBP], di = general[LM_RDI];
    (void)state;
    static const struct {
        const char *code;
        unsigned char length, bytes;
    } pushes[] = {
        {"\x50", 1, 8},                 /* push %rax */
        {"\x41\x57", 2, 8},             /* push %r15 */
        {"\x66\x50", 2, 2},             /* push %ax */
        {"\x6a\x01", 2, 8},             /* push $1 */
        {"\x68\x01\x00\x00\x00", 5, 8}, /* push $1, with four bytes */
        {"\x66\x68\x01\x00", 4, 2},     /* pushw $1 */
        {"\xe8\x00\x00\x00\x00", 5, 8}, /* call */
        {"\xff\xd0", 2, 8},             /* call *%rax */
        {"\xff\xf0", 2, 8},             /* push %rax */
        {"\x9c", 1, 8},                 /* pushf */
        {"\xc8\x10\x00\x00", 4, 8},     /* enter $16, $0 */
    };
    static const struct {
        const char *code;
        unsigned char length, bytes;
    } pops[] = {
        {"\x58", 1, 8},         /* pop %rax */
        {"\x66\x41\x5f", 3, 2}, /* pop %r15w */
        {"\x8f\xc0", 2, 8},     /* pop %rax */
        {"\xc3", 1, 8},         /* ret */
        {"\xf3\xc3", 2, 8},     /* rep ret */
        {"\xc2\x10\x00", 3, 8}, /* ret $16 */
        {"\x9d", 1, 8},         /* popf */
    };
    for (size_t i = 0; i < sizeof pushes / sizeof pushes[0]; i++) {
        const made m = make(pushes[i].code, pushes[i].length, false);
        expect_one(&m, sp - pushes[i].bytes, pushes[i].bytes, W);
    }
    for (size_t i = 0; i < sizeof pops / sizeof pops[0]; i++) {
        const made m = make(pops[i].code, pops[i].length, false);
        expect_one(&m, sp, pops[i].bytes, R);
    }
    made m = MAKE("\xc9"); /* leave */
    expect_one(&m, bp, 8, R);
    m = MAKE("\xff\x37"); /* push (%rdi) */
    expect(&m, 0, di, 8, R);
    expect(&m, 1, sp - 8, 8, W);
    m = MAKE("\xff\x17"); /* call *(%rdi) */
    expect(&m, 0, di, 8, R);
    expect(&m, 1, sp - 8, 8, W);
    m = MAKE("\xff\x27"); /* jmp *(%rdi) */
    expect_one(&m, di, 8, R);
    m = MAKE("\x8f\x07"); /* pop (%rdi) */
    expect(&m, 0, di, 8, W);
    expect(&m, 1, sp, 8, R);
    m = MAKE("\xff\x74\x24\x08"); /* push 8(%rsp): as it was before */
    expect(&m, 0, sp + 8, 8, R);
    m = MAKE("\x8f\x44\x24\x08"); /* pop 8(%rsp): as it is after */
    expect(&m, 0, sp + 16, 8, W);
    expect(&m, 1, sp, 8, R);
    m = MAKE("\xe9\x00\x00\x00\x00"); /* jmp */
    expect_none(&m);
    m = MAKE("\x0f\x05"); /* syscall: whatever the kernel does */
    expect_none(&m);
}

/* ---- Strings ------------------------------------------------------------------------------------- */

static void strings(void **state) {
    const uintptr_t si = general[LM_RSI], di = general[LM_RDI];
    (void)state;
    made m = MAKE("\xa4"); /* movsb */
    assert_true(m.deed.string);
    assert_int_equal(m.deed.effect, LM_EFFECT_MOVE);
    expect(&m, 0, si, 1, R);
    expect(&m, 1, di, 1, W);
    m = MAKE("\x66\xab"); /* stosw */
    expect_one(&m, di, 2, W);
    m = MAKE("\x48\xad"); /* lodsq */
    expect_one(&m, si, 8, R);
    m = MAKE("\xaf"); /* scasl */
    expect_one(&m, di, 4, R);
    assert_int_equal(m.deed.effect, LM_EFFECT_USE);
    m = MAKE("\xa6"); /* cmpsb */
    expect(&m, 0, si, 1, R);
    expect(&m, 1, di, 1, R);
    assert_int_equal(m.deed.effect, LM_EFFECT_USE);
}

static void repeated_strings(void **state) {
    const uintptr_t si = general[LM_RSI], di = general[LM_RDI];
    (void)state;
    general[LM_RCX] = 5;
    made m = MAKE("\xf3\x48\xa5"); /* rep movsq */
    expect(&m, 0, si, 40, R);
    expect(&m, 1, di, 40, W);
    m = MAKE("\xf2\xaa"); /* the other prefix repeats as well */
    expect_one(&m, di, 5, W);
    m = make("\xf3\x48\xa5", 3, true);
    expect(&m, 0, si - 32, 40, R);
    expect(&m, 1, di - 32, 40, W);
    m = make("\xf3\x66\xab", 3, true);
    expect_one(&m, di - 8, 10, W);
    m = MAKE("\xf3\xa6"); /* repe cmpsb: it may end at once */
    expect(&m, 0, si, 1, R);
    expect(&m, 1, di, 1, R);
    m = make("\xf2\xae", 2, true); /* repne scasb */
    expect_one(&m, di, 1, R);
    general[LM_RCX] = 1;
    m = make("\xf3\x48\xa5", 3, true);
    expect(&m, 0, si, 8, R);
    general[LM_RCX] = 0;
    m = MAKE("\xf3\xa4");
    expect_none(&m);
    m = make("\xf3\x48\xa5", 3, true);
    expect_none(&m);
    m = MAKE("\xf3\xa6");
    expect_none(&m);
    m = MAKE("\xa4"); /* without a prefix the count is of no account */
    expect(&m, 0, si, 1, R);
}

/* More than there is memory: no product that wrapped around. */
static void too_long_strings(void **state) {
    (void)state;
    general[LM_RCX] = SIZE_MAX / 8;
    made m = MAKE("\xf3\x48\xab");
    expect_one(&m, general[LM_RDI], SIZE_MAX / 8 * 8, W);
    general[LM_RCX] = SIZE_MAX / 8 + 1;
    assert_false(MAKE("\xf3\x48\xab").judged);
    assert_false(MAKE("\xf3\xaa").judged);
    general[LM_RCX] = SIZE_MAX;
    assert_false(MAKE("\xf3\xa4").judged);
    assert_true(MAKE("\xf3\xa6").judged);
}

/* ---- Bits ---------------------------------------------------------------------------------------- */

static void expect_bit(const char *code, size_t length, uint64_t bit, intptr_t beyond,
                       size_t bytes) {
    general[LM_RCX] = bit;
    const made m = make(code, length, false);
    expect_one(&m, general[LM_RDI] + (uintptr_t)beyond, bytes, R);
}

/* bt %rcx, (%rdi) and so on: the register says how far. */
static void bits(void **state) {
    (void)state;
    expect_bit("\x48\x0f\xa3\x0f", 4, 0, 0, 8);
    expect_bit("\x48\x0f\xa3\x0f", 4, 63, 0, 8);
    expect_bit("\x48\x0f\xa3\x0f", 4, 64, 8, 8);
    expect_bit("\x48\x0f\xa3\x0f", 4, (uint64_t)-1, -8, 8);
    expect_bit("\x48\x0f\xa3\x0f", 4, (uint64_t)-65, -16, 8);
    expect_bit("\x0f\xa3\x0f", 3, 31, 0, 4);
    expect_bit("\x0f\xa3\x0f", 3, 1000, 124, 4);
    expect_bit("\x0f\xa3\x0f", 3, 0xfffffffful, -4, 4);
    expect_bit("\x0f\xa3\x0f", 3, 0x7ffffffful, 0xffffffc, 4);
    expect_bit("\x0f\xa3\x0f", 3, 0x100000000ul, 0, 4); /* four bytes of the register count */
    expect_bit("\x66\x0f\xa3\x0f", 4, 16, 2, 2);
    expect_bit("\x66\x0f\xa3\x0f", 4, 0x8000, -4096, 2);
    expect_bit("\x0f\xba\x27\xff", 4, 0, 0, 4); /* bt $255: of the operand only */
    general[LM_RCX] = 65;
    made m = MAKE("\x48\x0f\xab\x0f"); /* bts */
    expect_one(&m, general[LM_RDI] + 8, 8, RW);
    m = MAKE("\x48\x0f\xb3\x0f"); /* btr */
    expect_one(&m, general[LM_RDI] + 8, 8, RW);
    m = MAKE("\x48\x0f\xbb\x0f"); /* btc */
    expect_one(&m, general[LM_RDI] + 8, 8, RW);
    m = MAKE("\x48\x0f\xaf\x0f"); /* imul (%rdi), %rcx has nothing of it */
    expect_one(&m, general[LM_RDI], 8, R);
}

/* ---- What the registers name without a word of it ------------------------------------------------ */

static void hidden_operands(void **state) {
    (void)state;
    general[LM_RAX] = 0xfff0105;
    made m = MAKE("\xd7"); /* xlat */
    expect_one(&m, general[LM_RBX] + 5, 1, R);
    assert_false(MAKE("\x66\x0f\xf7\xc1").judged); /* maskmovdqu: a mask says which bytes */
    assert_false(MAKE("\x0f\xf7\xc1").judged);     /* maskmovq */
    assert_false(MAKE("\xc5\xf9\xf7\xc1").judged); /* vmaskmovdqu */
    assert_false(MAKE("\x64\x48\x8b\x07").judged); /* mov %fs:(%rdi), %rax */
    assert_false(MAKE("\x65\xa4").judged);         /* movsb %gs:(%rsi), (%rdi) */
    assert_false(MAKE("\x67\xf3\xa4").judged);     /* rep movsb by ecx, esi, edi */
    assert_false(MAKE("\x65\xd7").judged);         /* xlat %gs: */
    assert_true(MAKE("\x64\x48\x8d\x07").judged);  /* lea %fs:(%rdi), %rax: it touches nothing */
    assert_false(MAKE("\x0f\xae\x27").judged);     /* xsave (%rdi) */
    assert_false(MAKE("\x62\xf1\x7c\x49\x11\x07").judged); /* vmovups %zmm0, (%rdi){%k1} */
}

/* ---- Effects ------------------------------------------------------------------------------------- */

static void effects(void **state) {
    static const struct {
        const char *code;
        size_t length;
        lm_effect effect;
    } table[] = {
        {"\x89\xc1", 2, LM_EFFECT_MOVE},              /* mov %eax, %ecx */
        {"\x8b\x07", 2, LM_EFFECT_MOVE},              /* mov (%rdi), %eax */
        {"\xb8\x01\x00\x00\x00", 5, LM_EFFECT_MOVE},  /* mov $1, %eax */
        {"\xb0\x01", 2, LM_EFFECT_MOVE},              /* mov $1, %al */
        {"\x48\x98", 2, LM_EFFECT_MOVE},              /* cltq */
        {"\x99", 1, LM_EFFECT_MOVE},                  /* cltd */
        {"\x04\x01", 2, LM_EFFECT_USE},               /* add $1, %al */
        {"\x24\x01", 2, LM_EFFECT_LOGIC},             /* and $1, %al */
        {"\x0d\x01\x00\x00\x00", 5, LM_EFFECT_LOGIC}, /* or $1, %eax */
        {"\x3c\x01", 2, LM_EFFECT_USE},               /* cmp $1, %al */
        {"\x31\xc8", 2, LM_EFFECT_LOGIC},             /* xor %ecx, %eax */
        {"\x83\xe0\x01", 3, LM_EFFECT_LOGIC},         /* and $1, %eax */
        {"\x83\xc0\x01", 3, LM_EFFECT_USE},           /* add $1, %eax */
        {"\xd1\xe0", 2, LM_EFFECT_LOGIC},             /* shl %eax */
        {"\x0f\xbe\xc1", 3, LM_EFFECT_MOVE},          /* movsbl %cl, %eax */
        {"\x66\x0f\xef\xc1", 4, LM_EFFECT_LOGIC},     /* pxor %xmm1, %xmm0 */
        {"\xf2\x0f\x58\xc1", 4, LM_EFFECT_USE},       /* addsd %xmm1, %xmm0 */
        {"\x50", 1, LM_EFFECT_USE},                   /* push: nothing is known of it */
        {"\x90", 1, LM_EFFECT_USE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        lm_instruction in;
        assert_true(lm_decode((const unsigned char *)table[i].code, table[i].length, &in));
        if (lm_decode_effect(&in) != table[i].effect)
            fail_msg("effect %zu is %d", i, (int)lm_decode_effect(&in));
    }
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test_setup(operands, set_registers),
        cmocka_unit_test_setup(whole_addresses, set_registers),
        cmocka_unit_test_setup(the_stack, set_registers),
        cmocka_unit_test_setup(strings, set_registers),
        cmocka_unit_test_setup(repeated_strings, set_registers),
        cmocka_unit_test_setup(too_long_strings, set_registers),
        cmocka_unit_test_setup(bits, set_registers),
        cmocka_unit_test_setup(hidden_operands, set_registers),
        cmocka_unit_test(effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
