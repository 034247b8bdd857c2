/* Which registers an instruction reads and writes: as the processor shows, which runs it on many values of all
 * registers. What changes is written; what something else depends on is read. */
#include "support/unit.h"

#include "check/decode.h"
#include "support/random.h"

#include <string.h>

#if defined(__x86_64__)

/* All work on registers only, and none on the stack. */
#define PLAIN(X)                                                                                   \
    X(mov_8, "movb %cl, %dl")                                                                      \
    X(mov_8_high, "movb %ch, %dl")                                                                 \
    X(mov_8_to_high, "movb %cl, %dh")                                                              \
    X(mov_8_rex, "movb %sil, %dil")                                                                \
    X(mov_16, "movw %r8w, %ax")                                                                    \
    X(mov_32, "movl %ecx, %r9d")                                                                   \
    X(mov_64, "movq %r15, %rbx")                                                                   \
    X(mov_64_other_way, ".byte 0x48, 0x8b, 0xd8") /* mov %rax, %rbx by 8b */                       \
    X(mov_8_other_way, ".byte 0x8a, 0xe1")        /* mov %cl, %ah by 8a */                         \
    X(mov_number_8, "movb $5, %ch")                                                                \
    X(mov_number_8_rex, "movb $5, %bpl")                                                           \
    X(mov_number_32, "movl $5, %r10d")                                                             \
    X(mov_number_64, "movabs $0x123456789abcdef0, %rsi")                                           \
    X(mov_number_long, "movq $-5, %rsi")                                                           \
    X(movzx, "movzbl %ch, %ebx")                                                                   \
    X(movzx_rex, "movzbl %r9b, %ebx")                                                              \
    X(movzx_16, "movzwl %bp, %ebx")                                                                \
    X(movsx, "movsbq %dl, %rdi")                                                                   \
    X(movsxd, "movslq %edx, %rdi")                                                                 \
    X(lea, "leaq 4(%rcx,%r8,2), %rdi")                                                             \
    X(lea_index, "leaq 4(,%r14,8), %rdi")                                                          \
    X(lea_relative, "leaq 4(%rip), %rdi")                                                          \
    X(xchg, "xchgq %rcx, %r11")                                                                    \
    X(xchg_8, "xchgb %ch, %dl")                                                                    \
    X(cltq, "cltq")                                                                                \
    X(cltd, "cltd")                                                                                \
    X(cqto, "cqto")                                                                                \
    X(nop, "nop")                                                                                  \
    X(add, "addq %rcx, %rdx")                                                                      \
    X(add_other_way, ".byte 0x48, 0x03, 0xd1") /* add %rcx, %rdx by 03 */                          \
    X(add_8, "addb %ah, %bh")                                                                      \
    X(add_short, "addq $5, %r13")                                                                  \
    X(add_number, "addl $500000, %ebp")                                                            \
    X(add_to_rax, "addl $500000, %eax")                                                            \
    X(add_8_number, "addb $5, %dh")                                                                \
    X(sub, "subl %esi, %edi")                                                                      \
    X(sub_itself, "subl %esi, %esi")                                                               \
    X(and, "andl %r8d, %ecx")                                                                      \
    X(and_itself, "andl %ecx, %ecx")                                                               \
    X(or_number, "orl $7, %ecx")                                                                   \
    X(xor, "xorl %r8d, %ecx")                                                                      \
    X(xor_itself, "xorl %r8d, %r8d")                                                               \
    X(cmp, "cmpq %rcx, %rdx")                                                                      \
    X(cmp_8, "cmpb $5, %ch")                                                                       \
    X(cmp_rax, "cmpl $500000, %eax")                                                               \
    X(test_64, "testq %rcx, %rdx")                                                                 \
    X(test_8_rax, "testb $5, %al")                                                                 \
    X(test_8, "testb $5, %dh")                                                                     \
    X(not, "notq %rcx")                                                                            \
    X(neg, "negb %ch")                                                                             \
    X(inc, "incl %r12d")                                                                           \
    X(dec_8, "decb %bl")                                                                           \
    X(mul, "mulq %rcx")                                                                            \
    X(mul_8, "mulb %cl")                                                                           \
    X(imul_one, "imull %ebx")                                                                      \
    X(imul_two, "imulq %rcx, %rdi")                                                                \
    X(imul_three, "imull $1000, %ecx, %edi")                                                       \
    X(imul_short, "imull $10, %ecx, %edi")                                                         \
    X(shl, "shll $3, %ecx")                                                                        \
    X(shr_once, "shrq %rdx")                                                                       \
    X(sar_by_cl, "sarq %cl, %rdx")                                                                 \
    X(rol_8, "rolb $3, %dh")                                                                       \
    X(set, "sete %ch")                                                                             \
    X(cmov, "cmovne %rcx, %rdx")                                                                   \
    X(bsf, "bsfq %rcx, %rdx")                                                                      \
    X(tzcnt, "tzcntl %ecx, %edx")                                                                  \
    X(popcnt, "popcntq %rcx, %rdx")                                                                \
    X(bt, "btl %ecx, %edx")                                                                        \
    X(bt_number, "btl $3, %edx")                                                                   \
    X(bts_number, "btsl $3, %edx")                                                                 \
    X(movd, "movd %ecx, %xmm3")                                                                    \
    X(movd_back, "movd %xmm3, %ecx")                                                               \
    X(movq, "movq %rcx, %xmm12")                                                                   \
    X(movq_back, "movq %xmm12, %r9")                                                               \
    X(movq_vectors, "movq %xmm3, %xmm4")                                                           \
    X(movaps, "movaps %xmm3, %xmm4")                                                               \
    X(movaps_back, ".byte 0x0f, 0x29, 0xdc") /* movaps %xmm3, %xmm4 by 29 */                       \
    X(movdqa, "movdqa %xmm13, %xmm4")                                                              \
    X(movss, "movss %xmm3, %xmm4")                                                                 \
    X(movhlps, "movhlps %xmm3, %xmm4")                                                             \
    X(movlhps, "movlhps %xmm3, %xmm4")                                                             \
    X(addpd, "addpd %xmm3, %xmm14")                                                                \
    X(mulss, "mulss %xmm3, %xmm4")                                                                 \
    X(paddd, "paddd %xmm3, %xmm4")                                                                 \
    X(pxor, "pxor %xmm3, %xmm4")                                                                   \
    X(pxor_itself, "pxor %xmm3, %xmm3")                                                            \
    X(xorps_itself, "xorps %xmm3, %xmm3")                                                          \
    X(pand, "pand %xmm3, %xmm4")                                                                   \
    X(pcmpeqd, "pcmpeqd %xmm3, %xmm4")                                                             \
    X(punpcklbw, "punpcklbw %xmm3, %xmm4")                                                         \
    X(unpckhpd, "unpckhpd %xmm3, %xmm4")                                                           \
    X(pshufd, "pshufd $0x1b, %xmm3, %xmm4")                                                        \
    X(shufps, "shufps $0x1b, %xmm3, %xmm4")                                                        \
    X(pmovmskb, "pmovmskb %xmm3, %ecx")                                                            \
    X(movmskps, "movmskps %xmm3, %ecx")                                                            \
    X(cvtsi2sd, "cvtsi2sdq %rcx, %xmm3")                                                           \
    X(cvttsd2si, "cvttsd2si %xmm3, %rcx")                                                          \
    X(cvtsd2ss, "cvtsd2ss %xmm3, %xmm4")                                                           \
    X(cvtdq2ps, "cvtdq2ps %xmm3, %xmm4")                                                           \
    X(ucomisd, "ucomisd %xmm3, %xmm4")                                                             \
    X(comiss, "comiss %xmm3, %xmm4")                                                               \
    X(pshufb, "pshufb %xmm3, %xmm4")                                                               \
    X(pmovzxbd, "pmovzxbd %xmm3, %xmm4")                                                           \
    X(pabsd, "pabsd %xmm3, %xmm4")                                                                 \
    X(ptest, "ptest %xmm3, %xmm4")                                                                 \
    X(phminposuw, "phminposuw %xmm3, %xmm4")                                                       \
    X(movups, "movups %xmm3, %xmm4")                                                               \
    X(movdqu, "movdqu %xmm3, %xmm4")                                                               \
    X(movsd, "movsd %xmm3, %xmm4")                                                                 \
    X(movddup, "movddup %xmm3, %xmm4")                                                             \
    X(movshdup, "movshdup %xmm3, %xmm4")                                                           \
    X(sqrtpd, "sqrtpd %xmm3, %xmm4")                                                               \
    X(sqrtsd, "sqrtsd %xmm3, %xmm4")                                                               \
    X(rcpps, "rcpps %xmm3, %xmm4")                                                                 \
    X(cvtps2pd, "cvtps2pd %xmm3, %xmm4")                                                           \
    X(cvtdq2pd, "cvtdq2pd %xmm3, %xmm4")                                                           \
    X(pshuflw, "pshuflw $0x1b, %xmm3, %xmm4")

