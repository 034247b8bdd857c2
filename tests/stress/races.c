/* Double frees between threads, and frees that race with realloc: none may be silent.
 *
 * What can't be known: when a block's place was handed out again between its two frees, the second
 * one names a live block, and is obeyed. The new block's owner then frees a block that is free: the
 * finding comes then, or, when the place was handed out once more, later still. So single double
 * frees are judged only where nobody allocates between the two, and otherwise all together:
 *
 *   duels    Two threads meet at a barrier and free the same block, or one frees it while the other
 *            resizes it and frees what it got. Nobody else allocates. Exactly one finding.
 *   crowds   Threads allocate, free, free twice and resize each other's blocks. Every call of free
 *            ends one block's life or is a finding, so at the end, with nothing lost and nothing
 *            silent:   blocks handed out + findings = calls of free + blocks that still live
 *
 * A free by the owner and one by another thread at the same time are told apart when the owner takes
 * over what others freed; loam_trim makes it do that. */

// ctest-processors: 2
// ctest-args: --seconds 5
// ctest-builds: release clang debug test-mode
// ctest-args: --seconds 600
// ctest-label: soak
// ctest-timeout: 900

#include "base/finding.h"
#include "heap/verify.h"
#include "loam/loam.h"
#include "support/random.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A second free that is obeyed may end a block to which realloc still copies. Where freed large blocks can't be
 * touched, that copy is stopped, as it should be; here it is none of the test's business. */
const char loam_default_options[] = "hide=off";

enum {
    THREADS = 4,
    TABLE = 256,        /* places for the crowd's blocks */
    OPERATIONS = 20000, /* of a thread of a crowd */
    DUELS = 300,        /* between two crowds */
    PATIENCE = 60,      /* seconds without the end of a stage, then it hangs */
};

static struct {
    unsigned seconds;
    uint64_t seed;
} settings = {5, 0};

/* Frees that were refused. Other findings (a block was written to while it was free: realloc's own
 * copy, when it loses the race) are none of this test's business. */
static _Atomic size_t refused;

static void count_refused(const lm_finding *finding) {
    if (finding->kind == LM_DOUBLE_FREE || finding->kind == LM_INVALID_FREE ||
        finding->kind == LM_FOREIGN_FREE)
        atomic_fetch_add(&refused, 1);
}

static _Noreturn void __attribute__((format(printf, 1, 2))) fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "seed %llu: ", (unsigned long long)settings.seed);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}

static size_t live_blocks(void) {
    loam_stats stats;
    loam_get_stats(&stats);
    return stats.live_blocks;
}

static void check_heap(const char *when) {
    int broken = lm_verify();
    if (broken)
        fail("%s: invariant %d doesn't hold", when, broken);
}

/* Takes over what others freed, without giving memory back. */
static void settle(void) {
    loam_trim(SIZE_MAX / 2);
}

/* ---- Duels ---------------------------------------------------------------------------------- */

typedef enum weapon { FREES, RESIZES } weapon;

typedef struct duel {
    size_t size, new_size;
    weapon first;  /* of the main thread or the first helper; the other one frees */
    bool by_owner; /* the thread that made the block is one of the two */
    char *block;
} duel;

static pthread_barrier_t ready, begin, over;
static duel now_on;
static _Atomic bool stop;

static void resize_and_free(void) {
    char *moved = loam_realloc(now_on.block, now_on.new_size);
    if (moved)
        loam_free(moved);
}

static void strike(weapon with) {
    if (with == FREES)
        loam_free(now_on.block);
    else
        resize_and_free();
}

/* Two helpers: the first one stands aside when the owner fights. */
static void *fight(void *argument) {
    bool is_first = argument != NULL;
    for (;;) {
        pthread_barrier_wait(&ready);
        if (atomic_load(&stop))
            return NULL;
        pthread_barrier_wait(&begin);
        if (!is_first)
            strike(FREES);
        else if (!now_on.by_owner)
            strike(now_on.first);
        pthread_barrier_wait(&over);
        settle(); /* what it made itself may have been freed by the other */
        pthread_barrier_wait(&over);
    }
}

static const char *name_of(weapon with) {
    return with == FREES ? "free" : "realloc";
}

static void fight_duel(random_state *random) {
    static const size_t sizes[] = {8, 500, 4096, 40000, 300000, 3 << 20};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    size_t before = live_blocks();
    now_on = (duel){.size = sizes[random_below(random, SIZES)],
                    .new_size = sizes[random_below(random, SIZES)] + 1,
                    .first = random_once_in(random, 2) ? FREES : RESIZES,
                    .by_owner = random_once_in(random, 2)};
    now_on.block = loam_malloc(now_on.size);
    if (!now_on.block)
        fail("no block of %zu bytes", now_on.size);
    atomic_store(&refused, 0);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&begin);
    if (now_on.by_owner)
        strike(now_on.first);
    pthread_barrier_wait(&over);
    settle();
    pthread_barrier_wait(&over);
    if (atomic_load(&refused) != 1 || live_blocks() != before)
        fail("%s %s against free, %zu to %zu bytes: %zu findings instead of 1, %td blocks too many",
             now_on.by_owner ? "its owner's" : "another's", name_of(now_on.first), now_on.size,
             now_on.new_size, atomic_load(&refused), live_blocks() - before);
}

