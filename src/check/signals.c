#include "check/signals.h"

#include "base/compiler.h"
#include "base/lock.h"
#include "check/raw.h"
#include "os/os.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

enum { SIGNALS = 65, RESTORER = 0x04000000 /* SA_RESTORER */, STACK = 128 << 10 };

/* The kernel's own struct and set. */
typedef uint64_t kernel_set;
typedef struct kernel_action {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    kernel_set mask;
} kernel_action;

static const unsigned char taken[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

/* What the program set. A writer fills the one that isn't in use and then says so: a handler may look at any
 * moment. */
typedef struct view {
    struct sigaction slot[2];
    _Atomic unsigned used;
} view;

static view views[SIGNALS];
static bool is_taken[SIGNALS];
static void (*own_handler)(int, siginfo_t *, void *);
static _Atomic bool writing;

/* Back from a handler. The tables say that what called it is what the signal interrupted: all registers are
 * in the frame that the kernel made, whose ucontext the stack pointer points to. The bytes are those that
 * unwinders and debuggers know. */
void lm_signals_restore(void) LM_HIDDEN;
__asm__(".text\n"
        ".type lm_signals_restore,@function\n"
        ".hidden lm_signals_restore\n"
        ".globl lm_signals_restore\n"
        ".align 16\n"
        ".cfi_startproc\n"
        ".cfi_signal_frame\n"
        ".cfi_escape 0x0f,4,0x77,0xa0,1,6\n"    /* CFA: the saved stack pointer, at 160 */
        ".cfi_escape 0x10,8,2,0x77,0x28\n"      /* r8 */
        ".cfi_escape 0x10,9,2,0x77,0x30\n"      /* r9 */
        ".cfi_escape 0x10,10,2,0x77,0x38\n"     /* r10 */
        ".cfi_escape 0x10,11,3,0x77,0xc0,0x0\n" /* r11 */
        ".cfi_escape 0x10,12,3,0x77,0xc8,0x0\n" /* r12 */
        ".cfi_escape 0x10,13,3,0x77,0xd0,0x0\n" /* r13 */
        ".cfi_escape 0x10,14,3,0x77,0xd8,0x0\n" /* r14 */
        ".cfi_escape 0x10,15,3,0x77,0xe0,0x0\n" /* r15 */
        ".cfi_escape 0x10,5,3,0x77,0xe8,0x0\n"  /* rdi */
        ".cfi_escape 0x10,4,3,0x77,0xf0,0x0\n"  /* rsi */
        ".cfi_escape 0x10,6,3,0x77,0xf8,0x0\n"  /* rbp */
        ".cfi_escape 0x10,3,3,0x77,0x80,0x1\n"  /* rbx */
        ".cfi_escape 0x10,1,3,0x77,0x88,0x1\n"  /* rdx */
        ".cfi_escape 0x10,0,3,0x77,0x90,0x1\n"  /* rax */
        ".cfi_escape 0x10,2,3,0x77,0x98,0x1\n"  /* rcx */
        ".cfi_escape 0x10,7,3,0x77,0xa0,0x1\n"  /* rsp */
        ".cfi_escape 0x10,16,3,0x77,0xa8,0x1\n" /* rip */
        "nop\n" /* who looks up a return address looks one byte before it */
        "lm_signals_restore:\n"
        "mov $15, %rax\n" /* rt_sigreturn */
        "syscall\n"
        ".cfi_endproc\n"
        ".size lm_signals_restore, .-lm_signals_restore\n");

bool lm_signals_taken(int number) {
    return number > 0 && number < SIGNALS && is_taken[number];
}

static const struct sigaction *view_of(int number) {
    view *v = &views[number];
    return &v->slot[atomic_load_explicit(&v->used, memory_order_acquire) & 1];
}

bool lm_signals_handled(int number) {
    if (!lm_signals_taken(number))
        return false;
    const struct sigaction *set = view_of(number);
    return set->sa_handler != SIG_DFL && set->sa_handler != SIG_IGN;
}

static kernel_set set_of(const sigset_t *set) {
    kernel_set bits;
    memcpy(&bits, set, sizeof bits);
    return bits;
}

static kernel_set bit(int number) {
    return (kernel_set)1 << (number - 1);
}

/* Those without which the checker can't go on: faults, single steps and taken system calls. */
static kernel_set needed(void) {
    return bit(SIGSEGV) | bit(SIGBUS) | bit(SIGTRAP) | bit(SIGSYS);
}

static long set_action(int number, const kernel_action *action, kernel_action *old) {
    return lm_raw_call(SYS_rt_sigaction, number, (long)action, (long)old, sizeof(kernel_set), 0, 0);
}

static void install(int number) {
    const int flags = view_of(number)->sa_flags;
    const kernel_action action = {
        .handler = own_handler,
        .flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | RESTORER | (unsigned)(flags & SA_RESTART),
        .restorer = lm_signals_restore,
        .mask = ~needed() & ~(bit(SIGILL) | bit(SIGFPE) | bit(SIGABRT)),
    };
    set_action(number, &action, NULL);
}

bool lm_signals_start(void (*handler)(int, siginfo_t *, void *)) {
    own_handler = handler;
    for (size_t i = 0; i < sizeof taken; i++) {
        kernel_action before = {0};
        const int number = taken[i];
        if (set_action(number, NULL, &before) != 0)
            return false;
        struct sigaction *first = &views[number].slot[0];
        first->sa_sigaction = before.handler;
        first->sa_flags = (int)(before.flags & ~(unsigned long)RESTORER);
        memcpy(&first->sa_mask, &before.mask, sizeof before.mask);
        is_taken[number] = true;
        install(number);
    }
    kernel_set through = needed();
    lm_raw_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&through, 0, sizeof through, 0, 0);
    lm_signals_thread_start();
    return true;
}

