#include "support/unit.h"

#include "check/halt.h"
#include "support/child.h"
#include "support/page.h"

#include <cpuid.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Memory that may not be there ---------------------------------------------------------------- */

static void copies(void **state) {
    char *at = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char got[16] = "";
    (void)state;
    munmap(at + page, page);
    assert_int_equal(lm_halt_put((uintptr_t)at + page - 8, "the end of it", 13), 8);
    assert_int_equal(lm_halt_copy(got, (uintptr_t)at + page - 8, 13), 8);
    assert_string_equal(got, "the end ");
    assert_int_equal(lm_halt_copy(got, (uintptr_t)at + page, 1), 0);
    assert_int_equal(lm_halt_copy(got, 0, 1), 0);
    assert_int_equal(lm_halt_copy(got, UINTPTR_MAX, 1), 0);
    assert_int_equal(lm_halt_copy(got, (uintptr_t)at, 0), 0);
    mprotect(at, page, PROT_READ);
    assert_int_equal(lm_halt_put((uintptr_t)at, "x", 1), 0);
    assert_int_equal(lm_halt_put((uintptr_t)at + 2 * page, "x", 1), 1);
    munmap(at, 3 * page);
}

static void names(void **state) {
    (void)state;
    assert_string_equal(lm_halt_name(0), "rax");
    assert_string_equal(lm_halt_name(LM_RSP), "rsp");
    assert_string_equal(lm_halt_name(LM_RDI), "rdi");
    assert_string_equal(lm_halt_name(8), "r8");
    assert_string_equal(lm_halt_name(15), "r15");
    assert_null(lm_halt_name(16));
    assert_null(lm_halt_name(LM_NO_REGISTER));
}

#if defined(__x86_64__)

/* ---- Contexts ------------------------------------------------------------------------------------ */

enum { PAGE_FAULT = 14, WRITE = 2, FETCH = 16, SINGLE = 0x100, DIRECTION = 0x400 };

static const int places[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                             REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                             REG_R12, REG_R13, REG_R14, REG_R15};

static ucontext_t context_at(const void *code) {
    ucontext_t c;
    memset(&c, 0, sizeof c);
    for (int i = 0; i < LM_GENERAL_REGISTERS; i++)
        c.uc_mcontext.gregs[places[i]] = 0x1000 * (i + 1);
    c.uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)code;
    c.uc_mcontext.gregs[REG_TRAPNO] = PAGE_FAULT;
    return c;
}

static void registers_and_flags(void **state) {
    static const unsigned char code[16] = {0x48, 0x89, 0x47, 0x08}; /* mov %rax, 8(%rdi) */
    ucontext_t c = context_at(code);
    lm_halt m;
    (void)state;
    lm_halt_read(&c, &m);
    assert_ptr_equal(m.context, &c);
    assert_int_equal(m.pc, (uintptr_t)code);
    assert_int_equal(lm_halt_pc(&c), m.pc);
    for (unsigned i = 0; i < LM_GENERAL_REGISTERS; i++)
        assert_int_equal(m.general[i], 0x1000 * (i + 1));
    assert_true(m.decoded && m.judged && !m.backward);
    assert_int_equal(m.in.length, 4);
    assert_int_equal(m.deed.touch[0].at, 0x8008);
    assert_null(lm_halt_touch(&m, 0x8007));
    assert_ptr_equal(lm_halt_touch(&m, 0x8008), &m.deed.touch[0]);
    assert_ptr_equal(lm_halt_touch(&m, 0x800f), &m.deed.touch[0]);
    assert_null(lm_halt_touch(&m, 0x8010));
    m.judged = false;
    assert_null(lm_halt_touch(&m, 0x8008));
    lm_halt_set_general(&c, LM_RDI, 0x50);
    lm_halt_set_general(&c, 15, 0x60);
    lm_halt_set_pc(&c, (uintptr_t)code + 1); /* without its prefix */
    lm_halt_read_here(&c, &m);
    assert_int_equal(m.general[15], 0x60);
    assert_int_equal(m.deed.touch[0].at, 0x58);
    assert_int_equal(m.deed.touch[0].bytes, 4);
}

