#include "check/withheld.h"

#include "check/explain.h"
#include "check/raw.h"
#include "check/signals.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/* The place that faulted, to see whether the kernel's frame still is what it was: a program may jump out of its
 * handler, and another handler's frame may come to lie there. */
typedef struct fault {
    int number; /* 0: none */
    const siginfo_t *info;
    ucontext_t *context;
    uintptr_t pc, address;
    greg_t stack;
} fault;

static __thread fault kept;

static greg_t stack_of(const ucontext_t *context) {
#if defined(__x86_64__)
    return context->uc_mcontext.gregs[REG_RSP];
#else
    (void)context;
    return 0;
#endif
}

void lm_withheld_keep(int number, const siginfo_t *info, ucontext_t *context) {
    kept = (fault){.number = number,
                   .info = info,
                   .context = context,
                   .pc = lm_halt_pc(context),
                   .address = (uintptr_t)info->si_addr,
                   .stack = stack_of(context)};
}

/* Handlers run on the alternate stack, further down than the frame. */
static bool is_there(const fault *f) {
    stack_t now = {0};
    if (lm_raw_call(SYS_sigaltstack, 0, (long)&now, 0, 0, 0, 0) != 0 ||
        !(now.ss_flags & SS_ONSTACK))
        return false;
    const uintptr_t start = (uintptr_t)now.ss_sp;
    return (uintptr_t)f->context - start < now.ss_size &&
           (uintptr_t)__builtin_frame_address(0) < (uintptr_t)f->context &&
           lm_halt_pc(f->context) == f->pc && stack_of(f->context) == f->stack &&
           f->info->si_signo == f->number && (uintptr_t)f->info->si_addr == f->address;
}

void lm_withheld_returned(int number) {
    uint64_t pending = 0;
    if (kept.number != number)
        return;
    if (!lm_signals_handled(number) &&
        lm_raw_call(SYS_rt_sigpending, (long)&pending, sizeof pending, 0, 0, 0, 0) == 0 &&
        pending >> (number - 1) & 1)
        lm_withheld_tell();
    kept.number = 0;
}

void lm_withheld_tell(void) {
    const fault f = kept;
    if (f.number == 0)
        return;
    kept.number = 0;
    if (!is_there(&f))
        return;
    lm_halt m;
    lm_halt_read(f.context, &m);
    lm_explain(f.number, f.info, &m, false);
}
