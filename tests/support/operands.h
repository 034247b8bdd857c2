/* Instructions with an operand in memory, as the assembler makes them, and what each does to it. Included by one file of
 * a program; x86-64 only. */
#ifndef TESTS_SUPPORT_OPERANDS_H
#define TESTS_SUPPORT_OPERANDS_H

#include "check/decode.h"

#if defined(__x86_64__)

enum { R = LM_READS, W = LM_WRITES, RW = LM_READS | LM_WRITES };
#define MOVE  LM_EFFECT_MOVE
#define LOGIC LM_EFFECT_LOGIC
#define USE   LM_EFFECT_USE

/* name, what the assembler gets, bytes, how, effect, what the processor must have. The operand is (%rdi); of general
 * registers only rax, rcx and rdx are changed, and rax and rdx are zero before. */
#define GENERAL(X)                                                                                 \
    X(mov_load_1, "movb (%rdi), %al", 1, R, MOVE, "")                                              \
    X(mov_load_2, "movw (%rdi), %ax", 2, R, MOVE, "")                                              \
    X(mov_load_4, "movl (%rdi), %eax", 4, R, MOVE, "")                                             \
    X(mov_load_8, "movq (%rdi), %rax", 8, R, MOVE, "")                                             \
    X(mov_store_1, "movb %ah, (%rdi)", 1, W, MOVE, "")                                             \
    X(mov_store_2, "movw %r8w, (%rdi)", 2, W, MOVE, "")                                            \
    X(mov_store_4, "movl %r9d, (%rdi)", 4, W, MOVE, "")                                            \
    X(mov_store_8, "movq %r10, (%rdi)", 8, W, MOVE, "")                                            \
    X(mov_number_1, "movb $1, (%rdi)", 1, W, MOVE, "")                                             \
    X(mov_number_2, "movw $0x1234, (%rdi)", 2, W, MOVE, "")                                        \
    X(mov_number_4, "movl $0x12345678, (%rdi)", 4, W, MOVE, "")                                    \
    X(mov_number_8, "movq $-2, (%rdi)", 8, W, MOVE, "")                                            \
    X(mov_segment, "movw %ds, (%rdi)", 2, W, MOVE, "")                                             \
    X(movzx_1, "movzbl (%rdi), %eax", 1, R, MOVE, "")                                              \
    X(movzx_2, "movzwq (%rdi), %rax", 2, R, MOVE, "")                                              \
    X(movsx_1, "movsbw (%rdi), %ax", 1, R, MOVE, "")                                               \
    X(movsx_2, "movswl (%rdi), %eax", 2, R, MOVE, "")                                              \
    X(movsx_4, "movslq (%rdi), %rax", 4, R, MOVE, "")                                              \
    X(movnti, "movnti %rax, (%rdi)", 8, W, MOVE, "")                                               \
    X(cmov, "cmovne (%rdi), %rax", 8, R, MOVE, "")                                                 \
    X(set, "sete (%rdi)", 1, W, MOVE, "")                                                          \
    X(xchg_1, "xchgb %al, (%rdi)", 1, RW, MOVE, "")                                                \
    X(xchg_8, "xchgq %rax, (%rdi)", 8, RW, MOVE, "")                                               \
    X(add_to_1, "addb %al, (%rdi)", 1, RW, USE, "")                                                \
    X(add_from_2, "addw (%rdi), %ax", 2, R, USE, "")                                               \
    X(adc_number_4, "adcl $100000, (%rdi)", 4, RW, USE, "")                                        \
    X(sub_short_8, "subq $1, (%rdi)", 8, RW, USE, "")                                              \
    X(sbb_from_1, "sbbb (%rdi), %al", 1, R, USE, "")                                               \
    X(and_number_2, "andw $0x1234, (%rdi)", 2, RW, LOGIC, "")                                      \
    X(or_byte, "orb $1, (%rdi)", 1, RW, LOGIC, "")                                                 \
    X(or_from_8, "orq (%rdi), %rax", 8, R, LOGIC, "")                                              \
    X(xor_to_4, "xorl %eax, (%rdi)", 4, RW, LOGIC, "")                                             \
    X(cmp_to_4, "cmpl %eax, (%rdi)", 4, R, USE, "")                                                \
    X(cmp_from_2, "cmpw (%rdi), %ax", 2, R, USE, "")                                               \
    X(cmp_byte, "cmpb $7, (%rdi)", 1, R, USE, "")                                                  \
    X(cmp_number_8, "cmpq $100000, (%rdi)", 8, R, USE, "")                                         \
    X(test_1, "testb %al, (%rdi)", 1, R, USE, "")                                                  \
    X(test_number_1, "testb $1, (%rdi)", 1, R, USE, "")                                            \
    X(test_number_2, "testw $0x1234, (%rdi)", 2, R, USE, "")                                       \
    X(test_number_8, "testq $1, (%rdi)", 8, R, USE, "")                                            \
    X(inc_1, "incb (%rdi)", 1, RW, USE, "")                                                        \
    X(dec_8, "decq (%rdi)", 8, RW, USE, "")                                                        \
    X(not_2, "notw (%rdi)", 2, RW, LOGIC, "")                                                      \
    X(neg_4, "negl (%rdi)", 4, RW, USE, "")                                                        \
    X(mul_1, "mulb (%rdi)", 1, R, USE, "")                                                         \
    X(imul_8, "imulq (%rdi)", 8, R, USE, "")                                                       \
    X(imul_of_two, "imulw (%rdi), %ax", 2, R, USE, "")                                             \
    X(imul_short, "imulq $3, (%rdi), %rax", 8, R, USE, "")                                         \
    X(imul_number, "imulw $0x1234, (%rdi), %ax", 2, R, USE, "")                                    \
    X(div_4, "divl (%rdi)", 4, R, USE, "")                                                         \
    X(idiv_8, "idivq (%rdi)", 8, R, USE, "")                                                       \
    X(shl_once, "shlb (%rdi)", 1, RW, LOGIC, "")                                                   \
    X(sar_by_cl, "sarq %cl, (%rdi)", 8, RW, LOGIC, "")                                             \
    X(rol_by_number, "rolw $3, (%rdi)", 2, RW, LOGIC, "")                                          \
    X(shld, "shldl $3, %eax, (%rdi)", 4, RW, LOGIC, "")                                            \
    X(shrd_by_cl, "shrdq %cl, %rax, (%rdi)", 8, RW, LOGIC, "")                                     \
    X(bt_number, "btl $3, (%rdi)", 4, R, USE, "")                                                  \
    X(bts_number, "btsq $3, (%rdi)", 8, RW, LOGIC, "")                                             \
    X(btr_register, "btrw %ax, (%rdi)", 2, RW, LOGIC, "")                                          \
    X(btc_register, "btcl %eax, (%rdi)", 4, RW, LOGIC, "")                                         \
    X(bsf, "bsfl (%rdi), %eax", 4, R, USE, "")                                                     \
    X(bsr, "bsrq (%rdi), %rax", 8, R, USE, "")                                                     \
    X(popcnt, "popcntl (%rdi), %eax", 4, R, USE, "popcnt")                                         \
    X(tzcnt, "tzcntw (%rdi), %ax", 2, R, USE, "bmi")                                               \
    X(xadd_1, "xaddb %al, (%rdi)", 1, RW, USE, "")                                                 \
    X(xadd_4, "lock xaddl %eax, (%rdi)", 4, RW, USE, "")                                           \
    X(cmpxchg_1, "cmpxchgb %cl, (%rdi)", 1, RW, USE, "")                                           \
    X(cmpxchg_8, "lock cmpxchgq %rcx, (%rdi)", 8, RW, USE, "")                                     \
    X(cmpxchg8b, "cmpxchg8b (%rdi)", 8, RW, USE, "")                                               \
    X(crc32_1, "crc32b (%rdi), %eax", 1, R, USE, "sse4.2")                                         \
    X(crc32_2, "crc32w (%rdi), %eax", 2, R, USE, "sse4.2")                                         \
    X(crc32_8, "crc32q (%rdi), %rax", 8, R, USE, "sse4.2")                                         \
    X(andn, "andnq (%rdi), %rax, %rcx", 8, R, USE, "bmi")                                          \
    X(bextr, "bextrl %eax, (%rdi), %ecx", 4, R, USE, "bmi")                                        \
    X(rorx, "rorxq $5, (%rdi), %rax", 8, R, LOGIC, "bmi2")                                         \
    X(pdep, "pdepl (%rdi), %eax, %ecx", 4, R, USE, "bmi2")                                         \
    X(shlx, "shlxq %rax, (%rdi), %rcx", 8, R, USE, "bmi2")                                         \
    X(lea, "leaq (%rdi), %rax", 0, 0, MOVE, "")                                                    \
    X(prefetch, "prefetcht0 (%rdi)", 0, 0, MOVE, "")                                               \
    X(nop, "nopw (%rdi)", 0, 0, MOVE, "")

