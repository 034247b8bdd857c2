#include "check/start.h"

#include "check/children.h"
#include "check/clock.h"
#include "check/guarded.h"
#include "check/leaks.h"
#include "check/lines.h"
#include "check/own.h"
#include "check/process.h"
#include "check/quarantine.h"
#include "check/report.h"
#include "check/sweep.h"
#include "check/table.h"
#include "check/watcher.h"
#include "check/withheld.h"
#include "heap/init.h"
#include "os/os.h"
#include "stack/cache.h"
#include "stack/depot.h"
#include "stack/modules.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

_Atomic bool lm_check_ready;

static lm_lock start_lock = LM_LOCK(LM_RANK_INIT);
static int process; /* whose memory this is */
static bool failed;

/* ---- Options ---------------------------------------------------------------------------------- */

/* The heap beneath gives plain slots, whatever it is told: what protects blocks is the checker's. */
void lm_init_adjust(lm_options *options) {
    options->harden = 0;
    options->canary = LM_CANARY_AUTO;
    options->clear = LM_CLEAR_AUTO;
    options->random = LM_RANDOM_AUTO;
    options->zero = LM_ZERO_AUTO;
    options->hide = LM_HIDE_AUTO;
    options->sample = 0;
    options->guard_handler = false;
    /* Nothing is used again soon, so that much more memory is touched. */
    if (options->thp == LM_THP_DEFAULT)
        options->thp = LM_THP_ALWAYS;
}

/* ---- fork ------------------------------------------------------------------------------------- */

/* In the order of their ranks. */
static lm_lock *const locks[] = {&lm_watcher_lock, &lm_quarantine_lock, &lm_table_lock,
                                 &lm_tale_lock, &lm_own_lock};
enum { LOCKS = sizeof locks / sizeof locks[0] };

/* The heap's handlers come next, and end and begin the pass through marked locks. */
static void before_fork(void) {
    lm_exact_before_fork();
    for (int i = 0; i < LOCKS; i++) {
        lm_lock_take(locks[i]);
        lm_lock_mark(locks[i]);
    }
}

static void after_in_parent(void) {
    for (int i = LOCKS; i > 0; i--)
        lm_lock_give(locks[i - 1]);
    lm_exact_after_fork(false);
}

static void after_in_child(void) {
    process = lm_os_process();
    lm_depot_forked();
    lm_watcher_forked();
    lm_quarantine_forked();
    for (int i = LOCKS; i > 0; i--)
        lm_lock_give_in_child(locks[i - 1]);
    lm_exact_after_fork(true);
    lm_report_forked();
    lm_leaks_forked();
}

/* ---- Leaks ------------------------------------------------------------------------------------ */

/* Of the locks only this one is needed to tell. A handler may have interrupted who holds it. */
static bool hold_locks(void) {
    enum { TRIES = 2000 };
    const struct timespec pause = {0, 100000};
    for (int i = 0; i < TRIES; i++) {
        if (lm_lock_try(&lm_tale_lock))
            return true;
        lm_process_call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
    }
    return false;
}

static void give_locks(void) {
    lm_lock_give(&lm_tale_lock);
}

static void start_leaks(void) {
    const lm_leaks_needs needs = {.lock = hold_locks,
                                  .unlock = give_locks,
                                  .note = lm_report_note,
                                  .told = lm_report_counts,
                                  .now = lm_clock_now,
                                  .enabled = lm_options_now.leaks,
                                  .dangling = lm_options_now.dangling};
    lm_leaks_start(&needs);
}

/* ---- Start ------------------------------------------------------------------------------------ */

/* Each allocation's stack is wanted. */
static void remember_much(void) {
    enum { MUCH_LOG2 = 13 };
    static lm_cache_entry much[1 << MUCH_LOG2];
    static const lm_cache_table table = {much, MUCH_LOG2};
    lm_cache_use(&table);
}

static bool start(void) {
    lm_clock_start();
    remember_much();
    process = lm_os_process();
    lm_quarantine_limit =
        lm_options_now.quarantine ? lm_options_now.quarantine : LM_QUARANTINE_AUTO;
    return lm_table_start();
}

static void finish(int status, bool tell_leaks);

static void exits(int status, void *argument) {
    (void)argument;
    finish(status, true);
}

static _Atomic int quick_status;

void lm_check_note_status(int status) {
    atomic_store(&quick_status, status);
}

static void quick_exits(void) {
    lm_check_finish(atomic_load(&quick_status));
}

/* Calls into the C library that may allocate: served by now. */
static void start_services(void) {
    lm_watcher_start();
    pthread_atfork(before_fork, after_in_parent, after_in_child);
    lm_lines_start(lm_options_now.check_to);
    on_exit(exits, NULL);
    at_quick_exit(quick_exits);
    lm_report_start();
    start_leaks();
    lm_guarded_start();
}

/* Who comes here while the first thread starts services goes on without them. The heap starts first, without the
 * lock: it allocates on the way, which leads here again. */
LM_COLD bool lm_check_start_slow(void) {
    bool first = false;
    if (!lm_init())
        return false;
    lm_lock_take(&start_lock);
    if (!atomic_load_explicit(&lm_check_ready, memory_order_relaxed) && !failed) {
        failed = !start();
        first = !failed;
        atomic_store_explicit(&lm_check_ready, !failed, memory_order_release);
    }
    lm_lock_give(&start_lock);
    if (first)
        start_services();
    return !failed;
}

/* What is loaded by now stays, or goes only when the program wants it. */
__attribute__((constructor)) static void constructor(void) {
    lm_check_start();
    lm_modules_start();
    if (!lm_options_now.children)
        lm_children_leave();
}

/* ---- The end ---------------------------------------------------------------------------------- */

static _Atomic bool finished;

static void finish(int status, bool tell_leaks) {
    if (!atomic_load(&lm_check_ready) || lm_os_process() != process ||
        atomic_exchange(&finished, true))
        return;
    lm_withheld_tell();
    lm_sweep_all();
    lm_exact_look();
    if (tell_leaks)
        lm_leaks_tell();
    lm_report_counts();
    lm_report_end(status);
}

void lm_check_finish(int status) {
    finish(status, lm_leaks_due_at_quick_exit());
}
