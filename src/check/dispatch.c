#include "check/dispatch.h"

#include "base/compiler.h"
#include "check/raw.h"
#include "check/shadow.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON           1
#endif

enum {
    TAKE = 1,        /* SYSCALL_DISPATCH_FILTER_BLOCK */
    TAKEN = 2,       /* si_code: SYS_USER_DISPATCH */
    INSTRUCTION = 2, /* bytes of `syscall` */
    RED_ZONE = 128,  /* bytes below the stack pointer that are the program's */
};

/* The kernel looks at it at every system call of the thread that started. Other threads' handlers find it at 0
 * and leave it there. */
static volatile _Atomic char selector;

/* This object file's code, by the linker. */
extern const char own_start[] __asm__("__ehdr_start") __attribute__((visibility("hidden")));
extern const char own_end[] __asm__("etext") __attribute__((visibility("hidden")));

/* The program's system call by an instruction of Loam's. The address to go back to lies on its stack, beyond the
 * red zone. */
extern const char lm_dispatch_call[] LM_HIDDEN;
__asm__(".text\n"
        ".type lm_dispatch_call,@function\n"
        ".hidden lm_dispatch_call\n"
        ".globl lm_dispatch_call\n"
        ".cfi_startproc\n"
        ".cfi_def_cfa rsp,136\n"
        ".cfi_offset rip,-136\n"
        "lm_dispatch_call:\n"
        "syscall\n"
        "ret $128\n"
        ".cfi_endproc\n"
        ".size lm_dispatch_call, .-lm_dispatch_call\n");

bool lm_dispatch_start(void) {
    return lm_raw_call(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, (long)own_start,
                       own_end - own_start, (long)&selector, 0) == 0;
}

bool lm_dispatch_set(bool taken) {
    return atomic_exchange_explicit(&selector, taken ? TAKE : 0, memory_order_relaxed) != 0;
}

/* Calls whose pointers lead to plain memory, not to further pointers, and that neither make a thread or a
 * process nor touch masks of signals. */
static bool is_plain(long number, const greg_t *registers) {
    switch (number) {
    case SYS_read:
    case SYS_write:
    case SYS_pread64:
    case SYS_pwrite64:
    case SYS_open:
    case SYS_openat:
    case SYS_close:
    case SYS_stat:
    case SYS_fstat:
    case SYS_lstat:
    case SYS_newfstatat:
    case SYS_statx:
    case SYS_lseek:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_mremap:
    case SYS_brk:
    case SYS_access:
    case SYS_faccessat:
    case SYS_getpid:
    case SYS_getppid:
    case SYS_gettid:
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid:
    case SYS_uname:
    case SYS_getcwd:
    case SYS_readlink:
    case SYS_readlinkat:
    case SYS_unlink:
    case SYS_rename:
    case SYS_mkdir:
    case SYS_getdents64:
    case SYS_ftruncate:
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_dup:
    case SYS_dup2:
    case SYS_pipe2:
    case SYS_clock_gettime:
    case SYS_gettimeofday:
    case SYS_time:
    case SYS_times:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_getrandom:
    case SYS_getrusage:
    case SYS_sysinfo:
    case SYS_prlimit64:
    case SYS_sched_yield:
    case SYS_sched_getaffinity:
    case SYS_poll:
    case SYS_exit_group:
        return true;
    case SYS_fcntl:
        return registers[REG_RSI] <= F_SETLKW;
    case SYS_ioctl:
        return registers[REG_RSI] == TCGETS || registers[REG_RSI] == TIOCGWINSZ ||
               registers[REG_RSI] == FIONREAD;
    default:
        return false;
    }
}

static void release_arguments(const greg_t *registers) {
    static const unsigned char argument[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
    for (size_t i = 0; i < sizeof argument; i++)
        lm_shadow_open((const void *)registers[argument[i]]);
}

bool lm_dispatch_taken(const siginfo_t *info, ucontext_t *context) {
    greg_t *registers = context->uc_mcontext.gregs;
    if (info->si_code != TAKEN)
        return false;
    if (!is_plain(info->si_syscall, registers)) {
        lm_shadow_release_all();
        registers[REG_RIP] -= INSTRUCTION; /* once more; now it isn't taken */
        return true;
    }
    release_arguments(registers);
    registers[REG_RSP] -= RED_ZONE + (greg_t)sizeof(greg_t);
    *(greg_t *)registers[REG_RSP] = registers[REG_RIP];
    registers[REG_RIP] = (greg_t)(uintptr_t)lm_dispatch_call;
    return true;
}

#else

bool lm_dispatch_start(void) {
    return false;
}

bool lm_dispatch_set(bool taken) {
    (void)taken;
    return false;
}

bool lm_dispatch_taken(const siginfo_t *info, ucontext_t *context) {
    (void)info, (void)context;
    return false;
}

#endif