/* With a second source of their own. */
#define VEX(X)                                                                                     \
    X(vaddpd, "vaddpd %xmm3, %xmm4, %xmm5")                                                        \
    X(vpxor, "vpxor %xmm3, %xmm14, %xmm5")                                                         \
    X(vmovaps, "vmovaps %xmm3, %xmm15")                                                            \
    X(vmovss, "vmovss %xmm3, %xmm4, %xmm5")                                                        \
    X(vsubss, "vsubss %xmm3, %xmm4, %xmm5")                                                        \
    X(vunpcklps, "vunpcklps %xmm3, %xmm4, %xmm5")                                                  \
    X(vpshufb, "vpshufb %xmm3, %xmm4, %xmm5")                                                      \
    X(vmovd, "vmovd %ecx, %xmm5")                                                                  \
    X(vmovd_back, "vmovd %xmm5, %ecx")                                                             \
    X(vpshufd, "vpshufd $0x1b, %xmm3, %xmm5")                                                      \
    X(vpmovzxbw, "vpmovzxbw %xmm3, %xmm5")                                                         \
    X(vpabsd, "vpabsd %xmm3, %xmm5")                                                               \
    X(vcvtdq2ps, "vcvtdq2ps %xmm3, %xmm5")                                                         \
    X(vsqrtpd, "vsqrtpd %xmm3, %xmm5")                                                             \
    X(vsqrtsd, "vsqrtsd %xmm3, %xmm4, %xmm5")