static void backward(void **state) {
    static const unsigned char code[16] = {0xf3, 0xa4}; /* rep movsb */
    ucontext_t c = context_at(code);
    lm_halt m;
    (void)state;
    c.uc_mcontext.gregs[REG_RCX] = 16;
    c.uc_mcontext.gregs[REG_EFL] = DIRECTION;
    lm_halt_read(&c, &m);
    assert_true(m.backward);
    assert_int_equal(m.deed.touches, 2);
    assert_ptr_equal(lm_halt_touch(&m, 0x7000), &m.deed.touch[0]);
    assert_ptr_equal(lm_halt_touch(&m, 0x8000 - 15), &m.deed.touch[1]);
    assert_null(lm_halt_touch(&m, 0x8001));
}

static void single_steps(void **state) {
    ucontext_t c = context_at(NULL);
    (void)state;
    c.uc_mcontext.gregs[REG_EFL] = DIRECTION;
    assert_false(lm_halt_is_single(&c));
    assert_false(lm_halt_single(&c, true));
    assert_true(lm_halt_is_single(&c));
    assert_true(lm_halt_single(&c, true));
    assert_int_equal(c.uc_mcontext.gregs[REG_EFL], DIRECTION | SINGLE);
    assert_true(lm_halt_single(&c, false));
    assert_false(lm_halt_single(&c, false));
    assert_int_equal(c.uc_mcontext.gregs[REG_EFL], DIRECTION);
    lm_halt_set_flags(&c, 0x41, 0x8d5);
    assert_int_equal(c.uc_mcontext.gregs[REG_EFL], DIRECTION | 0x41);
    lm_halt_set_flags(&c, 0, 0x40);
    assert_int_equal(c.uc_mcontext.gregs[REG_EFL], DIRECTION | 1);
    assert_false(lm_halt_writes(&c));
    c.uc_mcontext.gregs[REG_ERR] = WRITE | 4;
    assert_true(lm_halt_writes(&c));
}

/* ---- Conditions: as the processor has them ------------------------------------------------------- */

#define CONDITION(number, name)                                                                    \
    __asm__ volatile("push %1\n popfq\n set" name " %0"                                            \
                     : "=q"(holds[number])                                                         \
                     : "r"(flags)                                                                  \
                     : "c"                                                                         \
                       "c");

static void conditions(void **state) {
    static const uintptr_t each[] = {0x1, 0x4, 0x40, 0x80, 0x800};
    (void)state;
    for (unsigned set = 0; set < 32; set++) {
        ucontext_t c = context_at(NULL);
        unsigned char holds[16];
        uintptr_t flags = 0x202;
        for (unsigned i = 0; i < 5; i++)
            flags |= set >> i & 1 ? each[i] : 0;
        c.uc_mcontext.gregs[REG_EFL] = (greg_t)flags;
        CONDITION(0, "o")
        CONDITION(1, "no")
        CONDITION(2, "b")
        CONDITION(3, "ae")
        CONDITION(4, "e")
        CONDITION(5, "ne")
        CONDITION(6, "be")
        CONDITION(7, "a")
        CONDITION(8, "s")
        CONDITION(9, "ns")
        CONDITION(10, "p")
        CONDITION(11, "np")
        CONDITION(12, "l")
        CONDITION(13, "ge")
        CONDITION(14, "le")
        CONDITION(15, "g")
        for (unsigned i = 0; i < 16; i++)
            assert_int_equal(lm_halt_condition(&c, i), holds[i]);
    }
}

/* ---- Where code can't be read -------------------------------------------------------------------- */

static void at_the_end_of_a_page(void **state) {
    static const unsigned char store[] = {0xc7, 0x05, 0, 0, 0, 0, 1, 2, 3, 4}; /* movl to memory */
    unsigned char *code =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lm_halt m;
    (void)state;
    for (size_t before = 1; before <= sizeof store; before++) {
        unsigned char *at = code + page - before;
        memcpy(at, store, sizeof store);
        ucontext_t c = context_at(at);
        lm_halt_read(&c, &m);
        assert_true(m.decoded && m.judged);
        assert_int_equal(m.in.immediate, 0x04030201);
        lm_halt_read_here(&c, &m);
        assert_true(m.decoded && m.in.length == sizeof store);
    }
    munmap(code + page, page);
    for (size_t before = 1; before <= sizeof store; before++) {
        ucontext_t c = context_at(code + page - before);
        memcpy(code + page - before, store, before);
        lm_halt_read(&c, &m);
        assert_int_equal(m.decoded, before == sizeof store);
        assert_int_equal(m.judged, before == sizeof store);
        lm_halt_read_here(&c, &m);
        assert_int_equal(m.decoded, before == sizeof store);
    }
    munmap(code, page);
}

