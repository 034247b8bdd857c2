/* Random operations of the whole interface from several threads against a model of what must be
 * live.
 *
 * Each worker has blocks of its own and passes some of them on through a table that all share, so
 * that blocks are freed by others all the time. Workers live for a few rounds and are followed by a
 * new thread that takes over their blocks; helpers come and go within a round. Between two rounds
 * all workers wait, and the main thread verifies the heap, compares the blocks that loam_visit
 * shows with the model's, and checks their contents and the sum of the statistics.
 *
 * The operations follow from the seed; how the threads interleave does not. */

// ctest-processors: 2
// ctest-args: --seconds 20 --threads 4
// ctest-builds: release
// ctest-args: --seconds 6 --threads 4
// ctest-builds: clang debug test-mode ubsan
// ctest-args: --seconds 6 --threads 4
// ctest-options: vectors=narrow
// ctest-builds: release debug test-mode
// ctest-args: --seconds 6 --threads 4
// ctest-options: harden=0
// ctest-builds: release debug test-mode
// ctest-args: --seconds 6 --threads 4
// ctest-options: harden=1
// ctest-builds: release debug test-mode
// ctest-args: --seconds 6 --threads 4
// ctest-options: harden=3
// ctest-builds: release debug test-mode asan
// ctest-args: --seconds 8 --threads 4
// ctest-builds: asan tsan
// ctest-args: --seconds 600 --threads 4
// ctest-label: soak
// ctest-timeout: 700
// ctest-args: --seconds 120 --threads 16
// ctest-label: soak
// ctest-timeout: 300
// ctest-builds: debug tsan

#include "heap/arena.h"
#include "heap/find.h"
#include "heap/verify.h"
#include "loam/loam.h"
#include "support/hidden.h"
#include "support/pattern.h"
#include "support/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    BLOCKS_MAX = 2000, /* of one worker */
    TABLE = 512,       /* places for blocks that are passed on */
    THREADS_MAX = 64,
    OPERATIONS = 4000,    /* of a worker in a round */
    BYTES_MAX = 48 << 20, /* live bytes of one worker */
};

typedef struct block {
    char *at;
    size_t size;      /* asked for */
    size_t alignment; /* asked for; 0 by those who don't ask */
    size_t filled;    /* with the pattern: `size`, or all that is usable */
    uint64_t id;
} block;

typedef struct worker {
    pthread_t thread;
    bool ends;            /* with this round */
    unsigned rounds_left; /* until its thread ends */
    size_t wanted;        /* blocks towards which this round tends */
    size_t count, bytes;
    uint64_t next_id;
    random_state random;
    block *blocks[BLOCKS_MAX];
} worker;

static struct {
    unsigned seconds, threads;
    uint64_t seed;
} settings = {10, 4, 0};

static worker workers[THREADS_MAX];
static _Atomic(block *) table[TABLE];
static pthread_barrier_t barrier;
static _Atomic bool done;

static _Noreturn void __attribute__((format(printf, 1, 2))) fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "seed %llu: ", (unsigned long long)settings.seed);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}

/* ---- Blocks
 * --------------------------------------------------------------------------------------- */

static void check_content(const block *b, size_t kept, const char *when) {
    if (!pattern_holds(b->at, b->filled, kept, b->id))
        fail("%s: block %p of %zu bytes has lost its content", when, (void *)b->at, b->size);
}

/* Takes a new block's measures, checks what is promised of every block, and fills it. */
static void furnish(worker *w, block *b, char *at, size_t size, size_t alignment) {
    size_t usable = loam_usable_size(at);
    size_t promised = alignment < 16 ? 16 : alignment;
    if ((uintptr_t)at % promised != 0)
        fail("%p of %zu bytes isn't aligned to %zu", (void *)at, size, alignment);
    if (lm_once.tail ? usable != size : usable < size)
        fail("%p: %zu usable bytes, %zu asked for", (void *)at, usable, size);
    w->bytes += usable;
    *b = (block){at, size, alignment, random_once_in(&w->random, 2) ? size : usable, w->next_id++};
    pattern_fill(b->at, b->filled, b->id);
}

static void put(worker *w, block *b) {
    w->blocks[w->count++] = b;
}

static void adopt(worker *w, block *b) {
    w->bytes += loam_usable_size(b->at);
    put(w, b);
}

/* Takes a block of the worker's out of its list. */
static block *pick(worker *w) {
    size_t i = random_below(&w->random, w->count);
    block *b = w->blocks[i];
    w->blocks[i] = w->blocks[--w->count];
    w->bytes -= loam_usable_size(b->at);
    return b;
}