static void fight_duels(random_state *random) {
    pthread_t helpers[2];
    static char first;
    atomic_store(&stop, false);
    if (pthread_create(&helpers[0], NULL, fight, &first) != 0 ||
        pthread_create(&helpers[1], NULL, fight, NULL) != 0)
        fail("no thread");
    for (int i = 0; i < DUELS; i++)
        fight_duel(random);
    atomic_store(&stop, true);
    pthread_barrier_wait(&ready);
    pthread_join(helpers[0], NULL);
    pthread_join(helpers[1], NULL);
    check_heap("after duels");
}

/* ---- Crowds --------------------------------------------------------------------------------- */

typedef struct member {
    pthread_t thread;
    random_state random;
    size_t made, freed; /* count: blocks handed out to it, calls of free */
} member;

static member crowd[THREADS];
static _Atomic(char *) table[TABLE];
static pthread_barrier_t quiet;

static _Atomic(char *) *any_place(member *m) {
    return &table[random_below(&m->random, TABLE)];
}

static void drop(member *m, char *block) {
    loam_free(block);
    m->freed += block != NULL;
}

static size_t crowd_size(member *m) {
    return random_once_in(&m->random, 500) ? (size_t)300000 : random_below(&m->random, 3000);
}

static void make(member *m) {
    char *block = loam_malloc(crowd_size(m));
    if (!block)
        fail("no block");
    m->made++;
    drop(m, atomic_exchange(any_place(m), block));
}

/* A block that moves is one more that was handed out, and one more that was freed; a realloc that is
 * refused is a call of free that found nothing. */
static void resize(member *m) {
    _Atomic(char *) *place = any_place(m);
    char *old = atomic_load(place); /* it stays there: others free it meanwhile, and afterwards */
    if (!old)
        return;
    char *moved = loam_realloc(old, crowd_size(m));
    m->made += moved && moved != old;
    m->freed += moved != old;
    if (moved && moved != old)
        drop(m, atomic_exchange(place, moved));
}

static void *mingle(void *argument) {
    member *m = argument;
    for (int i = 0; i < OPERATIONS; i++) {
        if (random_once_in(&m->random, 8))
            resize(m);
        else if (random_once_in(&m->random, 10))
            drop(m, atomic_load(any_place(m))); /* and it stays there */
        else if (random_once_in(&m->random, 3))
            drop(m, atomic_exchange(any_place(m), NULL));
        else
            make(m);
    }
    pthread_barrier_wait(&quiet); /* all frees are made; now each takes over its own */
    settle();
    return NULL;
}

static void meet_in_crowd(random_state *random) {
    size_t made = 0, freed = 0, before = live_blocks();
    atomic_store(&refused, 0);
    for (int i = 0; i < THREADS; i++) {
        crowd[i] = (member){.random = {random_bits(random)}};
        if (pthread_create(&crowd[i].thread, NULL, mingle, &crowd[i]) != 0)
            fail("no thread");
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(crowd[i].thread, NULL);
        made += crowd[i].made;
        freed += crowd[i].freed;
    }
    settle();
    check_heap("after a crowd");
    size_t live = live_blocks() - before, found = atomic_load(&refused);
    if (made + found != freed + live)
        fail("%zu blocks made, %zu findings, %zu frees, %zu live: %td frees were silent", made,
             found, freed, live, (ptrdiff_t)(freed + live) - (ptrdiff_t)(made + found));
}

/* What still lives has no owner; its addresses are known to the heap alone. */
static bool free_visited(void *at, size_t size, void *context) {
    (void)size;
    (void)context;
    loam_free(at);
    return true;
}

static void clear_up(void) {
    for (int i = 0; i < TABLE; i++)
        atomic_store(&table[i], NULL);
    loam_visit(free_visited, NULL);
    settle();
}

/* ---- The whole ------------------------------------------------------------------------------ */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_arguments(int count, char **arguments) {
    for (int i = 1; i + 1 < count; i += 2) {
        uint64_t value = strtoull(arguments[i + 1], NULL, 0);
        if (strcmp(arguments[i], "--seconds") == 0)
            settings.seconds = (unsigned)value;
        else if (strcmp(arguments[i], "--seed") == 0)
            settings.seed = value;
        else
            fail("unknown argument %s: --seconds and --seed are known", arguments[i]);
    }
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    random_state random = {settings.seed};
    double end = now() + settings.seconds;
    size_t rounds = 0;
    lm_finding_hook = count_refused;
    pthread_barrier_init(&ready, NULL, 3);
    pthread_barrier_init(&begin, NULL, 3);
    pthread_barrier_init(&over, NULL, 3);
    pthread_barrier_init(&quiet, NULL, THREADS);
    for (; now() < end; rounds++) {
        alarm(PATIENCE);
        fight_duels(&random);
        meet_in_crowd(&random);
        clear_up();
    }
    printf("%zu duels, each found; %zu crowds\n", rounds * DUELS, rounds);
    return EXIT_SUCCESS;
}
