#include "check/stand.h"

#include "check/process.h"
#include "stack/extent.h"
#include "stack/machine.h"
#include "stack/stack.h"

#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

enum {
    KEPT_BYTES = 48, /* six registers that a function saves below its return address */
    KEPT_WORDS = KEPT_BYTES / sizeof(uintptr_t),
    FRAMES_MAX = LM_STAND_WORDS / KEPT_WORDS,
};

void lm_stand_here(lm_stand *stand, uintptr_t frame) {
    stand->count = 0;
#if defined(__x86_64__)
    stand->sp = frame - KEPT_BYTES;
#else
    stand->sp = frame;
#endif
}

void lm_stand_interrupted(lm_stand *stand, const void *context) {
    const ucontext_t *at = context;
    stand->count = 0;
#if defined(__x86_64__)
    for (unsigned i = 0; i < REG_RIP; i++)
        stand->words[stand->count++] = (uintptr_t)at->uc_mcontext.gregs[i];
    stand->sp = (uintptr_t)at->uc_mcontext.gregs[REG_RSP] - LM_MACHINE_RED_ZONE;
#elif defined(__aarch64__)
    for (unsigned i = 0; i < 31; i++)
        stand->words[stand->count++] = at->uc_mcontext.regs[i];
    stand->sp = at->uc_mcontext.sp;
#else
    stand->sp = (uintptr_t)at;
#endif
}

/* ---- At exit ----------------------------------------------------------------------------------- */

typedef struct frames {
    uintptr_t at[FRAMES_MAX];
    bool machinery[FRAMES_MAX]; /* the frame is the C library's */
    size_t count;
} frames;

static bool is_c_library(const char *path) {
    static const char *const names[] = {"libc.so", "libc-", "libc.musl", "ld-linux", "ld-musl"};
    const char *slash = strrchr(path, '/');
    if (!slash)
        return false;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(slash + 1, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool sort_out(const lm_mapping *mapping, void *context) {
    frames *f = context;
    if (!mapping->runnable || !is_c_library(mapping->path))
        return true;
    for (size_t i = 0; i < f->count; i++)
        if (f->at[i] >= mapping->start && f->at[i] < mapping->end)
            f->machinery[i] = true;
    return true;
}

/* Where the return address stands, from `at` on upwards; 0: nowhere. An equal word below it, a return
 * address of a call that is over, may be taken for it: then a little more counts as in use. */
LM_UNWATCHED static uintptr_t find_slot(const lm_extent *extent, uintptr_t at, uintptr_t address) {
    uintptr_t word;
    for (; lm_extent_read(extent, at, &word); at += sizeof word)
        if (word == address)
            return at;
    return 0;
}

/* The registers that the function below a return address may have saved: its caller's values. */
static void add_kept(lm_stand *stand, const lm_extent *extent, uintptr_t slot) {
    for (uintptr_t at = slot - KEPT_BYTES; at < slot; at += sizeof at)
        if (stand->count < LM_STAND_WORDS &&
            lm_extent_read(extent, at, &stand->words[stand->count]))
            stand->count++;
}

void lm_stand_at_exit(lm_stand *stand, uintptr_t frame) {
    frames f = {.count = lm_stack_capture(f.at, FRAMES_MAX)};
    lm_stand_here(stand, frame);
    lm_process_mappings(sort_out, &f);
    size_t last = 0;
    while (last < f.count && f.machinery[last])
        last++;
    if (last == 0 || last == f.count)
        return;
    const lm_extent extent = lm_extent_of(stand->sp);
    uintptr_t slot = stand->sp;
    for (size_t i = 0; i <= last; i++) {
        slot = find_slot(&extent, slot, f.at[i]);
        if (slot == 0) {
            lm_stand_here(stand, frame);
            return;
        }
        add_kept(stand, &extent, slot);
        slot += sizeof slot;
    }
    stand->sp = slot;
}