static void keep(worker *w, char *at, size_t size, size_t alignment) {
    block *b = malloc(sizeof *b);
    if (!at || !b)
        fail("no block of %zu bytes, alignment %zu, errno %d", size, alignment, errno);
    furnish(w, b, at, size, alignment);
    put(w, b);
}

static void free_in_some_way(worker *w, block *b) {
    int before = errno = (int)random_below(&w->random, 100);
    if (random_once_in(&w->random, 2))
        loam_free(b->at);
    else if (b->alignment)
        loam_free_aligned_sized(b->at, b->alignment, b->size);
    else
        loam_free_sized(b->at, b->size);
    if (errno != before)
        fail("free changed errno from %d to %d", before, errno);
}

static void drop(worker *w, block *b) {
    check_content(b, b->filled, "free");
    free_in_some_way(w, b);
    free(b);
}

/* ---- Operations
 * -------------------------------------------------------------------------------------- */

static void do_malloc(worker *w) {
    size_t size = random_size(&w->random);
    keep(w, loam_malloc(size), size, 0);
}

static void do_calloc(worker *w) {
    size_t count = 1 + random_below(&w->random, 8), size = random_size(&w->random) / count;
    char *at = loam_calloc(count, size);
    if (at && !all_zero(at, count * size))
        fail("calloc: %p of %zu bytes isn't zero", (void *)at, count * size);
    keep(w, at, count * size, 0);
}

static void do_aligned(worker *w) {
    size_t alignment = (size_t)8 << random_below(&w->random, 15);
    size_t size = random_size(&w->random) / 4;
    void *at = NULL;
    switch (random_below(&w->random, 4)) {
    case 0:
        at = loam_aligned_alloc(alignment, size);
        break;
    case 1:
        at = loam_memalign(alignment, size);
        break;
    case 2:
        at = loam_valloc(size);
        alignment = 4096;
        break;
    default:
        if (loam_posix_memalign(&at, alignment, size) != 0)
            fail("posix_memalign(%zu, %zu)", alignment, size);
    }
    keep(w, at, size, alignment);
}

static void do_realloc(worker *w) {
    block *b = pick(w);
    size_t size = random_size(&w->random);
    if (random_once_in(&w->random, 3))
        size = b->size + b->size / 4 + 8;
    if (size > (size_t)8 << 20)
        size = 100;
    char *at = random_once_in(&w->random, 2) ? loam_realloc(b->at, size)
                                             : loam_reallocarray(b->at, 1, size);
    if (!at)
        fail("realloc of %zu bytes to %zu", b->size, size);
    b->at = at;
    check_content(b, size < b->size ? size : b->size, "realloc");
    furnish(w, b, at, size, 0);
    put(w, b);
}

static void do_free(worker *w) {
    drop(w, pick(w));
}

/* Leaves a block for whoever comes by and takes what lies in the place. */
static void do_pass_on(worker *w) {
    block *b = w->count && random_once_in(&w->random, 2) ? pick(w) : NULL;
    b = atomic_exchange(&table[random_below(&w->random, TABLE)], b);
    if (!b)
        return;
    if (w->count < BLOCKS_MAX && random_once_in(&w->random, 4))
        adopt(w, b);
    else
        drop(w, b);
}

static void do_ask(worker *w) {
    block *b = pick(w);
    size_t usable = loam_usable_size(b->at), found = 0;
    char *inside = b->at + (usable ? random_below(&w->random, usable) : 0);
    if (!loam_owns(inside) || loam_block_of(inside, &found) != b->at || found != usable)
        fail("block_of(%p): not %p", (void *)inside, (void *)b->at);
    if (loam_owns(&b) || loam_owns(b) || loam_owns(NULL))
        fail("owns what lies on a stack or in another heap");
    if (loam_good_size(b->size) < b->size)
        fail("good_size(%zu) is %zu", b->size, loam_good_size(b->size));
    adopt(w, b);
}

/* A visitor may allocate and free. */
static bool count_blocks(void *at, size_t size, void *context) {
    size_t *n = context;
    if (++*n % 64 == 0)
        loam_free(loam_malloc(size % 3000));
    return at != NULL && *n < 2000;
}

static void do_rare(worker *w) {
    static const size_t keeps[] = {0, 1 << 20, SIZE_MAX / 4};
    loam_stats stats;
    char json[256];
    size_t n = 0;
    switch (random_below(&w->random, 5)) {
    case 0:
        loam_trim(keeps[random_below(&w->random, 3)]);
        break;
    case 1:
        loam_visit(count_blocks, &n);
        break;
    case 2:
        loam_get_stats(&stats);
        if (stats.live_blocks < w->count)
            fail("stats: %zu live blocks, one worker has %zu", stats.live_blocks, w->count);
        break;
    case 3:
        loam_stats_json(json, sizeof json);
        break;
    default:
        errno = 0;
        if (loam_malloc(hidden((size_t)PTRDIFF_MAX + 1)) || errno != ENOMEM ||
            loam_calloc(hidden(SIZE_MAX / 2), 3) || loam_aligned_alloc(hidden(3), 8))
            fail("a request that can't be met was met");
    }
}

