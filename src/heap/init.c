#include "heap/init.h"

#include "base/finding.h"
#include "base/text.h"
#include "heap/arena.h"
#include "heap/fork.h"
#include "heap/large.h"
#include "heap/orphans.h"
#include "heap/sampled.h"
#include "heap/settings.h"
#include "heap/slow.h"
#include "heap/stats.h"
#include "heap/sweep.h"
#include "heap/thread.h"
#include "heap/trap.h"
#include "heap/visit.h"
#include "heap/waiting.h"
#include "heap/walk.h"
#include "loam/loam.h"
#include "os/os.h"

#include <stdlib.h>

LM_ONCE lm_options lm_options_now;

static lm_lock init_lock = LM_LOCK(LM_RANK_INIT);
static _Atomic bool ready;
static bool failed;

/* ---- Options -------------------------------------------------------------------------------- */

static void complain(const char *message, void *context) {
    char line[512];
    lm_text text;
    (void)context;
    lm_text_init(&text, line, sizeof line);
    lm_text_format(&text, "loam: %s\n", message);
    lm_os_message(line, lm_min(text.length, sizeof line - 1));
}

static void show_help(void) {
    char buffer[LM_OPTIONS_HELP_MAX];
    lm_text text;
    lm_text_init(&text, buffer, sizeof buffer);
    lm_options_help(&text);
    lm_os_message(buffer, lm_min(text.length, sizeof buffer - 1));
}

static void read_options(void) {
    lm_options_defaults(&lm_options_now);
    if (loam_default_options)
        lm_options_parse(&lm_options_now, loam_default_options, "loam_default_options", false,
                         complain, NULL);
    lm_options_parse(&lm_options_now, lm_os_environment("LOAM_OPTIONS"), "LOAM_OPTIONS",
                     lm_os.secure, complain, NULL);
    if (lm_init_adjust)
        lm_init_adjust(&lm_options_now);
    if (lm_options_now.help)
        show_help();
}

static void announce(void) {
    char line[64];
    lm_text text;
    if (!lm_options_now.loaded_file[0])
        return;
    lm_text_init(&text, line, sizeof line);
    lm_text_format(&text, "%d %s\n", lm_os_process(), loam_version());
    lm_os_append(lm_options_now.loaded_file, line, text.length);
}

/* ---- The first call ------------------------------------------------------------------------- */

/* At the end of the process other threads may still run in a library whose destructor was called,
 * while in one that is unloaded they don't. exit() comes here before it calls any library's
 * destructor, dlclose() after it. */
static bool process_ends;

static void note_exit(void) {
    process_ends = true;
}

/* Calls into the C library that may allocate: the heap serves them already. */
static void start_services(void) {
    if (lm_os_unloadable())
        atexit(note_exit);
    lm_thread_start();
    lm_fork_start();
    if (lm_options_now.guard_handler)
        lm_trap_start();
    announce();
}

static bool start(void) {
    lm_os_start();
    read_options();
    lm_settings_start(&lm_options_now);
    failed = !lm_arena_start();
    return !failed;
}

LM_COLD bool lm_init(void) {
    bool first = false;
    if (LM_LIKELY(atomic_load_explicit(&ready, memory_order_acquire)))
        return !failed;
    lm_lock_take(&init_lock);
    if (!atomic_load_explicit(&ready, memory_order_relaxed)) {
        start();
        first = true;
        atomic_store_explicit(&ready, true, memory_order_release);
    }
    lm_lock_give(&init_lock);
    if (first && !failed)
        start_services();
    return !failed;
}

void lm_init_seal(void) {
    if (lm_init())
        lm_os_seal(true);
}

/* Before the program has a second thread, whatever it calls first. */
__attribute__((constructor)) static void constructor(void) {
    lm_init();
}

/* ---- The last call -------------------------------------------------------------------------- */

static bool stop_at_block(void *block, size_t size, void *context) {
    (void)block;
    (void)size;
    (void)context;
    return false;
}

/* The library that carries this copy of Loam is unloaded, perhaps: nothing may lead back into its
 * code, and what it holds goes back to the system. Blocks that are still live stay readable. Were
 * it called again, it would start anew. */
static void leave(void) {
    lm_os_seal(false);
    lm_thread_stop();
    lm_trim(0);
    if (!lm_walk_blocks(stop_at_block, NULL)) {
        lm_arena_dissolve_unused();
        return;
    }
    lm_self = &lm_heap_none;
    lm_visit_leave(false);
    lm_orphans_dissolve();
    lm_arena_dissolve();
    lm_waiting_reset();
    lm_late_reset();
    lm_sampled_reset();
    atomic_store_explicit(&ready, false, memory_order_release);
}

__attribute__((destructor)) static void destructor(void) {
    if (!atomic_load_explicit(&ready, memory_order_acquire) || failed)
        return;
    lm_sweep_at_exit();
    lm_stats_at_exit();
    if (lm_os_unloadable() && !process_ends)
        leave();
}
