/* What stopped the program: the handler of its faults. An access to a guard page or to a freed block against
 * guard pages is told, and then let happen, on a page that is open for that one instruction, so that one run
 * finds more than one mistake. Everything else is explained (explain.h) and goes where it would have gone. */
#ifndef LM_CHECK_CATCH_H
#define LM_CHECK_CATCH_H

#include "check/failed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* What other parts know. Set before lm_catch_start; each may be NULL. */
typedef struct lm_catch_seams {
    uint32_t (*stack_of)(
        const ucontext_t *context);         /* number of the stack that a signal interrupted */
    bool (*failed_last)(lm_failed *failed); /* of the calling thread; false: none */
    const char *(*where)(uintptr_t at);     /* "stack", "static", ...; as base/wire.h has it */
    bool (*is_library)(uintptr_t pc);       /* code of the C library */
} lm_catch_seams;

extern lm_catch_seams lm_catch_seam;

/* The block of the calling thread that a wrapper told of last: what the C library's function then does to it
 * isn't told again. */
void lm_catch_set_told(uintptr_t block);

/* Once, after lm_exact_start. False: faults aren't taken on this machine. */
bool lm_catch_start(void);

/* What the handlers took of the program's time by now, with the single steps that they asked for: ns. Where a
 * machine is virtual a step may cost fifty times what it costs elsewhere, and is in no account of processor
 * time. */
uint64_t lm_catch_spent(void);

/* The page at `at` must be closed again after the one instruction that is to run now. `context` is changed so
 * that it does. False: it can't be. */
bool lm_catch_step(ucontext_t *context, uintptr_t page, void (*close)(uintptr_t page));

#endif
