#include "check/control.h"

#include "base/system.h"
#include "check/process.h"
#include "stack/machine.h"

#include <string.h>

enum {
    BLOCK_BYTES = 2560, /* a control block of any C library known */
    DYNAMIC_WORD = 1,   /* x86-64: the address of the table of dynamic TLS */
    ABOVE_MAX = 8192,   /* bytes from the block to its stack's end */
    STACK_MIN = 8192,   /* bytes */
    ID_FROM = 0x80,     /* bytes: where the thread's number may be */
};

static size_t id_at; /* bytes from the block's start; 0: not known */

#if defined(__x86_64__)

typedef union block {
    uintptr_t words[BLOCK_BYTES / sizeof(uintptr_t)];
    int32_t halves[BLOCK_BYTES / sizeof(int32_t)];
} block;

/* The whole of it, or as much as there is. */
static size_t read_block(uintptr_t at, block *to) {
    memset(to, 0, sizeof *to);
    const size_t got = lm_process_read(to, at, sizeof *to);
    return got > LM_CONTROL_SELF * sizeof(uintptr_t) && to->words[0] == at &&
                   to->words[LM_CONTROL_SELF] == at
               ? got
               : 0;
}

/* Address, size and guard of the stack stand side by side. */
static void find_stack(const block *b, uintptr_t at, lm_control *control) {
    const size_t words = sizeof b->words / sizeof b->words[0];
    for (size_t i = LM_CONTROL_SELF + 1; i + 2 < words; i++) {
        const uintptr_t low = b->words[i], size = b->words[i + 1], high = low + size;
        if (low < STACK_MIN || low % sizeof(uintptr_t) || low >= at || size < STACK_MIN ||
            high <= at || high - at > ABOVE_MAX || b->words[i + 2] >= size)
            continue;
        control->low = low;
        control->high = high;
        return;
    }
}

bool lm_control_read(uintptr_t at, lm_control *control) {
    block b;
    *control = (lm_control){0};
    if (at == 0 || at % sizeof(uintptr_t) || read_block(at, &b) == 0)
        return false;
    find_stack(&b, at, control);
    control->dynamic = b.words[DYNAMIC_WORD];
    control->joined = id_at != 0 && b.halves[id_at / sizeof b.halves[0]] == -1;
    return true;
}

void lm_control_start(void) {
    block b;
    const int32_t self = (int32_t)lm_os_thread();
    const size_t got = read_block(lm_machine_thread(), &b);
    for (size_t at = ID_FROM; id_at == 0 && at + sizeof self <= got; at += sizeof self)
        if (b.halves[at / sizeof self] == self)
            id_at = at;
}

#else

bool lm_control_read(uintptr_t at, lm_control *control) {
    (void)at;
    *control = (lm_control){0};
    return false;
}

void lm_control_start(void) {}

#endif
