/* Processors that nobody has written a file for: their stacks are empty. */
#ifndef LM_STACK_MACHINE_OTHER_H
#define LM_STACK_MACHINE_OTHER_H

enum {
    LM_MACHINE_FP,
    LM_MACHINE_SP,
    LM_MACHINE_PC,
    LM_MACHINE_REGISTERS,
    LM_MACHINE_RED_ZONE = 0,
};

#define LM_MACHINE_KEPT         0u
#define LM_MACHINE_TABLES       0
#define LM_MACHINE_CHAIN_IS_LAW 0
#define LM_MACHINE_FRAME_WORDS  0

LM_INLINE void lm_machine_capture(uintptr_t *at) {
    at[LM_MACHINE_FP] = at[LM_MACHINE_SP] = at[LM_MACHINE_PC] = 0;
}

LM_INLINE uint64_t lm_machine_interrupted(const ucontext_t *context, uintptr_t *at) {
    (void)context;
    at[LM_MACHINE_FP] = at[LM_MACHINE_SP] = at[LM_MACHINE_PC] = 0;
    return 0;
}

LM_INLINE bool lm_machine_jumped_astray(const ucontext_t *context) {
    (void)context;
    return false;
}

LM_INLINE uintptr_t lm_machine_thread(void) {
    return 0;
}

LM_INLINE uintptr_t lm_machine_code(uintptr_t address) {
    return address;
}

#endif