static void new_block(worker *w) {
    switch (random_below(&w->random, 8)) {
    case 0:
        do_aligned(w);
        break;
    case 1:
    case 2:
        do_calloc(w);
        break;
    default:
        do_malloc(w);
    }
}

static void operate(worker *w) {
    bool full = w->count >= BLOCKS_MAX - 1 || w->bytes > BYTES_MAX;
    /* More of what leads to the wanted number, at a random pace. */
    bool grow = !full && (w->count == 0 ||
                          random_below(&w->random, 100) < (w->count < w->wanted ? 70u : 30u));
    if (random_once_in(&w->random, 1000))
        do_rare(w);
    else if (grow)
        new_block(w);
    else if (w->count == 0)
        return;
    else if (random_once_in(&w->random, 6) && !full)
        do_realloc(w);
    else if (random_once_in(&w->random, 3))
        do_pass_on(w);
    else if (random_once_in(&w->random, 20))
        do_ask(w);
    else
        do_free(w);
}

/* ---- Threads
 * ----------------------------------------------------------------------------------------- */

/* A thread of a few operations, beside the workers: it leaves half of its blocks in the table. */
static void *help(void *argument) {
    worker *w = argument;
    for (int i = 0; i < 200; i++)
        operate(w);
    while (w->count) {
        if (random_once_in(&w->random, 2))
            do_free(w);
        else
            do_pass_on(w);
    }
    return NULL;
}

/* A worker without a past, for a helper. */
static worker *new_helper(worker *of) {
    worker *w = calloc(1, sizeof *w);
    if (!w)
        fail("no memory for the test itself");
    w->random.at = random_bits(&of->random);
    w->next_id = of->next_id << 20;
    w->wanted = 100;
    if (pthread_create(&w->thread, NULL, help, w) != 0)
        fail("no thread");
    return w;
}

static void play_round(worker *w) {
    worker *helper = random_once_in(&w->random, 2) ? new_helper(w) : NULL;
    size_t operations = random_below(&w->random, OPERATIONS);
    w->wanted = random_once_in(&w->random, 4) ? 0 : random_below(&w->random, BLOCKS_MAX);
    for (size_t i = 0; i < operations; i++)
        operate(w);
    if (helper) {
        pthread_join(helper->thread, NULL);
        free(helper);
    }
}

/* The main thread looks at everything between the two waits. */
static void *work(void *argument) {
    worker *w = argument;
    do {
        play_round(w);
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    } while (!atomic_load(&done) && --w->rounds_left > 0);
    return NULL;
}

static void start_worker(unsigned i, uint64_t round) {
    worker *w = &workers[i];
    w->random.at = settings.seed ^ (round << 20) ^ ((uint64_t)i << 8);
    w->rounds_left = 1 + (unsigned)random_below(&w->random, 6);
    if (w->next_id == 0)
        w->next_id = (uint64_t)(i + 1) << 40;
    if (pthread_create(&w->thread, NULL, work, w) != 0)
        fail("no thread");
}

/* ---- The whole, between rounds
 * ---------------------------------------------------------------------- */

typedef struct place {
    char *at;
    size_t size; /* usable */
} place;

typedef struct places {
    place *list;
    size_t count, room;
} places;

static void add_place(places *all, char *at, size_t size) {
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 1024;
        all->list = realloc(all->list, all->room * sizeof *all->list);
        if (!all->list)
            fail("no memory for the test itself");
    }
    all->list[all->count++] = (place){at, size};
}

static bool add_visited(void *at, size_t size, void *context) {
    add_place(context, at, size);
    return true;
}

static void add_block(places *all, const block *b) {
    check_content(b, b->filled, "between rounds");
    add_place(all, b->at, loam_usable_size(b->at));
}

static void collect_model(places *all) {
    for (unsigned i = 0; i < settings.threads; i++)
        for (size_t b = 0; b < workers[i].count; b++)
            add_block(all, workers[i].blocks[b]);
    for (unsigned i = 0; i < TABLE; i++)
        if (atomic_load(&table[i]))
            add_block(all, atomic_load(&table[i]));
}