void lm_signals_action(int number, const struct sigaction *action, struct sigaction *old) {
    view *v = &views[number];
    if (!action) {
        if (old)
            *old = *view_of(number);
        return;
    }
    const struct sigaction wanted = *action; /* `old` may be the same memory */
    while (atomic_exchange_explicit(&writing, true, memory_order_acquire))
        lm_pause();
    const struct sigaction before = *view_of(number);
    const unsigned next = atomic_load_explicit(&v->used, memory_order_relaxed) + 1;
    v->slot[next & 1] = wanted;
    atomic_store_explicit(&v->used, next, memory_order_release);
    install(number);
    atomic_store_explicit(&writing, false, memory_order_release);
    if (old)
        *old = before;
}

void lm_signals_let_through(sigset_t *set) {
    if (!is_taken[SIGSEGV])
        return;
    kernel_set bits = set_of(set) & ~needed();
    memcpy(set, &bits, sizeof bits);
}

static void by_default(int number, const siginfo_t *info) {
    const kernel_action action = {.flags = RESTORER, .restorer = lm_signals_restore};
    set_action(number, &action, NULL);
    if (info->si_code <= 0 || number == SIGTRAP || number == SIGSYS) /* it won't come again */
        lm_raw_call(SYS_tgkill, lm_raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0),
                    lm_raw_call(SYS_gettid, 0, 0, 0, 0, 0, 0), number, 0, 0, 0);
}

/* While the program's handler runs, the signal is blocked as it would be: what comes blocked ends the program,
 * as without Loam. */
static void block_for(int number, const struct sigaction *action, const ucontext_t *context) {
    kernel_set mask = set_of(&context->uc_sigmask) | (set_of(&action->sa_mask) & ~needed());
    if (!(action->sa_flags & SA_NODEFER))
        mask |= bit(number);
    lm_raw_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof mask, 0, 0);
}