#define FLOATING(X)                                                                                \
    X(fld_4, "flds (%rdi)", 4, R, MOVE, "")                                                        \
    X(fld_8, "fldl (%rdi)", 8, R, MOVE, "")                                                        \
    X(fld_10, "fldt (%rdi)", 10, R, MOVE, "")                                                      \
    X(fst_4, "fsts (%rdi)", 4, W, MOVE, "")                                                        \
    X(fstp_8, "fstpl (%rdi)", 8, W, MOVE, "")                                                      \
    X(fstp_10, "fstpt (%rdi)", 10, W, MOVE, "")                                                    \
    X(fild_2, "filds (%rdi)", 2, R, USE, "")                                                       \
    X(fild_4, "fildl (%rdi)", 4, R, MOVE, "")                                                      \
    X(fild_8, "fildll (%rdi)", 8, R, USE, "")                                                      \
    X(fist_2, "fists (%rdi)", 2, W, MOVE, "")                                                      \
    X(fistp_4, "fistpl (%rdi)", 4, W, MOVE, "")                                                    \
    X(fistp_8, "fistpll (%rdi)", 8, W, MOVE, "")                                                   \
    X(fisttp_8, "fisttpll (%rdi)", 8, W, MOVE, "sse3")                                             \
    X(fadd_4, "fadds (%rdi)", 4, R, USE, "")                                                       \
    X(fmul_8, "fmull (%rdi)", 8, R, USE, "")                                                       \
    X(fiadd_2, "fiadds (%rdi)", 2, R, USE, "")                                                     \
    X(fiadd_4, "fiaddl (%rdi)", 4, R, USE, "")                                                     \
    X(fbld, "fbld (%rdi)", 10, R, USE, "")                                                         \
    X(fbstp, "fbstp (%rdi)", 10, W, MOVE, "")                                                      \
    X(fldcw, "fldcw (%rdi)", 2, R, MOVE, "")                                                       \
    X(fnstcw, "fnstcw (%rdi)", 2, W, MOVE, "")                                                     \
    X(fnstsw, "fnstsw (%rdi)", 2, W, MOVE, "")                                                     \
    X(fxsave, "fxsave (%rdi)", 512, W, MOVE, "no")                                                 \
    X(fxrstor, "fxrstor (%rdi)", 512, R, MOVE, "no")                                               \
    X(ldmxcsr, "ldmxcsr (%rdi)", 4, R, USE, "")                                                    \
    X(stmxcsr, "stmxcsr (%rdi)", 4, W, MOVE, "")

