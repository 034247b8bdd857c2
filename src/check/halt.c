#include "check/halt.h"

#include "check/raw.h"
#include "os/os.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum { CODE_MOST = 15 /* bytes of an instruction */ };

static size_t transfer(long number, uintptr_t here, uintptr_t there, size_t bytes) {
    const struct iovec own = {(void *)here, bytes}, other = {(void *)there, bytes};
    const long pid = lm_raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
    const long done = lm_raw_call(number, pid, (long)&own, 1, (long)&other, 1, 0);
    return done > 0 ? (size_t)done : 0;
}

size_t lm_halt_copy(void *to, uintptr_t from, size_t bytes) {
    return transfer(SYS_process_vm_readv, (uintptr_t)to, from, bytes);
}

size_t lm_halt_put(uintptr_t to, const void *from, size_t bytes) {
    return transfer(SYS_process_vm_writev, (uintptr_t)from, to, bytes);
}

#if defined(__x86_64__)

static const unsigned char place[LM_GENERAL_REGISTERS] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

enum { DIRECTION = 0x400, SINGLE = 0x100 };

/* Code that is running can be read, at least to the page's end; a jump into nowhere can't. */
static bool read_instruction(lm_halt *m, bool running) {
    const size_t left = lm_os.page - (m->pc & (lm_os.page - 1));
    if (running && lm_decode((const unsigned char *)m->pc, left, &m->in))
        return true;
    unsigned char code[CODE_MOST];
    return lm_decode(code, lm_halt_copy(code, m->pc, sizeof code), &m->in);
}

/* A mask register of AVX-512. The kernel's frame has them where the processor's plain layout has them. */
static uint64_t mask_register(const ucontext_t *context, unsigned number) {
    enum { LAYOUT = 13, MASKS = 5, STATE_AT = 512 };
    static _Atomic unsigned at;
    unsigned a, b = at, c, d;
    const unsigned char *frame = (const unsigned char *)context->uc_mcontext.fpregs;
    if (b == 0) {
        __cpuid_count(LAYOUT, MASKS, a, b, c, d);
        at = b;
    }
    if (!frame || b == 0 || !(*(const uint64_t *)(const void *)(frame + STATE_AT) & 1u << MASKS))
        return 0;
    return ((const uint64_t *)(const void *)(frame + b))[number];
}

/* How the C library moves the last bytes: a vector of which the first elements count. */
static bool masked_deed(lm_halt *m) {
    const lm_instruction *in = &m->in;
    if (!in->evex || !in->mask || in->map != 1 || in->broadcast || !in->memory ||
        (in->op != 0x6f && in->op != 0x7f))
        return false;
    const size_t wide = in->wide ? 2 : 1;
    const size_t each = in->prefix == LM_PREFIX_F2 ? wide : 4 * wide;
    const size_t all = in->vector / each;
    uint64_t mask = mask_register(m->context, in->mask);
    if (all < 64)
        mask &= ((uint64_t)1 << all) - 1;
    if (mask & (mask + 1))
        return false; /* not the first ones */
    const size_t count = (size_t)__builtin_popcountll(mask);
    m->deed = (lm_deed){.touches = count > 0, .effect = LM_EFFECT_MOVE};
    m->deed.touch[0] = (lm_touch){lm_decode_address(in, m->general, m->pc, in->vector),
                                  count * each, in->op == 0x6f ? LM_READS : LM_WRITES};
    return true;
}

static void fill(ucontext_t *context, lm_halt *m, bool running) {
    const greg_t *registers = context->uc_mcontext.gregs;
    m->context = context;
    m->pc = (uintptr_t)registers[REG_RIP];
    for (unsigned i = 0; i < LM_GENERAL_REGISTERS; i++)
        m->general[i] = (uintptr_t)registers[place[i]];
    m->decoded = read_instruction(m, running);
    m->backward = registers[REG_EFL] & DIRECTION;
    m->judged = m->decoded && (lm_decode_deed(&m->in, m->general, m->pc, m->backward, &m->deed) ||
                               masked_deed(m));
}

void lm_halt_read(ucontext_t *context, lm_halt *m) {
    enum { FETCH = 16, PAGE_FAULT = 14 };
    const greg_t *registers = context->uc_mcontext.gregs;
    fill(context, m, registers[REG_TRAPNO] == PAGE_FAULT && !(registers[REG_ERR] & FETCH));
}