/* A jump into nowhere faults at the code itself. */
static void no_code(void **state) {
    static const uintptr_t nowhere[] = {0, 8, 0xffff800000000000, UINTPTR_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        ucontext_t c = context_at((void *)nowhere[i]);
        lm_halt m;
        c.uc_mcontext.gregs[REG_ERR] = FETCH;
        lm_halt_read(&c, &m);
        assert_true(!m.decoded && !m.judged);
        c.uc_mcontext.gregs[REG_ERR] = 0;
        c.uc_mcontext.gregs[REG_TRAPNO] = 13; /* not canonical */
        lm_halt_read(&c, &m);
        assert_true(!m.decoded && !m.judged);
        assert_int_equal(m.general[LM_RBX], 0x4000);
    }
}

/* ---- Vector registers ---------------------------------------------------------------------------- */

static void no_vectors(void **state) {
    ucontext_t c = context_at(NULL);
    (void)state;
    assert_null(lm_halt_vector(&c, 0));
}

static void change_vectors(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    memset(lm_halt_vector(context, 3), 0x33, 16);
    memset(lm_halt_vector(context, 15), 0xff, 8);
}

/* They are what the program goes on with. */
static int through_a_signal(void *argument) {
    const struct sigaction action = {.sa_sigaction = change_vectors, .sa_flags = SA_SIGINFO};
    unsigned char after[3][16];
    (void)argument;
    sigaction(SIGTRAP, &action, NULL);
    __asm__ volatile("pxor %%xmm3, %%xmm3\n pxor %%xmm4, %%xmm4\n pcmpeqd %%xmm15, %%xmm15\n"
                     "pslldq $4, %%xmm15\n int3\n"
                     "movdqu %%xmm3, %0\n movdqu %%xmm4, %1\n movdqu %%xmm15, %2"
                     : "=m"(after[0]), "=m"(after[1]), "=m"(after[2])
                     :
                     : "xmm3", "xmm4", "xmm15", "memory");
    for (int i = 0; i < 16; i++)
        if (after[0][i] != 0x33 || after[1][i] != 0 || after[2][i] != 0xff)
            return 1;
    return 0;
}

static void vectors(void **state) {
    (void)state;
    assert_int_equal(in_child(through_a_signal, NULL), 0);
}

/* A part of the state that the frame doesn't have yet is marked as one that it has. Old frames have no marks. */
static void frames_are_marked(void **state) {
    enum { REGISTERS_AT = 160, MAGIC_AT = 464, MARKS_AT = 512 };
    static _Alignas(64) unsigned char parts[1024];
    ucontext_t c = context_at(NULL);
    const uint32_t magic = 0x46505853;
    (void)state;
    c.uc_mcontext.fpregs = (fpregset_t)(void *)parts;
    assert_ptr_equal(lm_halt_vector(&c, 2), parts + REGISTERS_AT + 2 * 16);
    assert_int_equal(parts[MARKS_AT], 0);
    memcpy(parts + MAGIC_AT, &magic, sizeof magic);
    parts[MARKS_AT] = 4;
    assert_ptr_equal(lm_halt_vector(&c, 15), parts + REGISTERS_AT + 15 * 16);
    assert_int_equal(parts[MARKS_AT], 6);
}

/* ---- Masks of AVX-512, in a frame laid out as the processor does --------------------------------- */

enum { COMPONENTS_AT = 512, MASKS = 5, FRAME = 16384 };

static _Alignas(64) unsigned char frame[FRAME];

static bool has_masks(unsigned *at) {
    unsigned a, b = 0, c, d;
    if (!__get_cpuid_count(13, MASKS, &a, &b, &c, &d) || b == 0 || b + 64 > FRAME)
        return false;
    *at = b;
    return true;
}

