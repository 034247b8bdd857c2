#include "check/moment.h"

#include "check/raw.h"
#include "os/os.h"

#include <sys/syscall.h>
#include <sys/uio.h>

enum { CODE_MOST = 15 /* bytes of an instruction */ };

size_t lm_moment_copy(void *to, uintptr_t from, size_t bytes) {
    const struct iovec here = {to, bytes}, there = {(void *)from, bytes};
    const long pid = lm_raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
    const long got =
        lm_raw_call(SYS_process_vm_readv, pid, (long)&here, 1, (long)&there, 1, 0);
    return got > 0 ? (size_t)got : 0;
}

#if defined(__x86_64__)

static const unsigned char place[LM_GENERAL_REGISTERS] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

enum { DIRECTION = 0x400, SINGLE = 0x100 };

/* Code that is running can be read, at least to the page's end; a jump into nowhere can't. */
static bool read_instruction(lm_moment *m, bool running) {
    const size_t left = lm_os.page - (m->pc & (lm_os.page - 1));
    if (running && lm_decode((const unsigned char *)m->pc, left, &m->in))
        return true;
    unsigned char code[CODE_MOST];
    return lm_decode(code, lm_moment_copy(code, m->pc, sizeof code), &m->in);
}

void lm_moment_read(ucontext_t *context, lm_moment *m) {
    enum { FETCH = 16, PAGE_FAULT = 14 };
    const greg_t *registers = context->uc_mcontext.gregs;
    m->context = context;
    m->pc = (uintptr_t)registers[REG_RIP];
    for (unsigned i = 0; i < LM_GENERAL_REGISTERS; i++)
        m->general[i] = (uintptr_t)registers[place[i]];
    const bool fetched = registers[REG_TRAPNO] == PAGE_FAULT && !(registers[REG_ERR] & FETCH);
    m->decoded = read_instruction(m, fetched);
    m->judged = m->decoded && lm_decode_deed(&m->in, m->general, m->pc,
                                             registers[REG_EFL] & DIRECTION, &m->deed);
}

bool lm_moment_writes(const ucontext_t *context) {
    enum { WRITE = 2 };
    return context->uc_mcontext.gregs[REG_ERR] & WRITE;
}

bool lm_moment_single(ucontext_t *context, bool wanted) {
    greg_t *flags = &context->uc_mcontext.gregs[REG_EFL];
    const bool was = *flags & SINGLE;
    *flags = wanted ? *flags | SINGLE : *flags & ~(greg_t)SINGLE;
    return was;
}

uintptr_t lm_moment_pc(const ucontext_t *context) {
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

void lm_moment_set_pc(ucontext_t *context, uintptr_t pc) {
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

void lm_moment_set_general(ucontext_t *context, unsigned number, uintptr_t value) {
    context->uc_mcontext.gregs[place[number]] = (greg_t)value;
}

/* The kernel marks in the frame which parts of the state it holds: a part that isn't marked is loaded as
 * zeros, whatever stands there. */
unsigned char *lm_moment_vector(ucontext_t *context, unsigned number) {
    enum { MAGIC_AT = 464, MAGIC = 0x46505853, STATE_AT = 512, SSE = 2 };
    unsigned char *frame = (unsigned char *)context->uc_mcontext.fpregs;
    if (!frame)
        return NULL;
    if (*(uint32_t *)(void *)(frame + MAGIC_AT) == MAGIC)
        *(uint64_t *)(void *)(frame + STATE_AT) |= SSE;
    return (unsigned char *)&context->uc_mcontext.fpregs->_xmm[number];
}

#else

void lm_moment_read(ucontext_t *context, lm_moment *m) {
    *m = (lm_moment){.context = context};
}

bool lm_moment_writes(const ucontext_t *context) {
    (void)context;
    return false;
}

bool lm_moment_single(ucontext_t *context, bool wanted) {
    (void)context, (void)wanted;
    return false;
}

uintptr_t lm_moment_pc(const ucontext_t *context) {
    (void)context;
    return 0;
}

void lm_moment_set_pc(ucontext_t *context, uintptr_t pc) {
    (void)context, (void)pc;
}

void lm_moment_set_general(ucontext_t *context, unsigned number, uintptr_t value) {
    (void)context, (void)number, (void)value;
}

unsigned char *lm_moment_vector(ucontext_t *context, unsigned number) {
    (void)context, (void)number;
    return NULL;
}

#endif

const lm_touch *lm_moment_touch(const lm_moment *m, uintptr_t at) {
    if (m->judged)
        for (unsigned i = 0; i < m->deed.touches; i++)
            if (at - m->deed.touch[i].at < m->deed.touch[i].bytes)
                return &m->deed.touch[i];
    return NULL;
}

const char *lm_moment_name(unsigned number) {
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    return number < LM_GENERAL_REGISTERS ? names[number] : NULL;
}