void lm_halt_read_here(ucontext_t *context, lm_halt *m) {
    fill(context, m, true);
}

bool lm_halt_writes(const ucontext_t *context) {
    enum { WRITE = 2 };
    return context->uc_mcontext.gregs[REG_ERR] & WRITE;
}

bool lm_halt_single(ucontext_t *context, bool wanted) {
    greg_t *flags = &context->uc_mcontext.gregs[REG_EFL];
    const bool was = *flags & SINGLE;
    *flags = wanted ? *flags | SINGLE : *flags & ~(greg_t)SINGLE;
    return was;
}

bool lm_halt_condition(const ucontext_t *context, unsigned condition) {
    enum { CARRY = 1, PARITY = 4, ZERO = 0x40, SIGN = 0x80, OVERFLOW = 0x800 };
    const greg_t f = context->uc_mcontext.gregs[REG_EFL];
    const bool less = !(f & SIGN) != !(f & OVERFLOW);
    const bool holds[] = {f & OVERFLOW, f & CARRY,  f & ZERO, f & (CARRY | ZERO),
                          f & SIGN,     f & PARITY, less,     less || f & ZERO};
    return holds[condition >> 1 & 7] != (condition & 1);
}

bool lm_halt_is_single(const ucontext_t *context) {
    return context->uc_mcontext.gregs[REG_EFL] & SINGLE;
}

uintptr_t lm_halt_pc(const ucontext_t *context) {
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

void lm_halt_set_pc(ucontext_t *context, uintptr_t pc) {
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

void lm_halt_set_general(ucontext_t *context, unsigned number, uintptr_t value) {
    context->uc_mcontext.gregs[place[number]] = (greg_t)value;
}

void lm_halt_set_flags(ucontext_t *context, uintptr_t flags, uintptr_t which) {
    greg_t *now = &context->uc_mcontext.gregs[REG_EFL];
    *now = (*now & ~(greg_t)which) | (greg_t)flags;
}

/* The kernel marks in the frame which parts of the state it holds: a part that isn't marked is loaded as
 * zeros, whatever stands there. */
unsigned char *lm_halt_vector(ucontext_t *context, unsigned number) {
    enum { MAGIC_AT = 464, MAGIC = 0x46505853, STATE_AT = 512, SSE = 2 };
    unsigned char *frame = (unsigned char *)context->uc_mcontext.fpregs;
    if (!frame)
        return NULL;
    if (*(uint32_t *)(void *)(frame + MAGIC_AT) == MAGIC)
        *(uint64_t *)(void *)(frame + STATE_AT) |= SSE;
    return (unsigned char *)&context->uc_mcontext.fpregs->_xmm[number];
}

#else

void lm_halt_read(ucontext_t *context, lm_halt *m) {
    *m = (lm_halt){.context = context};
}

void lm_halt_read_here(ucontext_t *context, lm_halt *m) {
    lm_halt_read(context, m);
}

bool lm_halt_writes(const ucontext_t *context) {
    (void)context;
    return false;
}

bool lm_halt_single(ucontext_t *context, bool wanted) {
    (void)context, (void)wanted;
    return false;
}

bool lm_halt_condition(const ucontext_t *context, unsigned condition) {
    (void)context, (void)condition;
    return false;
}

bool lm_halt_is_single(const ucontext_t *context) {
    (void)context;
    return false;
}

uintptr_t lm_halt_pc(const ucontext_t *context) {
    (void)context;
    return 0;
}

void lm_halt_set_pc(ucontext_t *context, uintptr_t pc) {
    (void)context, (void)pc;
}

void lm_halt_set_general(ucontext_t *context, unsigned number, uintptr_t value) {
    (void)context, (void)number, (void)value;
}

void lm_halt_set_flags(ucontext_t *context, uintptr_t flags, uintptr_t which) {
    (void)context, (void)flags, (void)which;
}

unsigned char *lm_halt_vector(ucontext_t *context, unsigned number) {
    (void)context, (void)number;
    return NULL;
}

#endif

const lm_touch *lm_halt_touch(const lm_halt *m, uintptr_t at) {
    if (m->judged)
        for (unsigned i = 0; i < m->deed.touches; i++)
            if (at - m->deed.touch[i].at < m->deed.touch[i].bytes)
                return &m->deed.touch[i];
    return NULL;
}

const char *lm_halt_name(unsigned number) {
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    return number < LM_GENERAL_REGISTERS ? names[number] : NULL;
}