static void expect_masked(const unsigned char *code, uint64_t mask, size_t bytes, unsigned how) {
    unsigned at = 0;
    ucontext_t c = context_at(code);
    lm_halt m;
    assert_true(has_masks(&at));
    memset(frame, 0, sizeof frame);
    frame[COMPONENTS_AT] = 1 << MASKS;
    memcpy(frame + at + 8, &mask, sizeof mask); /* k1 */
    c.uc_mcontext.fpregs = (fpregset_t)(void *)frame;
    lm_halt_read(&c, &m);
    assert_true(m.decoded && m.judged);
    assert_int_equal(m.deed.touches, bytes > 0);
    assert_int_equal(m.deed.effect, LM_EFFECT_MOVE);
    if (bytes > 0) {
        assert_int_equal(m.deed.touch[0].at, 0x8000);
        assert_int_equal(m.deed.touch[0].bytes, bytes);
        assert_int_equal(m.deed.touch[0].how, how);
    }
    frame[COMPONENTS_AT] = 7; /* the frame has others only: they are zero */
    lm_halt_read(&c, &m);
    assert_true(m.judged && m.deed.touches == 0);
    frame[COMPONENTS_AT] = 1 << MASKS;
    mask = 6; /* not the first ones */
    memcpy(frame + at + 8, &mask, sizeof mask);
    lm_halt_read(&c, &m);
    assert_true(m.decoded && !m.judged);
}

static void masked_moves(void **state) {
    static const unsigned char bytes_load[16] = {0x62, 0xf1, 0x7f, 0x29,
                                                 0x6f, 0x07},    /* vmovdqu8 (%rdi), %ymm0{%k1} */
        bytes_store[16] = {0x62, 0xf1, 0x7f, 0x49, 0x7f, 0x07},  /* vmovdqu8 %zmm0, (%rdi){%k1} */
        words_load[16] = {0x62, 0xf1, 0xff, 0x09, 0x6f, 0x07},   /* vmovdqu16 (%rdi), %xmm0{%k1} */
        halves_store[16] = {0x62, 0xf1, 0x7e, 0x49, 0x7f, 0x07}, /* vmovdqu32 %zmm0, (%rdi){%k1} */
        longs_store[16] = {0x62, 0xf1, 0xfe, 0x29, 0x7f, 0x07};  /* vmovdqu64 %ymm0, (%rdi){%k1} */
    unsigned at;
    (void)state;
    if (!has_masks(&at))
        skip();
    expect_masked(bytes_load, 0x1f, 5, LM_READS);
    expect_masked(bytes_load, UINT64_MAX, 32, LM_READS); /* of a mask that has bits for more */
    expect_masked(bytes_load, 0, 0, LM_READS);
    expect_masked(bytes_store, UINT64_MAX, 64, LM_WRITES);
    expect_masked(bytes_store, UINT64_MAX >> 1, 63, LM_WRITES);
    expect_masked(words_load, 7, 6, LM_READS);
    expect_masked(halves_store, 0xffff, 64, LM_WRITES);
    expect_masked(halves_store, 3, 8, LM_WRITES);
    expect_masked(longs_store, 0xf3, 16, LM_WRITES);
    expect_masked(longs_store, 0x1f, 32, LM_WRITES);
}

static void other_masks_are_not_judged(void **state) {
    static const unsigned char add[16] = {0x62, 0xf1, 0x74, 0x49, 0x58, 0x07}; /* vaddps, masked */
    ucontext_t c = context_at(add);
    lm_halt m;
    (void)state;
    memset(frame, 0, sizeof frame);
    c.uc_mcontext.fpregs = (fpregset_t)(void *)frame;
    lm_halt_read(&c, &m);
    assert_true(m.decoded && !m.judged);
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies),
        cmocka_unit_test(names),
#if defined(__x86_64__)
        cmocka_unit_test(registers_and_flags),
        cmocka_unit_test(backward),
        cmocka_unit_test(single_steps),
        cmocka_unit_test(conditions),
        cmocka_unit_test(at_the_end_of_a_page),
        cmocka_unit_test(no_code),
        cmocka_unit_test(no_vectors),
        cmocka_unit_test(vectors),
        cmocka_unit_test(frames_are_marked),
        cmocka_unit_test(masked_moves),
        cmocka_unit_test(other_masks_are_not_judged),
#endif
    };
    return cmocka_run_group_tests(tests, page_start, NULL);
}
