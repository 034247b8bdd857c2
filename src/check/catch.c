#include "check/catch.h"

#include "check/dispatch.h"
#include "check/exact.h"
#include "check/explain.h"
#include "check/halt.h"
#include "check/raw.h"
#include "check/shadow.h"
#include "check/signals.h"
#include "check/tale.h"
#include "check/withheld.h"
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

lm_catch_seams lm_catch_seam;
static __thread uintptr_t
    told; /* its complement: a thread's memory is searched for pointers to blocks */

void lm_catch_set_told(uintptr_t block) {
    told = ~block;
}

enum { PAGES_MOST = 6 /* of one instruction: two operands, each over a page's end */ };

/* One instruction of the thread that runs with pages open. */
typedef struct step {
    unsigned pages; /* count; 0: none is under way */
    uintptr_t page[PAGES_MOST];
    void (*close[PAGES_MOST])(uintptr_t page);
    uintptr_t pc;
    bool was_single; /* the program stepped by itself */
    uint64_t mask;   /* as the kernel has it; behind it in the frame lie other things */
} step;

static __thread step running;

/* ---- What it costs ---------------------------------------------------------------------------- */

enum {
    DELIVERY = 1500,  /* ns: the kernel's part of a fault, about */
    LONGEST = 200000, /* ns: what took longer did so because others ran meanwhile */
};

static _Atomic uint64_t spent;
static __thread uint64_t left_at; /* when a handler went back to one single step; 0: to more */

static uint64_t now_ns(void) {
    struct timespec t = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &t); /* no system call where the kernel has a page for it */
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t lm_catch_spent(void) {
    return atomic_load_explicit(&spent, memory_order_relaxed);
}

static uint64_t enter(void) {
    const uint64_t now = now_ns();
    return left_at ? left_at : now - DELIVERY;
}

static void leave(uint64_t since, const ucontext_t *context) {
    const uint64_t now = now_ns();
    left_at = lm_halt_is_single(context) ? now : 0;
    atomic_fetch_add_explicit(&spent, now - since < LONGEST ? now - since : LONGEST,
                              memory_order_relaxed);
}

/* Handlers of Loam's own that this thread is in. */
static __thread unsigned inside;

/* No handler of the program's may run while the page is open; the signals of the step itself must. */
static void hold_signals(ucontext_t *context) {
    static const unsigned char needed[] = {SIGSEGV, SIGBUS, SIGTRAP, SIGSYS, SIGILL, SIGFPE};
    memcpy(&running.mask, &context->uc_sigmask, sizeof running.mask);
    sigset_t *set = &context->uc_sigmask;
    memset(set, 0xff, 8); /* the kernel's set: bit n - 1 is signal n */
    unsigned char *bits = (unsigned char *)set;
    for (size_t i = 0; i < sizeof needed; i++)
        bits[(needed[i] - 1) / 8] &= (unsigned char)~(1u << (needed[i] - 1) % 8);
}

bool lm_catch_step(ucontext_t *context, uintptr_t page, void (*close)(uintptr_t page)) {
    for (unsigned i = 0; i < running.pages; i++)
        if (running.page[i] == page)
            return true;
    if (running.pages == PAGES_MOST)
        return false;
    if (running.pages == 0) {
        running.pc = lm_halt_pc(context);
        hold_signals(context);
        running.was_single = lm_halt_single(context, true);
    }
    running.page[running.pages] = page;
    running.close[running.pages++] = close;
    return true;
}

static void close_all(ucontext_t *context) {
    for (unsigned i = 0; i < running.pages; i++) {
        running.close[i](running.page[i]);
        running.page[i] = 0; /* a block may begin there: nobody may find it held by this */
    }
    running.pages = 0;
    memcpy(&context->uc_sigmask, &running.mask, sizeof running.mask);
    lm_halt_single(context, running.was_single);
}

/* A repeated string instruction stops after each round; it goes on until it is through. */
static bool on_step(ucontext_t *context) {
    bool own = false;
    if (running.pages > 0) {
        if (lm_halt_pc(context) == running.pc)
            return true;
        own = !running.was_single;
        close_all(context);
    }
    return lm_shadow_look(context) || own;
}

static void close_exact(uintptr_t page) {
    lm_exact_page(page, false);
}

/* ---- The tale of an access that a guard stopped ---------------------------------------------- */

static const char *how(const lm_halt *m, const lm_touch *touch) {
    if (touch && touch->how != (LM_READS | LM_WRITES))
        return touch->how == LM_WRITES ? "write" : "read";
    return lm_halt_writes(m->context) ? "write" : "read";
}

