/* What stopped the program: the handler of its faults. An access to a guard page or to a freed block against
 * guard pages is told, and then let happen, on a page that is open for that one instruction, so that one run
 * finds more than one mistake. Everything else is explained (explain.h) and goes where it would have gone. */
#ifndef LM_CHECK_TRAP_H
#define LM_CHECK_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* The last allocation of a thread that failed. */
typedef struct lm_failed {
    uint32_t stack;
    size_t size;
    const char *call; /* "malloc" */
    uint64_t time;
    int error;
} lm_failed;

/* What other parts know. Set before lm_trap_start; each may be NULL. */
typedef struct lm_trap_seams {
    uint32_t (*stack_of)(const ucontext_t *context); /* number of the stack that a signal interrupted */
    bool (*failed_last)(lm_failed *failed);          /* of the calling thread; false: none */
    const char *(*where)(uintptr_t at);              /* "stack", "static", ...; as base/wire.h has it */
    bool (*is_library)(uintptr_t pc);                /* code of the C library */
} lm_trap_seams;

extern lm_trap_seams lm_trap_seam;

/* Once, after lm_exact_start. False: faults aren't taken on this machine. */
bool lm_trap_start(void);

/* The page at `at` must be closed again after the one instruction that is to run now. `context` is changed so
 * that it does. False: it can't be. */
bool lm_trap_step(ucontext_t *context, uintptr_t page, void (*close)(uintptr_t page));

#endif