enum { GENERAL = 16, VECTORS = 16, ALL = GENERAL + VECTORS };

/* The flags count as one more that is written. */
typedef struct machine {
    uint64_t general[GENERAL];
    uint64_t vector[VECTORS][2];
    uint64_t flags;
} machine;

extern machine *decode_machine;
extern uint64_t decode_rax;
machine *decode_machine;
uint64_t decode_rax;

#define VECTOR_OUT(n) "movdqu %xmm" #n ", 128+16*" #n "(%rax)\n"
#define VECTOR_IN(n)  "movdqu 128+16*" #n "(%rax), %xmm" #n "\n"
#define VECTORS_OF(X)                                                                              \
    X(0)                                                                                           \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

#define CODE(name, text)                                                                           \
    void run_##name(void);                                                                         \
    void at_##name(void);                                                                          \
    __asm__(".text\n.globl run_" #name ", at_" #name "\nrun_" #name ":\n"                          \
            "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"              \
            "mov decode_machine(%rip), %rax\n" VECTORS_OF(                                         \
                VECTOR_IN) "push 384(%rax)\n popfq\n"                                              \
                           "mov 8(%rax), %rcx\n mov 16(%rax), %rdx\n mov 24(%rax), %rbx\n mov "    \
                           "40(%rax), %rbp\n"                                                      \
                           "mov 48(%rax), %rsi\n mov 56(%rax), %rdi\n mov 64(%rax), %r8\n mov "    \
                           "72(%rax), %r9\n"                                                       \
                           "mov 80(%rax), %r10\n mov 88(%rax), %r11\n mov 96(%rax), %r12\n mov "   \
                           "104(%rax), %r13\n"                                                     \
                           "mov 112(%rax), %r14\n mov 120(%rax), %r15\n mov 0(%rax), %rax\n"       \
                           "at_" #name ": " text "\n"                                              \
                           "mov %rax, decode_rax(%rip)\n mov decode_machine(%rip), %rax\n"         \
                           "pushfq\n popq 384(%rax)\n"                                             \
                           "mov %rcx, 8(%rax)\n mov %rdx, 16(%rax)\n mov %rbx, 24(%rax)\n mov "    \
                           "%rbp, 40(%rax)\n"                                                      \
                           "mov %rsi, 48(%rax)\n mov %rdi, 56(%rax)\n mov %r8, 64(%rax)\n mov "    \
                           "%r9, 72(%rax)\n"                                                       \
                           "mov %r10, 80(%rax)\n mov %r11, 88(%rax)\n mov %r12, 96(%rax)\n mov "   \
                           "%r13, 104(%rax)\n"                                                     \
                           "mov %r14, 112(%rax)\n mov %r15, 120(%rax)\n" VECTORS_OF(               \
                               VECTOR_OUT) "mov decode_rax(%rip), %rcx\n mov %rcx, 0(%rax)\n"      \
                                           "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop "      \
                                           "%rbp\n pop %rbx\n ret\n");