static int compare_places(const void *a, const void *b) {
    const place *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static void sort(places *all) {
    if (all->count > 0)
        qsort(all->list, all->count, sizeof(place), compare_places);
}

static void compare(const places *model, const places *heap) {
    for (size_t i = 0; i < model->count || i < heap->count; i++) {
        if (i == model->count || (i < heap->count && heap->list[i].at < model->list[i].at))
            fail("%p is live in the heap but not in the model", (void *)heap->list[i].at);
        if (i == heap->count || model->list[i].at < heap->list[i].at)
            fail("%p is live in the model but not in the heap", (void *)model->list[i].at);
        if (model->list[i].size != heap->list[i].size)
            fail("%p: usable_size says %zu, visit %zu", (void *)model->list[i].at,
                 model->list[i].size, heap->list[i].size);
        if (i > 0 && model->list[i - 1].at + model->list[i - 1].size > model->list[i].at)
            fail("%p overlaps its neighbour", (void *)model->list[i].at);
    }
}

static void check_stats(const places *model) {
    loam_stats stats;
    size_t live = 0, committed = 0;
    for (size_t i = 0; i < model->count; i++) {
        lm_found found = lm_find(model->list[i].at);
        live += found.slab ? lm_slab_size(found.slab) : found.size;
    }
    for (uint32_t i = 0; i < atomic_load(&lm_arena_count); i++)
        committed += lm_arenas[i].committed;
    loam_get_stats(&stats);
    if (stats.live != live || stats.live_blocks != model->count)
        fail("stats: %zu live in %zu blocks, the model has %zu in %zu", stats.live,
             stats.live_blocks, live, model->count);
    if (stats.live + stats.slack + stats.cached + stats.purged != committed)
        fail("stats: live %zu + slack %zu + cached %zu + purged %zu is not %zu", stats.live,
             stats.slack, stats.cached, stats.purged, committed);
}

static size_t check_everything(void) {
    places model = {0}, heap = {0};
    int broken = lm_verify();
    if (broken)
        fail("lm_verify: invariant %d is broken", broken);
    collect_model(&model);
    loam_visit(add_visited, &heap);
    sort(&model);
    sort(&heap);
    compare(&model, &heap);
    check_stats(&model);
    free(model.list);
    free(heap.list);
    return model.count;
}

/* ---- The run
 * ------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* While all wait: whose last round it was. */
static void note_the_old(void) {
    for (unsigned i = 0; i < settings.threads; i++)
        workers[i].ends = workers[i].rounds_left <= 1;
}

/* Joins those and lets others follow. */
static void replace_the_old(uint64_t round) {
    for (unsigned i = 0; i < settings.threads; i++) {
        if (!workers[i].ends)
            continue;
        pthread_join(workers[i].thread, NULL);
        start_worker(i, round);
    }
}

static void free_everything(void) {
    for (unsigned i = 0; i < TABLE; i++) {
        block *b = atomic_exchange(&table[i], NULL);
        if (b)
            drop(&workers[0], b);
    }
    for (unsigned i = 0; i < settings.threads; i++)
        while (workers[i].count)
            drop(&workers[i], pick(&workers[i]));
}

static void read_arguments(int count, char **arguments) {
    settings.seed = (uint64_t)time(NULL);
    for (int i = 1; i + 1 < count; i += 2) {
        uint64_t value = strtoull(arguments[i + 1], NULL, 0);
        if (strcmp(arguments[i], "--seconds") == 0)
            settings.seconds = (unsigned)value;
        else if (strcmp(arguments[i], "--threads") == 0)
            settings.threads = (unsigned)(value < 1 || value > THREADS_MAX ? 4 : value);
        else if (strcmp(arguments[i], "--seed") == 0)
            settings.seed = value;
        else
            fail("unknown argument %s: --seconds, --threads and --seed are known", arguments[i]);
    }
}

static void let_play(double end) {
    uint64_t round = 0;
    size_t most = 0, blocks;
    for (unsigned i = 0; i < settings.threads; i++)
        start_worker(i, round);
    while (!atomic_load(&done)) {
        pthread_barrier_wait(&barrier);
        blocks = check_everything();
        most = blocks > most ? blocks : most;
        note_the_old();
        atomic_store(&done, now() >= end);
        pthread_barrier_wait(&barrier);
        round++;
        if (!atomic_load(&done))
            replace_the_old(round);
    }
    for (unsigned i = 0; i < settings.threads; i++)
        pthread_join(workers[i].thread, NULL);
    printf("%llu rounds, at most %zu live blocks\n", (unsigned long long)round, most);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    printf("--seconds %u --threads %u --seed %llu\n", settings.seconds, settings.threads,
           (unsigned long long)settings.seed);
    fflush(stdout);
    pthread_barrier_init(&barrier, NULL, settings.threads + 1);
    let_play(now() + settings.seconds);
    free_everything();
    if (check_everything() != 0)
        fail("blocks are left");
    loam_stats stats;
    loam_get_stats(&stats);
    printf("%zu arenas, %zu heaps, peak %zu MiB\n", stats.arenas, stats.heaps, stats.peak >> 20);
    return 0;
}
