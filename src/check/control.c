#include "check/control.h"

#include "base/system.h"
#include "check/process.h"
#include "stack/machine.h"

#include <string.h>

enum {
    BLOCK_BYTES = 2560,    /* a control block of any C library known */
    SELF_WORD = 2,         /* x86-64: words 0 and 2 of it hold its own address */
    DYNAMIC_WORD = 1,      /* x86-64: the address of the table of dynamic TLS */
    ABOVE_MAX = 8192,      /* bytes from the block to its stack's end */
    STACK_MIN = 8192,      /* bytes */
    SEARCHED = 8192,       /* bytes below a mapping's end */
    ID_FROM = 0x80,        /* bytes: where the thread's number may be */
    STEP = 64,             /* control blocks are aligned to it */
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
    return got > SELF_WORD * sizeof(uintptr_t) && to->words[0] == at && to->words[SELF_WORD] == at
               ? got
               : 0;
}

/* Address, size and guard of the stack stand side by side. */
static void find_stack(const block *b, uintptr_t at, lm_control *control) {
    const size_t words = sizeof b->words / sizeof b->words[0];
    for (size_t i = SELF_WORD + 1; i + 2 < words; i++) {
        const uintptr_t low = b->words[i], size = b->words[i + 1], high = low + size;
        if (low % sizeof(uintptr_t) || low >= at || size < STACK_MIN || high <= at ||
            high - at > ABOVE_MAX || b->words[i + 2] >= size)
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

uintptr_t lm_control_find(uintptr_t start, uintptr_t end) {
    static uintptr_t words[SEARCHED / sizeof(uintptr_t)];
    const size_t size = end - start < sizeof words ? end - start : sizeof words;
    const uintptr_t from = end - size;
    const size_t got = lm_process_read(words, from, size);
    for (size_t at = 0; at + (SELF_WORD + 1) * sizeof(uintptr_t) <= got; at += STEP) {
        const size_t i = at / sizeof(uintptr_t);
        if (words[i] == from + at && words[i + SELF_WORD] == from + at)
            return from + at;
    }
    return 0;
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

uintptr_t lm_control_find(uintptr_t start, uintptr_t end) {
    (void)start;
    (void)end;
    return 0;
}

void lm_control_start(void) {}

#endif
