/* aarch64. The ABI has every function keep a chain of frame records, { next, return address }, that
 * begins in x29. */
#ifndef LM_STACK_MACHINE_AARCH64_H
#define LM_STACK_MACHINE_AARCH64_H

enum {
    LM_MACHINE_FP = 29,
    LM_MACHINE_SP = 31,
    LM_MACHINE_PC = 32,
    LM_MACHINE_REGISTERS = 33,
    LM_MACHINE_RED_ZONE = 0,
};

/* x19 to x29 and sp. */
#define LM_MACHINE_KEPT 0xbff80000u

#define LM_MACHINE_TABLES       0
#define LM_MACHINE_CHAIN_IS_LAW 1
#define LM_MACHINE_FRAME_WORDS  0 /* nothing is known of where the caller's sp is */

LM_INLINE void lm_machine_capture(uintptr_t *at) {
    uintptr_t sp, pc;
    __asm__ volatile("mov %0, sp\n\tadr %1, ." : "=r"(sp), "=r"(pc));
    at[LM_MACHINE_FP] = (uintptr_t)__builtin_frame_address(0);
    at[LM_MACHINE_SP] = sp;
    at[LM_MACHINE_PC] = pc;
}

LM_INLINE uint64_t lm_machine_interrupted(const ucontext_t *context, uintptr_t *at) {
    at[LM_MACHINE_FP] = context->uc_mcontext.regs[LM_MACHINE_FP];
    at[LM_MACHINE_SP] = context->uc_mcontext.sp;
    at[LM_MACHINE_PC] = context->uc_mcontext.pc;
    return (uint64_t)1 << LM_MACHINE_FP | (uint64_t)1 << LM_MACHINE_SP |
           (uint64_t)1 << LM_MACHINE_PC;
}

LM_INLINE bool lm_machine_jumped_astray(const ucontext_t *context) {
    (void)context;
    return false;
}

LM_INLINE uintptr_t lm_machine_thread(void) {
    uintptr_t thread;
    __asm__("mrs %0, tpidr_el0" : "=r"(thread));
    return thread;
}

/* Takes a signature off the address (xpaclri, which older processors take for a nop). */
LM_INLINE uintptr_t lm_machine_code(uintptr_t address) {
    register uintptr_t x30 __asm__("x30") = address;
    __asm__("hint #7" : "+r"(x30));
    return x30;
}

#endif
