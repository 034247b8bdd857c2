#include "support/unit.h"

#include "heap/arena.h"
#include "heap/find.h"
#include "heap/orphans.h"
#include "heap/slab.h"
#include "heap/thread.h"
#include "heap/visit.h"
#include "support/heap.h"
#include "support/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct visitor {
    char *block;
    lm_slab *slab; /* as it was found */
    bool in_steps; /* by the form for who claims a block */
    _Atomic bool inside, leave, left;
} visitor;

static lm_slab *begin(lm_visit *visit, const void *p) {
    const lm_lookup *lookup = lm_arena_of((uintptr_t)p)->lookup;
    return lm_visit_begin(visit, lookup, (uintptr_t)p - lookup->base);
}

static lm_slab *begin_in_steps(lm_visit *visit, const void *p) {
    const lm_lookup *lookup = lm_arena_of((uintptr_t)p)->lookup;
    static _Atomic int anything;
    uint64_t offset = (uintptr_t)p - lookup->base;
    lm_slab *slab = lm_record_at(lookup, offset);
    lm_visit_say(visit, slab);
    assert_true(lm_visit_expects(lookup, offset, slab));
    atomic_exchange(&anything, 1);
    return lm_visit_confirm(lookup, offset, slab) ? slab : NULL;
}

static void *stay_a_while(void *argument) {
    visitor *v = argument;
    lm_visit visit;
    char *own = v->slab ? loam_malloc(1) : NULL; /* else a guest: a thread without a heap */
    v->slab = v->in_steps ? begin_in_steps(&visit, v->block) : begin(&visit, v->block);
    atomic_store(&v->inside, true);
    while (!atomic_load(&v->leave))
        usleep(100);
    atomic_store(&v->left, true);
    lm_visit_end(&visit);
    loam_free(own);
    return NULL;
}

static lm_slab *new_slab(void) {
    bool fresh;
    return lm_slab_new(lm_thread_heap(), lm_class_of(100), &fresh);
}

static void *let_go(void *argument) {
    usleep(20000);
    atomic_store(&((visitor *)argument)->leave, true);
    return NULL;
}

static void check_release_waits(bool with_heap, bool in_steps) {
    lm_slab *slab = new_slab();
    visitor v = {
        .block = lm_slab_address(slab), .slab = with_heap ? slab : NULL, .in_steps = in_steps};
    pthread_t one, other;
    pthread_create(&one, NULL, stay_a_while, &v);
    while (!atomic_load(&v.inside))
        usleep(100);
    assert_ptr_equal(v.slab, slab);
    pthread_create(&other, NULL, let_go, &v);
    assert_true(lm_slab_close(slab));
    lm_slab_release(slab);
    assert_true(atomic_load(&v.left)); /* not before */
    pthread_join(one, NULL);
    pthread_join(other, NULL);
}

static void a_release_waits_for_visitors(void **state) {
    (void)state;
    check_release_waits(true, false);
    check_release_waits(true, true);
}

static void a_release_waits_for_threads_without_a_heap(void **state) {
    (void)state;
    check_release_waits(false, false);
    check_release_waits(false, true);
}

static void own_slabs_need_no_visit(void **state) {
    (void)state;
    lm_visit visit;
    char *p = loam_malloc(100);
    lm_slab *slab = begin(&visit, p);
    assert_ptr_equal(atomic_load(&slab->owner), lm_self);
    assert_null(visit.sign);
    lm_visit_end(&visit);
    loam_free(p);
}

static void a_released_slab_is_not_found(void **state) {
    (void)state;
    lm_slab *slab = new_slab();
    char *at = lm_slab_address(slab);
    lm_visit visit;
    assert_true(lm_slab_close(slab));
    lm_slab_release(slab);
    assert_ptr_not_equal(begin(&visit, at), slab);
    lm_visit_end(&visit);
    const lm_lookup *lookup = lm_arena_of((uintptr_t)at)->lookup;
    lm_visit_say(&visit, slab);
    assert_false(lm_visit_expects(lookup, (uintptr_t)at - lookup->base, slab));
    assert_false(lm_visit_confirm(lookup, (uintptr_t)at - lookup->base, slab));
    lm_visit_end(&visit);
}

static void places_of_others_need_no_visit(void **state) {
    static char elsewhere;
    (void)state;
    lm_visit visit = lm_visit_place(&elsewhere);
    assert_null(visit.sign);
    lm_visit_end(&visit);
}