#define SSE(X)                                                                                     \
    X(movss_load, "movss (%rdi), %xmm0", 4, R, MOVE, "")                                           \
    X(movss_store, "movss %xmm0, (%rdi)", 4, W, MOVE, "")                                          \
    X(movsd_load, "movsd (%rdi), %xmm0", 8, R, MOVE, "")                                           \
    X(movsd_store, "movsd %xmm9, (%rdi)", 8, W, MOVE, "")                                          \
    X(movups_load, "movups (%rdi), %xmm0", 16, R, MOVE, "")                                        \
    X(movupd_store, "movupd %xmm0, (%rdi)", 16, W, MOVE, "")                                       \
    X(movaps_load, "movaps (%rdi), %xmm0", 16, R, MOVE, "")                                        \
    X(movapd_store, "movapd %xmm0, (%rdi)", 16, W, MOVE, "")                                       \
    X(movdqa_load, "movdqa (%rdi), %xmm0", 16, R, MOVE, "")                                        \
    X(movdqu_load, "movdqu (%rdi), %xmm0", 16, R, MOVE, "")                                        \
    X(movdqu_store, "movdqu %xmm0, (%rdi)", 16, W, MOVE, "")                                       \
    X(movntps, "movntps %xmm0, (%rdi)", 16, W, MOVE, "")                                           \
    X(movntdq, "movntdq %xmm0, (%rdi)", 16, W, MOVE, "")                                           \
    X(movntdqa, "movntdqa (%rdi), %xmm0", 16, R, MOVE, "sse4.1")                                   \
    X(lddqu, "lddqu (%rdi), %xmm0", 16, R, MOVE, "sse3")                                           \
    X(movlps_load, "movlps (%rdi), %xmm0", 8, R, MOVE, "")                                         \
    X(movhpd_load, "movhpd (%rdi), %xmm0", 8, R, MOVE, "")                                         \
    X(movlpd_store, "movlpd %xmm0, (%rdi)", 8, W, MOVE, "")                                        \
    X(movhps_store, "movhps %xmm0, (%rdi)", 8, W, MOVE, "")                                        \
    X(movddup, "movddup (%rdi), %xmm0", 8, R, MOVE, "sse3")                                        \
    X(movsldup, "movsldup (%rdi), %xmm0", 16, R, MOVE, "sse3")                                     \
    X(movshdup, "movshdup (%rdi), %xmm0", 16, R, MOVE, "sse3")                                     \
    X(movd_load, "movd (%rdi), %xmm0", 4, R, MOVE, "")                                             \
    X(movd_store, "movd %xmm0, (%rdi)", 4, W, MOVE, "")                                            \
    X(movq_load, "movq (%rdi), %xmm0", 8, R, MOVE, "")                                             \
    X(movq_store, "movq %xmm0, (%rdi)", 8, W, MOVE, "")                                            \
    X(movq_wide_load, ".byte 0x66, 0x48, 0x0f, 0x6e, 0x07", 8, R, MOVE, "")                        \
    X(movq_wide_store, ".byte 0x66, 0x48, 0x0f, 0x7e, 0x07", 8, W, MOVE, "")                       \
    X(mmx_load, "movq (%rdi), %mm0", 8, R, MOVE, "")                                               \
    X(mmx_store, "movq %mm0, (%rdi)", 8, W, MOVE, "")                                              \
    X(mmx_store_4, "movd %mm0, (%rdi)", 4, W, MOVE, "")                                            \
    X(mmx_movntq, "movntq %mm0, (%rdi)", 8, W, MOVE, "")                                           \
    X(mmx_unpack_low, "punpcklbw (%rdi), %mm0", 4, R, LOGIC, "")                                   \
    X(mmx_unpack_high, "punpckhbw (%rdi), %mm0", 8, R, LOGIC, "")                                  \
    X(mmx_add, "paddb (%rdi), %mm0", 8, R, USE, "")                                                \
    X(mmx_xor, "pxor (%rdi), %mm0", 8, R, LOGIC, "")                                               \
    X(mmx_shift, "psrlw (%rdi), %mm0", 8, R, LOGIC, "")                                            \
    X(mmx_shuffle, "pshufw $1, (%rdi), %mm0", 8, R, LOGIC, "")                                     \
    X(mmx_shuffle_bytes, "pshufb (%rdi), %mm0", 8, R, LOGIC, "ssse3")                              \
    X(addss, "addss (%rdi), %xmm0", 4, R, USE, "")                                                 \
    X(mulsd, "mulsd (%rdi), %xmm0", 8, R, USE, "")                                                 \
    X(subps, "subps (%rdi), %xmm0", 16, R, USE, "")                                                \
    X(divpd, "divpd (%rdi), %xmm0", 16, R, USE, "")                                                \
    X(sqrtsd, "sqrtsd (%rdi), %xmm0", 8, R, USE, "")                                               \
    X(rcpss, "rcpss (%rdi), %xmm0", 4, R, USE, "")                                                 \
    X(minss, "minss (%rdi), %xmm0", 4, R, USE, "")                                                 \
    X(cmpsd, "cmpsd $1, (%rdi), %xmm0", 8, R, USE, "")                                             \
    X(cmpps, "cmpps $1, (%rdi), %xmm0", 16, R, USE, "")                                            \
    X(andps, "andps (%rdi), %xmm0", 16, R, LOGIC, "")                                              \
    X(xorpd, "xorpd (%rdi), %xmm0", 16, R, LOGIC, "")                                              \
    X(ucomiss, "ucomiss (%rdi), %xmm0", 4, R, USE, "")                                             \
    X(comisd, "comisd (%rdi), %xmm0", 8, R, USE, "")                                               \
    X(cvtsi2ss_4, "cvtsi2ssl (%rdi), %xmm0", 4, R, USE, "")                                        \
    X(cvtsi2sd_8, "cvtsi2sdq (%rdi), %xmm0", 8, R, USE, "")                                        \
    X(cvttss2si, "cvttss2si (%rdi), %rax", 4, R, USE, "")                                          \
    X(cvtsd2si, "cvtsd2si (%rdi), %eax", 8, R, USE, "")                                            \
    X(cvtss2sd, "cvtss2sd (%rdi), %xmm0", 4, R, USE, "")                                           \
    X(cvtsd2ss, "cvtsd2ss (%rdi), %xmm0", 8, R, USE, "")                                           \
    X(cvtps2pd, "cvtps2pd (%rdi), %xmm0", 8, R, USE, "")                                           \
    X(cvtpd2ps, "cvtpd2ps (%rdi), %xmm0", 16, R, USE, "")                                          \
    X(cvtdq2ps, "cvtdq2ps (%rdi), %xmm0", 16, R, USE, "")                                          \
    X(cvtdq2pd, "cvtdq2pd (%rdi), %xmm0", 8, R, USE, "")                                           \
    X(cvtpd2dq, "cvtpd2dq (%rdi), %xmm0", 16, R, USE, "")                                          \
    X(cvtpi2ps, "cvtpi2ps (%rdi), %xmm0", 8, R, USE, "")                                           \
    X(cvttps2pi, "cvttps2pi (%rdi), %mm0", 8, R, USE, "")                                          \
    X(cvtpd2pi, "cvtpd2pi (%rdi), %mm0", 16, R, USE, "")                                           \
    X(unpcklps, "unpcklps (%rdi), %xmm0", 16, R, LOGIC, "")                                        \
    X(shufps, "shufps $1, (%rdi), %xmm0", 16, R, LOGIC, "")                                        \
    X(pshufd, "pshufd $1, (%rdi), %xmm0", 16, R, LOGIC, "")                                        \
    X(pshuflw, "pshuflw $1, (%rdi), %xmm0", 16, R, LOGIC, "")                                      \
    X(punpcklqdq, "punpcklqdq (%rdi), %xmm0", 16, R, LOGIC, "")                                    \
    X(pcmpgtd, "pcmpgtd (%rdi), %xmm0", 16, R, USE, "")                                            \
    X(pcmpeqb, "pcmpeqb (%rdi), %xmm0", 16, R, USE, "")                                            \
    X(paddd, "paddd (%rdi), %xmm0", 16, R, USE, "")                                                \
    X(pand, "pand (%rdi), %xmm0", 16, R, LOGIC, "")                                                \
    X(pandn, "pandn (%rdi), %xmm0", 16, R, LOGIC, "")                                              \
    X(por, "por (%rdi), %xmm0", 16, R, LOGIC, "")                                                  \
    X(psllq, "psllq (%rdi), %xmm0", 16, R, LOGIC, "")                                              \
    X(psadbw, "psadbw (%rdi), %xmm0", 16, R, USE, "")                                              \
    X(haddpd, "haddpd (%rdi), %xmm0", 16, R, USE, "sse3")                                          \
    X(pinsrw, "pinsrw $1, (%rdi), %xmm0", 2, R, MOVE, "")                                          \
    X(pinsrb, "pinsrb $1, (%rdi), %xmm0", 1, R, MOVE, "sse4.1")                                    \
    X(pinsrd, "pinsrd $1, (%rdi), %xmm0", 4, R, MOVE, "sse4.1")                                    \
    X(pinsrq, "pinsrq $1, (%rdi), %xmm0", 8, R, MOVE, "sse4.1")                                    \
    X(insertps, "insertps $1, (%rdi), %xmm0", 4, R, MOVE, "sse4.1")                                \
    X(pextrb, "pextrb $1, %xmm0, (%rdi)", 1, W, MOVE, "sse4.1")                                    \
    X(pextrw, "pextrw $1, %xmm0, (%rdi)", 2, W, MOVE, "sse4.1")                                    \
    X(pextrd, "pextrd $1, %xmm0, (%rdi)", 4, W, MOVE, "sse4.1")                                    \
    X(pextrq, "pextrq $1, %xmm0, (%rdi)", 8, W, MOVE, "sse4.1")                                    \
    X(extractps, "extractps $1, %xmm0, (%rdi)", 4, W, MOVE, "sse4.1")                              \
    X(pmovzxbw, "pmovzxbw (%rdi), %xmm0", 8, R, MOVE, "sse4.1")                                    \
    X(pmovzxbd, "pmovzxbd (%rdi), %xmm0", 4, R, MOVE, "sse4.1")                                    \
    X(pmovzxbq, "pmovzxbq (%rdi), %xmm0", 2, R, MOVE, "sse4.1")                                    \
    X(pmovsxwd, "pmovsxwd (%rdi), %xmm0", 8, R, MOVE, "sse4.1")                                    \
    X(pmovsxwq, "pmovsxwq (%rdi), %xmm0", 4, R, MOVE, "sse4.1")                                    \
    X(pmovsxdq, "pmovsxdq (%rdi), %xmm0", 8, R, MOVE, "sse4.1")                                    \
    X(pshufb, "pshufb (%rdi), %xmm0", 16, R, LOGIC, "ssse3")                                       \
    X(pabsd, "pabsd (%rdi), %xmm0", 16, R, USE, "ssse3")                                           \
    X(palignr, "palignr $3, (%rdi), %xmm0", 16, R, LOGIC, "ssse3")                                 \
    X(ptest, "ptest (%rdi), %xmm0", 16, R, USE, "sse4.1")                                          \
    X(pblendvb, "pblendvb %xmm0, (%rdi), %xmm1", 16, R, LOGIC, "sse4.1")                           \
    X(pmulld, "pmulld (%rdi), %xmm0", 16, R, USE, "sse4.1")                                        \
    X(pminud, "pminud (%rdi), %xmm0", 16, R, USE, "sse4.1")                                        \
    X(phminposuw, "phminposuw (%rdi), %xmm0", 16, R, USE, "sse4.1")                                \
    X(roundss, "roundss $1, (%rdi), %xmm0", 4, R, USE, "sse4.1")                                   \
    X(roundsd, "roundsd $1, (%rdi), %xmm0", 8, R, USE, "sse4.1")                                   \
    X(roundpd, "roundpd $1, (%rdi), %xmm0", 16, R, USE, "sse4.1")                                  \
    X(dpps, "dpps $1, (%rdi), %xmm0", 16, R, USE, "sse4.1")                                        \
    X(blendps, "blendps $1, (%rdi), %xmm0", 16, R, LOGIC, "sse4.1")                                \
    X(pcmpestri, "pcmpestri $1, (%rdi), %xmm0", 16, R, USE, "sse4.2")                              \
    X(pcmpistrm, "pcmpistrm $1, (%rdi), %xmm0", 16, R, USE, "sse4.2")

