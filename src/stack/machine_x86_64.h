/* x86-64. Registers have the numbers that its ABI gives them in unwind tables. */
#ifndef LM_STACK_MACHINE_X86_64_H
#define LM_STACK_MACHINE_X86_64_H

enum {
    LM_MACHINE_FP = 6,
    LM_MACHINE_SP = 7,
    LM_MACHINE_PC = 16, /* the tables' column for the return address */
    LM_MACHINE_REGISTERS = 17,
    LM_MACHINE_RED_ZONE = 128, /* bytes below the stack pointer that a function may use */
};

/* Registers that a function leaves as they were: rbx, rbp, rsp, r12 to r15. */
#define LM_MACHINE_KEPT 0xf0c8u

/* How one walks: by the unwind tables. Frame pointers are what a function likes them to be. */
#define LM_MACHINE_TABLES       1
#define LM_MACHINE_CHAIN_IS_LAW 0

/* A function that asks for its frame address has { caller's fp, return address } there, and the
 * caller's sp is behind them. */
#define LM_MACHINE_FRAME_WORDS 2

/* The caller's registers at one point of it, as far as a walk may need them. */
LM_INLINE void lm_machine_capture(uintptr_t *at) {
    __asm__ volatile("leaq 0(%%rip), %%rcx\n\t"
                     "movq %%rcx, 128(%1)\n\t"
                     "movq %%rbx, 24(%1)\n\t"
                     "movq %%rbp, 48(%1)\n\t"
                     "movq %%rsp, 56(%1)\n\t"
                     "movq %%r12, 96(%1)\n\t"
                     "movq %%r13, 104(%1)\n\t"
                     "movq %%r14, 112(%1)\n\t"
                     "movq %%r15, 120(%1)"
                     : "=m"(*(uintptr_t(*)[LM_MACHINE_REGISTERS])at)
                     : "r"(at)
                     : "rcx");
}

/* The registers that a signal interrupted, all of them; a bit for each that is known. */
LM_INLINE uint64_t lm_machine_interrupted(const ucontext_t *context, uintptr_t *at) {
    static const unsigned char places[LM_MACHINE_REGISTERS] = {
        REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
        REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (unsigned i = 0; i < LM_MACHINE_REGISTERS; i++)
        at[i] = (uintptr_t)context->uc_mcontext.gregs[places[i]];
    return ((uint64_t)1 << LM_MACHINE_REGISTERS) - 1;
}

/* Whether what the signal tells is that there is no code at pc: a call or jump has led there. */
LM_INLINE bool lm_machine_jumped_astray(const ucontext_t *context) {
    enum { PAGE_FAULT = 14, FETCH = 1 << 4 };
    return context->uc_mcontext.gregs[REG_TRAPNO] == PAGE_FAULT &&
           (context->uc_mcontext.gregs[REG_ERR] & FETCH) != 0;
}

/* The thread's control block. In threads other than the first it lies above the stack. */
LM_INLINE uintptr_t lm_machine_thread(void) {
    uintptr_t thread;
    __asm__("movq %%fs:0, %0" : "=r"(thread));
    return thread;
}

/* A return address without what hardware adds to it. */
LM_INLINE uintptr_t lm_machine_code(uintptr_t address) {
    return address;
}

#endif
