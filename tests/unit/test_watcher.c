// ctest-builds: release clang debug test-mode asan ubsan

/* Not under the thread sanitizer: in the last round of a thread's destructors it is gone before the checker is. */
#include "support/unit.h"

#include "check/watcher.h"
#include "os/os.h"
#include "support/thread.h"

#include <limits.h>
#include <stdatomic.h>

static int set_up(void **state) {
    (void)state;
    lm_os_start();
    lm_watcher_start();
    return 0;
}

static lm_counts counted(void) {
    lm_counts counts;
    lm_watcher_count(&counts);
    return counts;
}

static void counts(void **state) {
    lm_watcher *self = lm_watcher_here();
    (void)state;
    const lm_counts before = counted();
    lm_watcher_allocated(self, 100);
    lm_watcher_allocated(self, 0);
    lm_watcher_freed(self, 100);
    lm_watcher_allocated(self, 7);
    lm_counts after = counted();
    assert_int_equal(after.allocations, before.allocations + 3);
    assert_int_equal(after.frees, before.frees + 1);
    assert_int_equal(after.bytes, before.bytes + 107);
    assert_int_equal(after.live_blocks, before.live_blocks + 2);
    assert_int_equal(after.live_bytes, before.live_bytes + 7);
    assert_true(after.peak_bytes >= after.live_bytes); /* though nobody kept account of so little */
    lm_watcher_freed(self, 0);
    lm_watcher_freed(self, 7);
    after = counted();
    assert_int_equal(after.live_blocks, before.live_blocks);
    assert_int_equal(after.live_bytes, before.live_bytes);
}

/* What a thread has is counted in all from time to time. */
static void settles(void **state) {
    lm_watcher *self = lm_watcher_here();
    const int64_t before = lm_watcher_live_bytes();
    (void)state;
    lm_watcher_settle(self);
    lm_watcher_allocated(self, LM_BALANCE_MOST);
    assert_int_equal(lm_watcher_live_bytes(), before); /* not yet */
    lm_watcher_allocated(self, 1);
    assert_int_equal(lm_watcher_live_bytes(), before + LM_BALANCE_MOST + 1);
    assert_int_equal(self->balance, 0);
    assert_int_equal(self->blocks, 0);
    lm_watcher_freed(self, LM_BALANCE_MOST);
    assert_int_equal(lm_watcher_live_bytes(), before + LM_BALANCE_MOST + 1);
    lm_watcher_freed(self, 1);
    assert_int_equal(lm_watcher_live_bytes(), before);
    lm_watcher_allocated(self, (size_t)3 << 30);
    assert_int_equal(lm_watcher_live_bytes(), before + ((int64_t)3 << 30));
    lm_watcher_freed(self, (size_t)3 << 30);
}

static void the_peak_stays(void **state) {
    lm_watcher *self = lm_watcher_here();
    (void)state;
    const uint64_t before = counted().peak_bytes;
    lm_watcher_allocated(self, before + 1000000);
    const uint64_t peak = counted().live_bytes;
    assert_int_equal(counted().peak_bytes, peak);
    lm_watcher_freed(self, before + 1000000);
    assert_int_equal(counted().peak_bytes, peak);
    lm_watcher_allocated(self, 10);
    assert_int_equal(counted().peak_bytes, peak);
    lm_watcher_freed(self, 10);
}

static void *allocate(void *argument) {
    lm_watcher *self = lm_watcher_here();
    assert_ptr_equal(lm_watcher_here(), self);
    for (int i = 0; i < 1000; i++)
        lm_watcher_allocated(self, 1000);
    *(uint32_t *)argument = self->number;
    return self;
}

static void *release(void *argument) {
    lm_watcher *self = lm_watcher_here();
    for (int i = 0; i < 1000; i++)
        lm_watcher_freed(self, 1000);
    *(uint32_t *)argument = self->number;
    return self;
}