void lm_signals_pass(int number, siginfo_t *info, ucontext_t *context) {
    const struct sigaction action = *view_of(number);
    const bool sent = info->si_code <= 0;
    if (action.sa_handler == SIG_IGN && sent)
        return;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) {
        by_default(number, info);
        return;
    }
    if ((unsigned)action.sa_flags & SA_RESETHAND) {
        const struct sigaction reset = {.sa_flags = action.sa_flags};
        lm_signals_action(number, &reset, NULL);
    }
    block_for(number, &action, context);
    if (action.sa_flags & SA_SIGINFO)
        action.sa_sigaction(number, info, context);
    else
        action.sa_handler(number);
}

static __thread void *own_stack;
static __thread stack_t stack_view; /* what the program set */
static __thread bool stack_set;     /* it did */

void lm_signals_thread_start(void) {
    stack_t now = {0};
    if (!is_taken[SIGSEGV] || own_stack)
        return;
    if (lm_raw_call(SYS_sigaltstack, 0, (long)&now, 0, 0, 0, 0) != 0 ||
        !(now.ss_flags & SS_DISABLE))
        return;
    /* The page before it stays a guard. */
    char *at = lm_os_reserve(STACK + lm_os.page, 0);
    if (!at || !lm_os_commit(at + lm_os.page, STACK))
        return;
    const stack_t stack = {.ss_sp = at + lm_os.page, .ss_size = STACK};
    if (lm_raw_call(SYS_sigaltstack, (long)&stack, 0, 0, 0, 0, 0) == 0)
        own_stack = at;
    else
        lm_os_release(at, STACK + lm_os.page);
}

static long set_stack(const stack_t *stack, stack_t *old) {
    return lm_raw_call(SYS_sigaltstack, (long)stack, (long)old, 0, 0, 0, 0);
}

int lm_signals_stack(const stack_t *stack, stack_t *old) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    if (!own_stack)
        return (int)set_stack(stack, old);
    const stack_t before = stack_set ? stack_view : none;
    if (stack) {
        const stack_t own = {.ss_sp = (char *)own_stack + lm_os.page, .ss_size = STACK};
        const bool small = stack->ss_flags & SS_DISABLE || stack->ss_size <= STACK;
        const long result = set_stack(small ? &own : stack, NULL);
        if (result != 0 && !small)
            return (int)result;
        stack_view = stack->ss_flags & SS_DISABLE ? none : *stack;
        stack_set = true;
    }
    if (old)
        *old = before;
    return 0;
}

void lm_signals_thread_end(void) {
    const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t now = {0};
    if (!own_stack)
        return;
    lm_raw_call(SYS_sigaltstack, 0, (long)&now, 0, 0, 0, 0);
    if (now.ss_flags & SS_ONSTACK)
        return;
    if (now.ss_sp == (char *)own_stack + lm_os.page)
        lm_raw_call(SYS_sigaltstack, (long)&none, 0, 0, 0, 0, 0);
    lm_os_release(own_stack, STACK + lm_os.page);
    own_stack = NULL;
}

#else /* no other processor's signal frames are known */

bool lm_signals_start(void (*handler)(int, siginfo_t *, void *)) {
    (void)handler;
    return false;
}

bool lm_signals_taken(int number) {
    (void)number;
    return false;
}

bool lm_signals_handled(int number) {
    (void)number;
    return false;
}

void lm_signals_action(int number, const struct sigaction *action, struct sigaction *old) {
    (void)number, (void)action, (void)old;
}

void lm_signals_let_through(sigset_t *set) {
    (void)set;
}

void lm_signals_pass(int number, siginfo_t *info, ucontext_t *context) {
    (void)number, (void)info, (void)context;
}

void lm_signals_thread_start(void) {}

void lm_signals_thread_end(void) {}

int lm_signals_stack(const stack_t *stack, stack_t *old) {
    const long result = lm_raw_call(SYS_sigaltstack, (long)stack, (long)old, 0, 0, 0, 0);
    return (int)result;
}

#endif
