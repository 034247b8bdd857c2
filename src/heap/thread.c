#include "heap/thread.h"

#include "heap/bin.h"
#include "heap/init.h"
#include "heap/orphans.h"
#include "heap/visit.h"
#include "os/os.h"

#include <pthread.h>
#include <string.h>

/* Every bin has the empty word, so that the fast path needs no test for a thread's first call. */
#define EMPTY                                                                                      \
    { .pair = &lm_bin_no_slots }
#define EIGHT_EMPTY EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY
lm_heap lm_heap_none = {
    .bins = {EIGHT_EMPTY, EIGHT_EMPTY, EIGHT_EMPTY, EIGHT_EMPTY, EIGHT_EMPTY, EIGHT_EMPTY,
             EIGHT_EMPTY, EIGHT_EMPTY, EIGHT_EMPTY, EIGHT_EMPTY, EMPTY, EMPTY, EMPTY},
    .state = LM_HEAP_FREE,
};
_Static_assert(LM_BINS == 83, "lm_heap_none has all bins");

_Thread_local lm_heap *lm_self = &lm_heap_none;

/* The thread's heap was given back; what it still allocates comes from the late heap. */
static _Thread_local bool thread_ended __attribute__((tls_model("initial-exec")));

lm_lock lm_late_lock = LM_LOCK(LM_RANK_LATE);
static lm_heap late;

static pthread_key_t key;
static _Atomic bool key_made;

/* Other destructors may allocate and free after this one in the same round: stay for one more. Those that set their keys
 * again and again (POSIX pthread_key_create) are few, and the late heap serves them. To stay for all rounds would lose the heap of
 * a thread that first allocates in a destructor: there are not so many rounds then. */
enum { LAST_ROUND = 2 };

static void thread_exits(void *argument) {
    lm_heap *heap = argument;
    if (heap == &lm_heap_none) { /* it has only freed */
        lm_visit_leave(true);
        return;
    }
    if (++heap->exit_rounds < LAST_ROUND && pthread_setspecific(key, heap) == 0)
        return;
    thread_ended = true;
    lm_self = &lm_heap_none;
    lm_visit_leave(true);
    lm_orphans_give_heap(heap);
}

bool lm_thread_notice_end(void) {
    if (!atomic_load(&key_made) || pthread_setspecific(key, &lm_heap_none) != 0)
        return false;
    if (lm_self == &lm_heap_none)
        return true;
    pthread_setspecific(key, lm_self);
    return false;
}

void lm_thread_start(void) {
    if (pthread_key_create(&key, thread_exits) == 0)
        atomic_store(&key_made, true);
    if (lm_self != &lm_heap_none)
        pthread_setspecific(key, lm_self);
}

void lm_thread_stop(void) {
    if (atomic_exchange(&key_made, false))
        pthread_key_delete(key);
}

LM_COLD lm_heap *lm_thread_heap(void) {
    if (lm_self != &lm_heap_none)
        return lm_self;
    if (!lm_init() || thread_ended)
        return NULL;
    lm_heap *heap = lm_orphans_take_heap();
    if (!heap)
        return NULL;
    heap->thread = lm_os_thread();
    lm_self = heap;
    lm_visit_leave(false);
    /* May allocate: the heap is in place by now. */
    if (atomic_load(&key_made))
        pthread_setspecific(key, heap);
    return heap;
}

/* Few programs need it: until one does, nothing of it is touched. */
static LM_COLD void make_late(void) {
    lm_bins_init(&late);
    late.random = lm_once.seed;
    atomic_store_explicit(&late.state, LM_HEAP_IN_USE, memory_order_release);
}

lm_heap *lm_late_take(void) {
    lm_lock_take(&lm_late_lock);
    if (LM_UNLIKELY(!lm_late_heap()))
        make_late();
    return &late;
}

void lm_late_give(void) {
    lm_lock_give(&lm_late_lock);
}

lm_heap *lm_late_heap(void) {
    bool made = atomic_load_explicit(&late.state, memory_order_acquire) == LM_HEAP_IN_USE;
    return made ? &late : NULL;
}

void lm_late_reset(void) {
    memset(&late, 0, sizeof late);
}