/* Another thread may free what one allocated. Each has its number, and what it counted outlives it. */
static void threads_come_and_go(void **state) {
    uint32_t first = 0, second = 0;
    (void)state;
    lm_watcher_settle(lm_watcher_here());
    const int64_t settled = lm_watcher_live_bytes();
    const lm_counts before = counted();
    const lm_watcher *one = in_thread(allocate, &first);
    assert_int_equal(counted().live_bytes, before.live_bytes + 1000000);
    assert_int_equal(lm_watcher_live_bytes(), settled + 1000000); /* all of it, at its end */
    assert_int_equal(counted().live_blocks, before.live_blocks + 1000);
    const lm_watcher *two = in_thread(release, &second);
    assert_ptr_equal(one, two); /* it was free again */
    assert_int_equal(second, first + 1);
    assert_true(first > lm_watcher_here()->number);
    assert_int_equal(counted().live_bytes, before.live_bytes);
    assert_int_equal(counted().allocations, before.allocations + 1000);
    assert_int_equal(counted().frees, before.frees + 1000);
}

/* Destructors of others run before and after the checker's own. */
static pthread_key_t key;
static int rounds;
static lm_watcher *seen[PTHREAD_DESTRUCTOR_ITERATIONS + 1];

static void destroy(void *argument) {
    seen[rounds++] = lm_watcher_here();
    lm_watcher_allocated(lm_watcher_here(), 1);
    lm_watcher_freed(lm_watcher_here(), 1);
    if (rounds < PTHREAD_DESTRUCTOR_ITERATIONS)
        pthread_setspecific(key, argument);
}

static void *set_key(void *argument) {
    lm_watcher *self = lm_watcher_here();
    pthread_setspecific(key, argument);
    return self;
}

static void the_end_of_a_thread(void **state) {
    (void)state;
    const lm_counts before = counted();
    rounds = 0;
    assert_int_equal(pthread_key_create(&key, destroy), 0);
    const lm_watcher *was = in_thread(set_key, &rounds);
    pthread_key_delete(key);
    assert_int_equal(rounds, PTHREAD_DESTRUCTOR_ITERATIONS);
    for (int i = 0; i < rounds; i++) /* in the last round it may be over */
        assert_true(seen[i] == was || (i == rounds - 1 && seen[i] == &lm_watcher_late));
    assert_int_equal(counted().allocations, before.allocations + (unsigned)rounds);
    assert_int_equal(counted().live_blocks, before.live_blocks);
}

static _Atomic int waiting;
static _Atomic bool leave;

static void *wait(void *argument) {
    lm_watcher *self = lm_watcher_here();
    waiting++;
    while (!leave)
        lm_os_nap();
    (void)argument;
    return self;
}

static void all_are_in_the_list(void **state) {
    enum { THREADS = 10 };
    pthread_t all[THREADS];
    size_t found = 0, selves = 0;
    (void)state;
    leave = false;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&all[i], NULL, wait, NULL), 0);
    while (waiting < THREADS)
        lm_os_nap();
    for (const lm_watcher *w = lm_watcher_first(); w; w = w->next) {
        found++;
        selves += w == lm_watcher_here();
        for (const lm_watcher *other = lm_watcher_first(); other != w; other = other->next)
            assert_int_not_equal(other->number, w->number);
    }
    assert_int_equal(selves, 1);
    assert_true(found > THREADS);
    leave = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(all[i], NULL);
}

/* The other threads may have been in the middle of it. */
static void children_forget_batches(void **state) {
    lm_watcher *self = lm_watcher_here(), *other = NULL;
    (void)state;
    for (lm_watcher *w = lm_watcher_first(); w; w = w->next)
        if (w != self)
            other = w;
    assert_non_null(other);
    struct lm_batch *const mine = self->batch;
    other->batch = (void *)self; /* whatever it is */
    lm_watcher_forked();
    assert_null(other->batch);
    assert_ptr_equal(self->batch, mine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(settles),
        cmocka_unit_test(the_peak_stays),
        cmocka_unit_test(threads_come_and_go),
        cmocka_unit_test(the_end_of_a_thread),
        cmocka_unit_test(all_are_in_the_list),
        cmocka_unit_test(children_forget_batches),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