static void set_range(lm_tale *tale, const lm_block *block, uintptr_t at, size_t bytes) {
    const ptrdiff_t first = (ptrdiff_t)(at - block->start), last = first + (ptrdiff_t)bytes - 1;
    const ptrdiff_t size = (ptrdiff_t)block->size;
    tale->has_range = true;
    tale->first = first;
    tale->last = last;
    if (!block->live) {
        tale->code = LM_CODE_USE_AFTER_FREE;
    } else if (first < 0) {
        tale->code = LM_CODE_HEAP_UNDERFLOW;
        tale->last = last < 0 ? last : -1;
    } else {
        tale->code = LM_CODE_HEAP_OVERFLOW;
        tale->first = first > size ? first : size;
    }
}

static void tell(const lm_halt *m, uintptr_t at, const lm_block *block) {
    const lm_touch *touch = lm_halt_touch(m, at);
    lm_tale tale = {
        .certainty = LM_CERTAIN_EXACT,
        .access = how(m, touch),
        .bytes = touch ? touch->bytes : 0,
        .pointer = touch ? touch->at : at,
        .block = block,
        .has_fault = true,
        .fault = at,
    };
    if (m->pc == at)
        tale.access = "execute";
    if (lm_catch_seam.stack_of)
        tale.stack = lm_catch_seam.stack_of(m->context);
    set_range(&tale, block, tale.pointer, touch ? touch->bytes : 1);
    lm_tale_tell(&tale);
}

/* An access to a guard, or to a freed block. What can't be let happen ends the program. */
static bool on_guard(lm_halt *m, uintptr_t at) {
    const uintptr_t page = at & ~(lm_os.page - 1);
    lm_block block;
    if (!lm_exact_find(at, &block))
        return false;
    const bool library = lm_catch_seam.is_library && lm_catch_seam.is_library(m->pc);
    if (!library || told != ~block.start)
        tell(m, at, &block);
    if (m->pc == at || !lm_exact_page(at, true))
        return false;
    if (lm_catch_step(m->context, page, close_exact))
        return true;
    lm_exact_page(at, false);
    return false;
}

/* ---- The handler ----------------------------------------------------------------------------- */

static bool is_page_fault(int number, const siginfo_t *info) {
    return (number == SIGSEGV || number == SIGBUS) && info->si_code > 0 &&
           info->si_code != SI_KERNEL;
}

static void explain(int number, const siginfo_t *info, const lm_halt *m) {
    const bool handled = lm_signals_handled(number);
    if (!lm_explain(number, info, m, handled))
        lm_withheld_keep(number, info, m->context);
}

/* Whether the program may simply go on. */
static bool settle(int number, const siginfo_t *info, ucontext_t *context) {
    if (number == SIGTRAP)
        return on_step(context);
    if (number == SIGSYS)
        return lm_dispatch_taken(info, context);
    lm_halt m;
    const uintptr_t at = (uintptr_t)info->si_addr;
    const bool owned = is_page_fault(number, info) && lm_exact_owns(info->si_addr);
    if (number != SIGABRT)
        lm_halt_read(context, &m);
    if (owned && (lm_shadow_fault(&m, at) || on_guard(&m, at)))
        return true;
    if (running.pages > 0)
        close_all(context); /* the instruction failed on its own account */
    if (number != SIGABRT && info->si_code > 0)
        explain(number, info, &m);
    return false;
}

static void on_signal(int number, siginfo_t *info, void *context) {
    const int saved = errno;
    if (inside > 0 && number != SIGSYS && !is_page_fault(number, info)) {
        /* A mistake of the handler's own: no explanation, and no end of it. */
        lm_signals_pass(number, info, context);
        return;
    }
    enum { DEEP = 3 };
    bool done = false;
    const bool dispatched = lm_dispatch_set(false); /* the teller's system calls are Loam's */
    const unsigned depth = ++inside;
    const uint64_t since =
        depth == 1 ? enter() : 0; /* the clock may fault: seccomp takes it away */
    if (depth <= DEEP)
        done = settle(number, info, context);
    inside--;
    if (depth == 1)
        leave(since, context);
    lm_dispatch_set(dispatched && lm_shadow_tracks());
    if (!done) {
        lm_shadow_look_away(context);
        if (!lm_signals_handled(number))
            lm_withheld_tell();
        lm_signals_pass(number, info, context);
        lm_withheld_returned(number);
    }
    errno = saved;
}

bool lm_catch_start(void) {
    return lm_signals_start(on_signal);
}
