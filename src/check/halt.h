/* What a signal interrupted: registers by the numbers that instructions have. x86-64 only. */
#ifndef LM_CHECK_HALT_H
#define LM_CHECK_HALT_H

#include "check/decode.h"

#include <signal.h>
#include <ucontext.h>

typedef struct lm_halt {
    ucontext_t *context;
    uintptr_t pc;
    uintptr_t general[LM_GENERAL_REGISTERS];
    bool decoded; /* `in` is the instruction at pc */
    lm_instruction in;
    bool backward; /* the direction flag */
    bool judged;   /* `deed` is what it does to memory */
    lm_deed deed;
} lm_halt;

/* Reads the registers and the instruction. */
void lm_halt_read(ucontext_t *context, lm_halt *m);

/* The same where it is sure that the instruction can be read: it is about to run. */
void lm_halt_read_here(ucontext_t *context, lm_halt *m);

/* The access that covers an address, NULL when none is known to. */
const lm_touch *lm_halt_touch(const lm_halt *m, uintptr_t at);

/* A general register's name. */
const char *lm_halt_name(unsigned number);

/* Whether a page fault was a write, by the processor's own word. */
bool lm_halt_writes(const ucontext_t *context);

/* A trap after the next instruction, or no more; tells how it was. */
bool lm_halt_single(ucontext_t *context, bool wanted);
bool lm_halt_is_single(const ucontext_t *context);

/* Whether a condition holds, by its number in instructions (0: overflow, 4: equal, ...). */
bool lm_halt_condition(const ucontext_t *context, unsigned condition);

uintptr_t lm_halt_pc(const ucontext_t *context);
void lm_halt_set_pc(ucontext_t *context, uintptr_t pc);
void lm_halt_set_general(ucontext_t *context, unsigned number, uintptr_t value);

/* The processor's flags, those of `which`. */
void lm_halt_set_flags(ucontext_t *context, uintptr_t flags, uintptr_t which);

/* A vector register's low 16 bytes in the frame, from where the way back loads it; NULL: not there. */
unsigned char *lm_halt_vector(ucontext_t *context, unsigned number);

/* Copies from, or to, memory that may not be there. Returns how many bytes it got. */
size_t lm_halt_copy(void *to, uintptr_t from, size_t bytes);
size_t lm_halt_put(uintptr_t to, const void *from, size_t bytes);

#endif
