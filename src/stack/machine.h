/* What the processor decides, one file for each: numbers of registers, how to get at the calling
 * function's own, and whether frame pointers can be relied on. */
#ifndef LM_STACK_MACHINE_H
#define LM_STACK_MACHINE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__) && defined(__LP64__)
#include "stack/machine_x86_64.h"
#elif defined(__aarch64__) && defined(__LP64__)
#include "stack/machine_aarch64.h"
#else
#include "stack/machine_other.h"
#endif

/* A function's registers while the walk stands in it. */
typedef struct lm_registers {
    uintptr_t at[LM_MACHINE_REGISTERS];
    uint64_t known; /* a bit for each that has its value; of the others nothing is known */
} lm_registers;

LM_INLINE bool lm_registers_know(const lm_registers *registers, uint64_t number) {
    return number < LM_MACHINE_REGISTERS && (registers->known >> number & 1) != 0;
}

LM_INLINE void lm_registers_set(lm_registers *registers, unsigned number, uintptr_t value) {
    registers->at[number] = value;
    registers->known |= (uint64_t)1 << number;
}

#endif