#define AVX(X)                                                                                     \
    X(vmovss_load, "vmovss (%rdi), %xmm0", 4, R, MOVE, "avx")                                      \
    X(vmovsd_store, "vmovsd %xmm0, (%rdi)", 8, W, MOVE, "avx")                                     \
    X(vmovups_load, "vmovups (%rdi), %ymm0", 32, R, MOVE, "avx")                                   \
    X(vmovups_load_16, "vmovups (%rdi), %xmm8", 16, R, MOVE, "avx")                                \
    X(vmovdqu_store, "vmovdqu %ymm9, (%rdi)", 32, W, MOVE, "avx")                                  \
    X(vmovdqa_load, "vmovdqa (%rdi), %ymm0", 32, R, MOVE, "avx")                                   \
    X(vmovntps, "vmovntps %ymm0, (%rdi)", 32, W, MOVE, "avx")                                      \
    X(vmovlps, "vmovlps (%rdi), %xmm1, %xmm0", 8, R, MOVE, "avx")                                  \
    X(vmovddup, "vmovddup (%rdi), %ymm0", 32, R, MOVE, "avx")                                      \
    X(vmovddup_16, "vmovddup (%rdi), %xmm0", 8, R, MOVE, "avx")                                    \
    X(vmovshdup, "vmovshdup (%rdi), %ymm0", 32, R, MOVE, "avx")                                    \
    X(vmovd, "vmovd (%rdi), %xmm0", 4, R, MOVE, "avx")                                             \
    X(vmovq, "vmovq (%rdi), %xmm0", 8, R, MOVE, "avx")                                             \
    X(vmovq_store, "vmovq %xmm0, (%rdi)", 8, W, MOVE, "avx")                                       \
    X(vlddqu, "vlddqu (%rdi), %ymm0", 32, R, MOVE, "avx")                                          \
    X(vaddss, "vaddss (%rdi), %xmm1, %xmm0", 4, R, USE, "avx")                                     \
    X(vmulpd, "vmulpd (%rdi), %ymm1, %ymm0", 32, R, USE, "avx")                                    \
    X(vandps, "vandps (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx")                                  \
    X(vcmpsd, "vcmpsd $1, (%rdi), %xmm1, %xmm0", 8, R, USE, "avx")                                 \
    X(vucomisd, "vucomisd (%rdi), %xmm0", 8, R, USE, "avx")                                        \
    X(vcvtsi2sd, "vcvtsi2sdq (%rdi), %xmm1, %xmm0", 8, R, USE, "avx")                              \
    X(vcvtps2pd, "vcvtps2pd (%rdi), %ymm0", 16, R, USE, "avx")                                     \
    X(vcvtpd2ps, "vcvtpd2psy (%rdi), %xmm0", 32, R, USE, "avx")                                    \
    X(vcvtdq2pd, "vcvtdq2pd (%rdi), %ymm0", 16, R, USE, "avx")                                     \
    X(vbroadcastss, "vbroadcastss (%rdi), %ymm0", 4, R, MOVE, "avx")                               \
    X(vbroadcastsd, "vbroadcastsd (%rdi), %ymm0", 8, R, MOVE, "avx")                               \
    X(vbroadcastf128, "vbroadcastf128 (%rdi), %ymm0", 16, R, MOVE, "avx")                          \
    X(vinsertf128, "vinsertf128 $1, (%rdi), %ymm1, %ymm0", 16, R, MOVE, "avx")                     \
    X(vextractf128, "vextractf128 $1, %ymm0, (%rdi)", 16, W, MOVE, "avx")                          \
    X(vpermilps, "vpermilps $1, (%rdi), %ymm0", 32, R, LOGIC, "avx")                               \
    X(vpermilpd, "vpermilpd (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx")                            \
    X(vperm2f128, "vperm2f128 $1, (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx")                      \
    X(vblendvps, "vblendvps %ymm2, (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx")                     \
    X(vptest, "vptest (%rdi), %ymm0", 32, R, USE, "avx")                                           \
    X(vroundsd, "vroundsd $1, (%rdi), %xmm1, %xmm0", 8, R, USE, "avx")                             \
    X(vpextrw, "vpextrw $1, %xmm0, (%rdi)", 2, W, MOVE, "avx")                                     \
    X(vpinsrq, "vpinsrq $1, (%rdi), %xmm1, %xmm0", 8, R, MOVE, "avx")                              \
    X(vldmxcsr, "vldmxcsr (%rdi)", 4, R, USE, "avx")                                               \
    X(vpaddd, "vpaddd (%rdi), %ymm1, %ymm0", 32, R, USE, "avx2")                                   \
    X(vpxor, "vpxor (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx2")                                   \
    X(vpcmpeqb, "vpcmpeqb (%rdi), %ymm1, %ymm0", 32, R, USE, "avx2")                               \
    X(vpshufb, "vpshufb (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx2")                               \
    X(vpunpcklbw, "vpunpcklbw (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx2")                         \
    X(vpsrlw, "vpsrlw (%rdi), %ymm1, %ymm0", 16, R, LOGIC, "avx2")                                 \
    X(vpsllvd, "vpsllvd (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx2")                               \
    X(vpmovzxbw, "vpmovzxbw (%rdi), %ymm0", 16, R, MOVE, "avx2")                                   \
    X(vpmovsxbq, "vpmovsxbq (%rdi), %ymm0", 4, R, MOVE, "avx2")                                    \
    X(vpbroadcastb, "vpbroadcastb (%rdi), %ymm0", 1, R, MOVE, "avx2")                              \
    X(vpbroadcastw, "vpbroadcastw (%rdi), %ymm0", 2, R, MOVE, "avx2")                              \
    X(vpbroadcastd, "vpbroadcastd (%rdi), %xmm0", 4, R, MOVE, "avx2")                              \
    X(vpbroadcastq, "vpbroadcastq (%rdi), %ymm0", 8, R, MOVE, "avx2")                              \
    X(vbroadcasti128, "vbroadcasti128 (%rdi), %ymm0", 16, R, MOVE, "avx2")                         \
    X(vextracti128, "vextracti128 $1, %ymm0, (%rdi)", 16, W, MOVE, "avx2")                         \
    X(vpermq, "vpermq $1, (%rdi), %ymm0", 32, R, LOGIC, "avx2")                                    \
    X(vpermd, "vpermd (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx2")                                 \
    X(vpalignr, "vpalignr $3, (%rdi), %ymm1, %ymm0", 32, R, LOGIC, "avx2")                         \
    X(vmovntdqa, "vmovntdqa (%rdi), %ymm0", 32, R, MOVE, "avx2")                                   \
    X(vfmadd_ps, "vfmadd231ps (%rdi), %ymm1, %ymm0", 32, R, USE, "fma")                            \
    X(vfmadd_sd, "vfmadd213sd (%rdi), %xmm1, %xmm0", 8, R, USE, "fma")                             \
    X(vfnmsub_ss, "vfnmsub132ss (%rdi), %xmm1, %xmm0", 4, R, USE, "fma")                           \
    X(zmm_load, "vmovdqu64 (%rdi), %zmm0", 64, R, MOVE, "avx512f")                                 \
    X(zmm_store, "vmovups %zmm17, (%rdi)", 64, W, MOVE, "avx512f")                                 \
    X(zmm_aligned, "vmovdqa32 (%rdi), %zmm16", 64, R, MOVE, "avx512f")                             \
    X(zmm_add, "vaddpd (%rdi), %zmm1, %zmm0", 64, R, USE, "avx512f")                               \
    X(zmm_xor, "vpxorq (%rdi), %zmm1, %zmm0", 64, R, LOGIC, "avx512f")                             \
    X(ymm_load_evex, "vmovdqu64 (%rdi), %ymm16", 32, R, MOVE, "avx512vl")                          \
    X(xmm_scalar_evex, "vmovss (%rdi), %xmm16", 4, R, MOVE, "avx512f")

