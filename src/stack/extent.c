#include "stack/extent.h"

#include "base/bits.h"
#include "stack/machine.h"

#include <stdatomic.h>
#include <sys/auxv.h>

/* Amounts in bytes. */
enum {
    PAGE_LEAST = 4096,
    /* The kernel keeps at least as much free below the first thread's stack: what lies nearer to
     * its top is that stack. */
    MAIN_MOST = 127 << 20,
    /* A thread's stack is hardly ever larger; below one of this size lies something else. */
    THREAD_MOST = 256 << 20,
    /* PTHREAD_STACK_MIN: no stack is smaller, so whatever is as near to its end is on it. */
    THREAD_LEAST = 16384,
    /* The largest frame on a stack of which nothing is known. */
    FRAME_MOST = 64 << 10,
};

/* An address above all frames of the first thread: the kernel puts the program's name there. */
static uintptr_t main_top(void) {
    static _Atomic uintptr_t top;
    uintptr_t known = atomic_load_explicit(&top, memory_order_relaxed);
    if (LM_UNLIKELY(known == 0)) {
        known = lm_align_down(getauxval(AT_EXECFN), sizeof(uintptr_t));
        atomic_store_explicit(&top, known, memory_order_relaxed);
    }
    return known;
}

lm_extent lm_extent_of(uintptr_t sp) {
    const uintptr_t low = sp > LM_MACHINE_RED_ZONE ? sp - LM_MACHINE_RED_ZONE : 0;
    const uintptr_t page_end = lm_align_down(sp, PAGE_LEAST) + PAGE_LEAST;
    const uintptr_t top = main_top();
    if (sp < top && top - sp < MAIN_MOST)
        return (lm_extent){low, top, top};
    const uintptr_t thread = lm_machine_thread();
    if (sp < thread && thread - sp < THREAD_MOST)
        return (lm_extent){low, thread, thread - sp < THREAD_LEAST ? thread : page_end};
    const uintptr_t end = sp + FRAME_MOST;
    if (end < sp || page_end < sp)
        return (lm_extent){0, 0, 0};
    return (lm_extent){low, end, page_end};
}
