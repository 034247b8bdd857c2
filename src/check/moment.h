/* What a signal interrupted: registers by the numbers that instructions have. x86-64 only. */
#ifndef LM_CHECK_MOMENT_H
#define LM_CHECK_MOMENT_H

#include "check/decode.h"

#include <signal.h>
#include <ucontext.h>

typedef struct lm_moment {
    ucontext_t *context;
    uintptr_t pc;
    uintptr_t general[LM_GENERAL_REGISTERS];
    bool decoded; /* `in` is the instruction at pc */
    lm_instruction in;
    bool judged; /* `deed` is what it does to memory */
    lm_deed deed;
} lm_moment;

/* Reads the registers and the instruction. */
void lm_moment_read(ucontext_t *context, lm_moment *m);

/* The same where it is sure that the instruction can be read: it is about to run. */
void lm_moment_read_here(ucontext_t *context, lm_moment *m);

/* The access that covers an address, NULL when none is known to. */
const lm_touch *lm_moment_touch(const lm_moment *m, uintptr_t at);

/* A general register's name. */
const char *lm_moment_name(unsigned number);

/* Whether a page fault was a write, by the processor's own word. */
bool lm_moment_writes(const ucontext_t *context);

/* A trap after the next instruction, or no more; tells how it was. */
bool lm_moment_single(ucontext_t *context, bool wanted);

/* Whether a condition holds, by its number in instructions (0: overflow, 4: equal, ...). */
bool lm_moment_condition(const ucontext_t *context, unsigned condition);

uintptr_t lm_moment_pc(const ucontext_t *context);
void lm_moment_set_pc(ucontext_t *context, uintptr_t pc);
void lm_moment_set_general(ucontext_t *context, unsigned number, uintptr_t value);

/* A vector register's low 16 bytes in the frame, from where the way back loads it; NULL: not there. */
unsigned char *lm_moment_vector(ucontext_t *context, unsigned number);

/* Copies from memory that may not be there. Returns how many bytes it got. */
size_t lm_moment_copy(void *to, uintptr_t from, size_t bytes);

#endif
