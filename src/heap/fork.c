#include "heap/fork.h"

#include "heap/arena.h"
#include "heap/keep.h"
#include "heap/large.h"
#include "heap/note.h"
#include "heap/orphans.h"
#include "heap/sampled.h"
#include "heap/thread.h"
#include "heap/visit.h"
#include "os/os.h"

#include <pthread.h>

/* In the order of their ranks. */
static lm_lock *const locks[] = {&lm_late_lock,  &lm_threads_lock, &lm_large_lock, &lm_sampled_lock,
                                 &lm_purge_lock, &lm_arena_lock,   &lm_note_lock};
enum { LOCKS = sizeof locks / sizeof locks[0] };

static void before(void) {
    for (int i = 0; i < LOCKS; i++) {
        lm_lock_take(locks[i]);
        lm_lock_mark(locks[i]);
    }
    /* Handlers that were registered before this one run after it, and may allocate. */
    lm_lock_pass_begin();
}

static void after_in_parent(void) {
    lm_lock_pass_end();
    for (int i = LOCKS; i > 0; i--)
        lm_lock_give(locks[i - 1]);
}

/* The threads that the child doesn't have were anywhere: in the middle of a change to their own
 * bins too. So their heaps are not used again; what they own can still be read, written and freed.
 */
static void after_in_child(void) {
    lm_lock_pass_end();
    lm_orphans_lose_threads(lm_self);
    lm_visit_forget();
    if (lm_self != &lm_heap_none)
        lm_self->thread = lm_os_thread();
    for (int i = LOCKS; i > 0; i--)
        lm_lock_give_in_child(locks[i - 1]);
}

void lm_fork_start(void) {
    pthread_atfork(before, after_in_parent, after_in_child);
}