#define ALL(X) GENERAL(X) FLOATING(X) SSE(X) AVX(X)

/* Gathers, masks, broadcasts, and whatever has no size of its own. */
#define NOT_UNDERSTOOD(X)                                                                          \
    X(no_gather, "vpgatherdd %ymm0, (%rdi,%ymm1), %ymm2", 0, 0, USE, "")                           \
    X(no_mask, "vmovdqu8 %zmm0, (%rdi){%k1}", 0, 0, USE, "")                                       \
    X(no_mask_load, "vmaskmovps (%rdi), %ymm0, %ymm1", 0, 0, USE, "")                              \
    X(no_mask_store, "vpmaskmovd %ymm0, %ymm1, (%rdi)", 0, 0, USE, "")                             \
    X(no_broadcast, "vaddps (%rdi){1to16}, %zmm0, %zmm1", 0, 0, USE, "")                           \
    X(no_xsave, "xsave (%rdi)", 0, 0, USE, "")                                                     \
    X(no_fnsave, "fnsave (%rdi)", 0, 0, USE, "")                                                   \
    X(no_fldenv, "fldenv (%rdi)", 0, 0, USE, "")                                                   \
    X(no_far_jump, "ljmp *(%rdi)", 0, 0, USE, "")                                                  \
    X(no_clflush, "clflush (%rdi)", 0, 0, USE, "")                                                 \
    X(no_lgdt, "lgdt (%rdi)", 0, 0, USE, "")

/* `run_NAME` comes back after the instruction, which lies between `at_NAME` and `end_NAME`. */
#define CODE(name, text, bytes, how, effect, needs)                                                \
    void run_##name(void *at);                                                                     \
    void at_##name(void);                                                                          \
    void end_##name(void);                                                                         \
    __asm__(".text\n.globl run_" #name ", at_" #name ", end_" #name "\nrun_" #name                 \
            ": xor %eax, %eax\n xor %edx, %edx\nat_" #name ": " text "\nend_" #name ": ret\n");
ALL(CODE)
NOT_UNDERSTOOD(CODE)

typedef struct operand {
    const char *text;
    void (*run)(void *at);
    void (*at)(void);
    void (*end)(void);
    size_t bytes;
    unsigned how;
    lm_effect effect;
    const char *needs;
} operand;

#define OPERAND(name, text, bytes, how, effect, needs)                                             \
    {text, run_##name, at_##name, end_##name, bytes, how, effect, needs},
static const operand operands[] = {ALL(OPERAND)};
static const operand strange[] = {NOT_UNDERSTOOD(OPERAND)};

#endif
#endif