static void *visit_place(void *p) {
    lm_visit visit = lm_visit_place(p);
    bool right = visit.sign && atomic_load(visit.sign) == slab_of(p);
    lm_visit_end(&visit);
    return right ? p : NULL;
}

static void a_pointer_leads_to_a_visit(void **state) {
    (void)state;
    char *p = loam_malloc(100);
    assert_ptr_equal(in_thread(visit_place, p), p);
    loam_free(p);
}

/* More than have places of their own, and one after the other many more: a place serves again. */
static void guests_are_many(void **state) {
    enum { GUESTS = 30, ROUNDS = 4 };
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        visitor v[GUESTS];
        pthread_t threads[GUESTS], other;
        lm_slab *slab = new_slab();
        for (int i = 0; i < GUESTS; i++) {
            v[i] = (visitor){.block = lm_slab_address(slab), .in_steps = i % 2};
            pthread_create(&threads[i], NULL, stay_a_while, &v[i]);
            while (!atomic_load(&v[i].inside))
                usleep(100);
            assert_ptr_equal(v[i].slab, slab);
        }
        for (int i = 0; i < GUESTS - 1; i++)
            atomic_store(&v[i].leave, true);
        pthread_create(&other, NULL, let_go, &v[GUESTS - 1]);
        assert_true(lm_slab_close(slab));
        lm_slab_release(slab);
        assert_true(atomic_load(&v[GUESTS - 1].left));
        for (int i = 0; i < GUESTS; i++)
            pthread_join(threads[i], NULL);
        pthread_join(other, NULL);
    }
    assert_sound();
}

/* ---- Who is looked at ----------------------------------------------------------------------- */

static unsigned seen;

static void count_heap(lm_heap *heap, const lm_slab *slab) {
    (void)slab;
    assert_int_equal(atomic_load(&heap->state), LM_HEAP_IN_USE);
    assert_null(atomic_load(&heap->visits));
    seen++;
}

static unsigned count_visitors(void) {
    seen = 0;
    lm_orphans_each_visitor(count_heap, NULL);
    return seen;
}

/* Threads with heaps of their own; those with a block of somebody else's free it. */
enum { THREADS = 40 }; /* more than a room of heaps has */
static pthread_barrier_t all_there, counted;

static void *free_anothers(void *block) {
    char *own = loam_malloc(10);
    loam_free(block);
    pthread_barrier_wait(&all_there);
    pthread_barrier_wait(&counted);
    loam_free(own);
    return NULL;
}

/* However many heaps there are: only those of threads that live, and that have freed others' blocks. */
static void releases_look_at_visitors_only(void **state) {
    pthread_t threads[THREADS];
    (void)state;
    unsigned before = count_visitors();
    for (unsigned every = 1; every <= 2; every++) {
        pthread_barrier_init(&all_there, NULL, THREADS + 1);
        pthread_barrier_init(&counted, NULL, THREADS + 1);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, free_anothers,
                           i % every == 0 ? loam_malloc(100) : NULL);
        pthread_barrier_wait(&all_there);
        assert_int_equal(count_visitors(), before + THREADS / every);
        pthread_barrier_wait(&counted);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(count_visitors(), before);
        pthread_barrier_destroy(&all_there);
        pthread_barrier_destroy(&counted);
    }
    assert_sound();
}

/* In the child of a fork the others are gone; the one that is left is looked at again when it visits. */
static void nobody_visits_in_a_child(void **state) {
    char *mine = loam_malloc(100);
    int status = 1;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        bool none = count_visitors() == 0;
        lm_visit visit;
        lm_visit_say(&visit, slab_of(mine));
        bool noted = visit.sign == &lm_self->visits && lm_visit_sign == visit.sign;
        lm_visit_end(&visit);
        _exit(none && noted && count_visitors() == 1 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    loam_free(mine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_waits_for_visitors),
        cmocka_unit_test(a_release_waits_for_threads_without_a_heap),
        cmocka_unit_test(places_of_others_need_no_visit),
        cmocka_unit_test(a_pointer_leads_to_a_visit),
        cmocka_unit_test(own_slabs_need_no_visit),
        cmocka_unit_test(a_released_slab_is_not_found),
        cmocka_unit_test(guests_are_many),
        cmocka_unit_test(releases_look_at_visitors_only),
        cmocka_unit_test(nobody_visits_in_a_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
