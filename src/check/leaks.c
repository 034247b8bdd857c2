#include "check/leaks.h"

#include "base/compiler.h"
#include "base/system.h"
#include "check/dangling.h"
#include "check/dispatch.h"
#include "check/groups.h"
#include "check/mark.h"
#include "check/roots.h"
#include "check/shadow.h"
#include "check/stand.h"
#include "check/tale.h"
#include "check/world.h"
#include "stack/depot.h"
#include "stack/modules.h"

#include <errno.h>
#include <signal.h>
#include <sys/auxv.h>

static struct {
    lm_leaks_needs needs;
    uint64_t born; /* in a child: when it was forked */
    bool is_child;
    _Atomic uint32_t busy; /* the number of the thread that looks and tells; 0: none */
} leaks;

_Atomic bool lm_leaks_asked;

static void note(const char *text) {
    if (leaks.needs.note)
        leaks.needs.note(text);
}

/* ---- Looking ----------------------------------------------------------------------------------- */

typedef enum outcome { DONE, NOT_NOW, NO_THREADS, NO_MEMORY } outcome;

static bool look(const lm_stand *stand) {
    bool done = lm_roots_start(stand) && lm_mark(leaks.born) && lm_groups_make();
    if (done && leaks.needs.dangling)
        lm_dangling_look(stand);
    lm_mark_end();
    lm_roots_end();
    return done;
}

/* All threads that could hold a lock of the library's are stopped without it. */
static outcome look_in_stopped_world(const lm_stand *stand) {
    if (leaks.needs.lock && !leaks.needs.lock())
        return NOT_NOW;
    const bool stopped = lm_world_stop();
    if (leaks.needs.unlock)
        leaks.needs.unlock();
    if (!stopped)
        return NO_THREADS;
    const bool done = look(stand);
    lm_world_go();
    return done ? DONE : NO_MEMORY;
}

/* ---- Telling ----------------------------------------------------------------------------------- */

/* The loader keeps pointers to lines of the processor's cache within its blocks; no program can leak one. */
static bool is_loaders(const lm_group *group) {
    lm_module loader;
    uintptr_t frame;
    return lm_modules_find(getauxval(AT_BASE), &loader) &&
           lm_depot_get(group->stack, &frame, 1, NULL) > 0 && frame > loader.start &&
           frame <= loader.end;
}

static void tell_group(const lm_group *group) {
    lm_block block;
    if (is_loaders(group))
        return;
    const bool known = lm_blocks_find(group->example, &block) && block.start == group->example;
    const bool lost = group->reach == LM_REACH_LOST;
    const lm_tale tale = {
        .code = lost ? LM_CODE_LEAK : LM_CODE_POSSIBLE_LEAK,
        .certainty = lost ? LM_CERTAIN_LATER : LM_CERTAIN_INFERRED,
        .no_stack = true,
        .block = known ? &block : NULL,
        .blocks = group->blocks,
        .indirect_blocks = group->indirect_blocks,
        .indirect_bytes = group->indirect_bytes,
        .bytes_in_all = group->bytes + group->indirect_bytes,
    };
    lm_tale_tell(&tale);
}

static void tell_all(void) {
    size_t count;
    const lm_group *groups = lm_groups(&count);
    for (size_t i = 0; i < count; i++)
        tell_group(&groups[i]);
    lm_groups_end();
    if (leaks.needs.dangling)
        lm_dangling_tell();
    if (lm_world_missing() > 0)
        note("A thread couldn't be stopped while leaks were looked for: blocks that only its "
             "registers lead "
             "to may be told as leaks.");
}

static outcome work(const lm_stand *stand) {
    const outcome came = look_in_stopped_world(stand);
    if (came == DONE)
        tell_all();
    else if (came == NO_THREADS)
        note("Leaks weren't looked for: /proc, which lists the threads, can't be read.");
    else if (came == NO_MEMORY)
        note("Leaks weren't looked for: there wasn't the memory for it, or /proc can't be read.");
    if (came != DONE)
        lm_groups_end();
    return came;
}

/* ---- One at a time ------------------------------------------------------------------------------ */

static bool begin(bool wait) {
    const uint32_t self = (uint32_t)lm_os_thread();
    for (;;) {
        uint32_t other = 0;
        if (atomic_compare_exchange_strong(&leaks.busy, &other, self))
            return true;
        if (!wait || other == self)
            return false;
        lm_os_wait(&leaks.busy, other);
    }
}

static void end(void) {
    atomic_store(&leaks.busy, 0);
    lm_os_wake(&leaks.busy, INT32_MAX);
}

static LM_NOINLINE void tell_at_exit(uintptr_t frame) {
    lm_stand stand;
    if (!begin(true))
        return;
    lm_stand_at_exit(&stand, frame);
    work(&stand);
    end();
}

void lm_leaks_tell(void) {
    const int saved = errno;
    if (leaks.needs.enabled)
        tell_at_exit(LM_STAND_FRAME());
    errno = saved;
}

/* Who asked waits for the end of the answer. */
static void work_on_demand(const lm_stand *stand) {
    if (work(stand) == NOT_NOW)
        atomic_store(&lm_leaks_asked, true);
    else if (leaks.needs.told)
        leaks.needs.told();
}

static LM_NOINLINE void answer(uintptr_t frame) {
    lm_stand stand;
    if (!atomic_exchange(&lm_leaks_asked, false) || !begin(false))
        return;
    lm_stand_here(&stand, frame);
    work_on_demand(&stand);
    end();
}

void lm_leaks_answer(void) {
    const int saved = errno;
    answer(LM_STAND_FRAME());
    errno = saved;
}

/* ---- On demand --------------------------------------------------------------------------------- */

static void on_demand(const void *context) {
    lm_stand stand;
    if (!begin(false))
        return; /* what is being told now will do */
    lm_stand_interrupted(&stand, context);
    work_on_demand(&stand);
    end();
}

static void on_signal(int number, siginfo_t *info, void *context) {
    const int saved = errno;
    const bool dispatched = lm_dispatch_set(false);
    (void)number;
    (void)info;
    on_demand(context);
    lm_dispatch_set(dispatched && lm_shadow_tracks());
    errno = saved;
}

static void take_signal(void) {
    struct sigaction action = {0};
    if (sigaction(SIGUSR1, NULL, &action) != 0 || action.sa_flags & SA_SIGINFO ||
        action.sa_handler != SIG_DFL)
        return;
    action = (struct sigaction){0};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    /* The return from the handler is a system call of the C library's, and may be taken (dispatch.h). */
    sigdelset(&action.sa_mask, SIGSYS);
    sigaction(SIGUSR1, &action, NULL);
}

void lm_leaks_start(const lm_leaks_needs *needs) {
    const int saved = errno;
    leaks.needs = *needs;
    if (needs->enabled) {
        take_signal();
        lm_world_answer(on_demand);
    }
    errno = saved;
}

/* ---- In children ------------------------------------------------------------------------------- */

void lm_leaks_forked(void) {
    leaks.is_child = true;
    leaks.born = leaks.needs.now ? leaks.needs.now() : 0;
    atomic_store(&leaks.busy, 0);
    atomic_store(&lm_leaks_asked, false);
}

bool lm_leaks_due_at_quick_exit(void) {
    return leaks.needs.enabled && !leaks.is_child;
}