PLAIN(CODE)
VEX(CODE)

static const struct piece {
    const char *text;
    void (*run)(void);
    void (*at)(void);
    bool vex;
} pieces[] = {
#define PIECE(name, text)     {text, run_##name, at_##name, false},
#define PIECE_VEX(name, text) {text, run_##name, at_##name, true},
    PLAIN(PIECE) VEX(PIECE_VEX)};

static machine run(const struct piece *p, machine before) {
    decode_machine = &before;
    p->run();
    before.flags &= 0x8c1; /* those that are always defined, of most */
    return before;
}

static bool differs(const machine *a, const machine *b, unsigned number) {
    if (number < GENERAL)
        return a->general[number] != b->general[number];
    return memcmp(a->vector[number - GENERAL], b->vector[number - GENERAL], 16) != 0;
}

static machine any_machine(random_state *random) {
    machine m;
    for (int i = 0; i < GENERAL; i++)
        m.general[i] = random_bits(random) >> (random_below(random, 2) * 40);
    m.general[LM_RSP] = 0;
    for (int i = 0; i < VECTORS; i++)
        for (int half = 0; half < 2; half++) /* some are equal in part */
            m.vector[i][half] =
                random_once_in(random, 2) ? random_bits(random) : 0x3ff0000000000000;
    m.flags = 0x202 | (random_bits(random) & 0x8c5);
    return m;
}

/* All but its lowest bits are others: that is what a sum, a shift or a test of it shows. */
static void change(machine *m, unsigned number, random_state *random) {
    if (number < GENERAL) {
        m->general[number] ^= random_bits(random);
    } else {
        m->vector[number - GENERAL][0] ^= random_bits(random);
        m->vector[number - GENERAL][1] ^= random_bits(random);
    }
}

typedef struct seen {
    uint32_t reads;  /* something else depends on them, or the flags do */
    uint32_t writes; /* they change */
    uint32_t kept;   /* of these a part, or all, depends on what they were */
} seen;

/* What the processor shows in many rounds. */
static seen watch(const struct piece *p) {
    enum { ROUNDS = 60 };
    random_state random = {99};
    seen s = {0, 0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        const machine in = any_machine(&random), out = run(p, in);
        for (unsigned r = 0; r < ALL; r++)
            s.writes |= (uint32_t)differs(&in, &out, r) << r;
        for (unsigned r = 0; r < ALL; r++) {
            machine other_in = in;
            if (r == LM_RSP)
                continue;
            change(&other_in, r, &random);
            const machine other_out = run(p, other_in);
            bool depends = out.flags != other_out.flags;
            for (unsigned w = 0; w < ALL; w++)
                depends = depends || (w != r && differs(&out, &other_out, w));
            s.reads |= (uint32_t)depends << r;
            s.kept |= (uint32_t)differs(&out, &other_out, r) << r;
        }
    }
    return s;
}

static bool has_avx(void) {
    return __builtin_cpu_supports("avx");
}

/* Whatever is seen is said. What a register held before is said to be read only where something of it is left. */
static void as_the_processor_does(void **state) {
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        const struct piece *p = &pieces[i];
        lm_instruction in;
        lm_register_set reads, writes;
        if (p->vex && !has_avx())
            continue;
        assert_true(lm_decode((const unsigned char *)(uintptr_t)p->at, 15, &in));
        if (!lm_decode_registers(&in, &reads, &writes))
            fail_msg("%s isn't known", p->text);
        const seen s = watch(p);
        if (writes == s.writes && (reads & s.reads) == s.reads &&
            (reads & ~(s.reads | (s.kept & s.writes))) == 0)
            continue;
        print_error("%s: reads %x, said %x; writes %x, said %x\n", p->text, s.reads, reads,
                    s.writes, writes);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#endif

int main(void) {
#if defined(__x86_64__)
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_processor_does)};
    return cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
