/* Where the calling thread stands when somebody looks at its stack: what lies below, and what the library
 * itself left there, isn't the program's. */
#ifndef LM_CHECK_STAND_H
#define LM_CHECK_STAND_H

#include <stddef.h>
#include <stdint.h>

enum { LM_STAND_WORDS = 128 };

typedef struct lm_stand {
    uintptr_t sp;                    /* from here on the stack is in use */
    size_t count;                    /* of words */
    uintptr_t words[LM_STAND_WORDS]; /* registers, and what was saved of them */
} lm_stand;

/* The frame of the function in which this stands, with all registers that belong to its callers saved in
 * it. */
#define LM_STAND_FRAME() (__builtin_unwind_init(), (uintptr_t)__builtin_frame_address(0))

/* In that function's caller. */
void lm_stand_here(lm_stand *stand, uintptr_t frame);

/* In the function of the program that called exit, or that main returned to: what the C library has on the
 * stack for its own work at exit doesn't count, nor what functions left there that returned before. Where
 * that can't be told, as lm_stand_here. */
void lm_stand_at_exit(lm_stand *stand, uintptr_t frame);

/* In what a signal interrupted; `context` is the handler's ucontext_t. */
void lm_stand_interrupted(lm_stand *stand, const void *context);

#endif
