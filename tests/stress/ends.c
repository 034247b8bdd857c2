/* Threads that end while others free their blocks: what is left of a thread, its heap and its slabs, is taken over
 * by others while it changes.
 *
 * Threads live for some hundred operations and end in every way there is: they return, call pthread_exit, are
 * cancelled, and most of them free and allocate in a destructor of thread storage, in some or all of its rounds.
 * Some never allocate, and only free. All pass their blocks on through one table, so that nearly every block is freed by
 * another thread than made it, before or after that one's end. In between the heap is trimmed, and processes are
 * forked that verify the heap as they got it, and free in it.
 *
 * When all threads of a round have ended, the heap is verified, each block has its content, and so many blocks
 * live as the table holds.
 *
 * With --mistakes the threads also make mistakes with blocks of their own, whose findings must be named right while
 * all the rest goes on undisturbed:
 *
 *   two threads free one block at once    one finding: double-free, this block
 *   a few bytes written past the end      heap-overflow, this block, these bytes, whoever frees it */

// ctest-processors: 2
// ctest-args: --seconds 25
// ctest-builds: release
// ctest-args: --seconds 15 --mistakes
// ctest-builds: release
// ctest-args: --seconds 8
// ctest-builds: clang debug test-mode asan ubsan tsan
// ctest-args: --seconds 8 --mistakes
// ctest-builds: clang debug test-mode
// ctest-args: --seconds 6
// ctest-options: harden=3
// ctest-builds: release debug
// ctest-args: --seconds 6
// ctest-options: harden=0
// ctest-builds: release debug
// ctest-args: --seconds 600
// ctest-label: soak
// ctest-timeout: 900
// ctest-args: --seconds 300 --mistakes
// ctest-label: soak
// ctest-timeout: 600

#include "base/compiler.h"
#include "base/finding.h"
#include "heap/layout.h"
#include "heap/verify.h"
#include "loam/loam.h"
#include "support/pattern.h"
#include "support/random.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS = 4,  /* at once */
    LIVES = 60,   /* threads in a round */
    TABLE = 4096, /* places for blocks */
    MOST = 200 << 10 /* bytes of a block */,
    ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - LM_THREAD_SANITIZER, /* it needs the last one */
    SIDE_BY_SIDE = 80, /* blocks of one size that are made together */
    PATIENCE = 120,    /* seconds without the end of a round, then it hangs */
};

static struct {
    unsigned seconds;
    bool mistakes;
    uint64_t seed;
} settings = {10, false, 0};

static _Noreturn void __attribute__((format(printf, 1, 2))) fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "seed %llu: ", (unsigned long long)settings.seed);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Its content tells how it was made, so that the table needs its address only: size, alignment and number are the
 * first words of a larger block; one of fewer bytes has its size for content. */
typedef struct head {
    uint64_t size, alignment, id;
} head;

enum { HEAD = sizeof(head), PLAIN_MOST = HEAD - 1 };

/* Addresses of small blocks are stored with the size in their upper bits. */
enum { SIZE_SHIFT = 56 };
typedef uint64_t place;

static _Atomic place table[TABLE];
static _Atomic uint64_t next_id;

static char *block_at(place p) {
    return (char *)(uintptr_t)(p & (((uint64_t)1 << SIZE_SHIFT) - 1));
}

static head head_of(place p) {
    head h = {(p >> SIZE_SHIFT) - 1, 0, 0};
    if (p >> SIZE_SHIFT == 0)
        memcpy(&h, block_at(p), sizeof h);
    return h;
}

static place furnish(char *block, size_t size, size_t alignment) {
    head h = {size, alignment, atomic_fetch_add(&next_id, 1)};
    if (!block)
        fail("no block of %zu bytes", size);
    if ((uintptr_t)block % (alignment > 16 ? alignment : 16) != 0)
        fail("%p of %zu bytes isn't aligned to %zu", (void *)block, size, alignment);
    if (size < HEAD) {
        memset(block, (int)size, size);
        return (uint64_t)(uintptr_t)block | (uint64_t)(size + 1) << SIZE_SHIFT;
    }
    memcpy(block, &h, sizeof h);
    pattern_fill(block + HEAD, size - HEAD, h.id);
    return (uint64_t)(uintptr_t)block;
}

/* The first `kept` bytes are what they were. */
static void check_content(place p, head h, size_t kept, const char *when) {
    const unsigned char *block = (const unsigned char *)block_at(p);
    bool right = kept <= HEAD || pattern_holds(block + HEAD, h.size - HEAD, kept - HEAD, h.id);
    for (size_t i = 0; h.size < HEAD && i < kept; i++)
        right &= block[i] == h.size;
    if (h.size > MOST || !right)
        fail("%s: block %p of %llu bytes has lost its content", when, (const void *)block,
             (unsigned long long)h.size);
}

static size_t any_size(random_state *random) {
    switch (random_below(random, 8)) {
    case 0:
        return random_below(random, 40);
    case 1:
        return random_below(random, 20000);
    case 2:
        return random_once_in(random, 4) ? random_below(random, MOST + 1) : 700;
    default:
        return random_below(random, 1500);
    }
}

static place make(random_state *random, size_t size) {
    size_t alignment = (size_t)16 << random_below(random, 9);
    switch (random_below(random, 8)) {
    case 0:
        return furnish(loam_aligned_alloc(alignment, size), size, alignment);
    case 1: {
        char *block = loam_calloc(1, size);
        if (block && !all_zero(block, size))
            fail("calloc of %zu bytes isn't zero", size);
        return furnish(block, size, 0);
    }
    default:
        return furnish(loam_malloc(size), size, 0);
    }
}

static void drop(random_state *random, place p) {
    if (!p)
        return;
    head h = head_of(p);
    check_content(p, h, h.size, "at free");
    if (h.alignment > 16 && random_once_in(random, 2))
        loam_free_aligned_sized(block_at(p), h.alignment, h.size);
    else if (h.size >= HEAD && h.alignment <= 16 && random_once_in(random, 2))
        loam_free_sized(block_at(p), h.size);
    else
        loam_free(block_at(p));
}

static _Atomic place *any_place(random_state *random) {
    return &table[random_below(random, TABLE)];
}

static void put(random_state *random, place p) {
    drop(random, atomic_exchange(any_place(random), p));
}

static place take(random_state *random) {
    return atomic_exchange(any_place(random), 0);
}

/* ---- Mistakes ------------------------------------------------------------------------------- */

/* One at a time: a thread looks at the findings of its own block only, and every finding belongs to one. */
typedef struct mistake {
    char *block;
    lm_kind kind;
    size_t size, bytes;     /* bytes: written past the end */
    _Atomic unsigned found; /* findings */
} mistake;

static _Atomic(mistake *) open_mistake;
static pthread_mutex_t mistakes_mutex = PTHREAD_MUTEX_INITIALIZER;

static void judge(const lm_finding *finding) {
    mistake *m = atomic_load(&open_mistake);
    if (!m || finding->kind != m->kind || finding->block != m->block)
        fail("%s in %s(%p), block %p: %s", lm_kind_code(finding->kind), finding->call,
             finding->pointer, finding->block,
             m ? "not the mistake that was made" : "nobody made a mistake");
    ptrdiff_t first = (ptrdiff_t)m->size, last = first + (ptrdiff_t)m->bytes - 1;
    if (m->kind == LM_HEAP_OVERFLOW &&
        (!finding->damaged || finding->first != first ||
         (finding->size_at_most ? finding->last < last : finding->last != last)))
        fail("bytes %td to %td of %p were written, it is said; not %zu to %zu", finding->first,
             finding->last, finding->block, m->size, m->size + m->bytes - 1);
    atomic_fetch_add(&m->found, 1);
}

static void *free_too(void *argument) {
    mistake *m = argument;
    loam_free(m->block);
    return NULL;
}

/* Takes over what others freed: that tells two frees apart, of which one was the owner's. */
static void settle(void) {
    loam_trim(SIZE_MAX / 2);
}

static void free_twice_at_once(mistake *m, bool self) {
    pthread_t others[2];
    int count = self ? 1 : 2;
    m->kind = LM_DOUBLE_FREE;
    atomic_store(&open_mistake, m);
    for (int i = 0; i < count; i++)
        if (pthread_create(&others[i], NULL, free_too, m) != 0)
            fail("no thread");
    if (self)
        loam_free(m->block);
    for (int i = 0; i < count; i++)
        pthread_join(others[i], NULL);
    settle();
    while (atomic_load(&m->found) == 0) /* another thread has it in hand */
        sched_yield();
    if (atomic_load(&m->found) != 1)
        fail("%u findings of one double free", atomic_load(&m->found));
}

static void write_past_end(mistake *m, bool self) {
    pthread_t other;
    m->kind = LM_HEAP_OVERFLOW;
    atomic_store(&open_mistake, m);
    for (size_t i = 0; i < m->bytes; i++)
        m->block[m->size + i] = (char)~m->block[m->size + i];
    if (self) {
        loam_free(m->block);
    } else if (pthread_create(&other, NULL, free_too, m) != 0 || pthread_join(other, NULL) != 0) {
        fail("no thread");
    }
    if (atomic_load(&m->found) == 0)
        fail("%zu bytes past a block of %zu weren't noticed", m->bytes, m->size);
}

/* Of blocks side by side that in the middle has one beside it in its slab. A block with none, or one in no slab, may
 * have passed on to somebody else before it is freed a second time. */
static void err(random_state *random) {
    enum { BESIDE = 8, BYTES_MOST = 3, MOST_TWICE = 5000 };
    static const size_t sizes[] = {8, 24, 100, 600, 1000, MOST_TWICE, 20000, 70001, 150001};
    char *beside[BESIDE];
    size_t size = sizes[random_below(random, sizeof sizes / sizeof sizes[0])];
    mistake m = {.size = size - random_below(random, 8),
                 .bytes = 1 + random_below(random, BYTES_MOST)};
    pthread_mutex_lock(&mistakes_mutex);
    for (int i = 0; i < BESIDE; i++)
        beside[i] = loam_malloc(m.size);
    m.block = beside[BESIDE / 2];
    if (size <= MOST_TWICE && random_once_in(random, 2))
        free_twice_at_once(&m, random_once_in(random, 2));
    else
        write_past_end(&m, random_once_in(random, 2));
    for (int i = 0; i < BESIDE; i++)
        if (beside[i] != m.block)
            loam_free(beside[i]);
    settle(); /* nobody finds any of it later */
    atomic_store(&open_mistake, NULL);
    pthread_mutex_unlock(&mistakes_mutex);
}

/* ---- What a thread does --------------------------------------------------------------------- */

static void make_side_by_side(random_state *random) {
    size_t size = any_size(random), count = size > 8000 ? SIDE_BY_SIDE / 8 : SIDE_BY_SIDE;
    place all[SIDE_BY_SIDE];
    for (size_t i = 0; i < count; i++)
        all[i] = make(random, size);
    for (size_t i = 0; i < count; i++)
        if (random_once_in(random, 3))
            put(random, all[i]);
        else
            drop(random, all[i]);
}

/* Frees whatever others have put side by side in the table. */
static void sweep(random_state *random) {
    size_t from = random_below(random, TABLE);
    for (size_t i = 0; i < 2 * SIDE_BY_SIDE; i++)
        drop(random, atomic_exchange(&table[(from + i) % TABLE], 0));
}

static void resize(random_state *random) {
    place p = take(random);
    if (!p)
        return;
    head h = head_of(p);
    size_t size = any_size(random);
    check_content(p, h, h.size, "before realloc");
    char *moved = loam_realloc(block_at(p), size);
    if (!moved)
        fail("realloc of %llu bytes to %zu", (unsigned long long)h.size, size);
    place now = (uint64_t)(uintptr_t)moved | (p >> SIZE_SHIFT << SIZE_SHIFT);
    check_content(now, h, h.size < size ? h.size : size, "after realloc");
    put(random, furnish(moved, size, 0));
}

/* The child has this thread alone. What the others were in the midst of stays as it was. */
static void fork_and_free(random_state *random) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(PATIENCE);
        lm_finding_hook = NULL;
        if (lm_verify() != 0)
            fail("in a child: invariant %d doesn't hold", lm_verify());
        for (int i = 0; i < 300; i++) {
            sweep(random);
            put(random, make(random, any_size(random)));
        }
        loam_trim(0);
        if (lm_verify() != 0)
            fail("at a child's end: invariant %d doesn't hold", lm_verify());
        _exit(EXIT_SUCCESS);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        fail("a child ended with status %#x", (unsigned)status);
}

static void operate(random_state *random) {
    switch (random_below(random, 16)) {
    case 0:
    case 1:
        make_side_by_side(random);
        break;
    case 2:
        sweep(random);
        break;
    case 3:
    case 4:
        resize(random);
        break;
    case 5:
    case 6:
    case 7:
        drop(random, take(random));
        break;
    default:
        put(random, make(random, any_size(random)));
    }
    if (random_once_in(random, 1000))
        loam_trim(random_once_in(random, 2) ? 0 : MOST);
    if (!settings.mistakes && random_once_in(random, 4000))
        fork_and_free(random);
    if (settings.mistakes && random_once_in(random, 60))
        err(random);
}

/* ---- How a thread lives and ends ------------------------------------------------------------ */

typedef struct life {
    pthread_t thread;
    random_state random;
    int rounds; /* of destructors that it will see */
    bool runs;
    _Atomic bool over; /* nearly */
} life;

static life lives[THREADS];
static pthread_key_t at_end;

/* Frees and allocates when the heap has been given back, too. */
static void end_some_more(void *argument) {
    life *l = argument;
    for (int i = 0; i < 20; i++) {
        drop(&l->random, take(&l->random));
        if (i % 4 == 0)
            put(&l->random, make(&l->random, any_size(&l->random)));
    }
    if (--l->rounds > 0)
        pthread_setspecific(at_end, l);
}

static void clean_up(void *argument) {
    life *l = argument;
    drop(&l->random, take(&l->random));
    put(&l->random, make(&l->random, any_size(&l->random)));
}

static void end_by_cancellation(life *l) {
    pthread_cleanup_push(clean_up, l);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_testcancel();
    pthread_cleanup_pop(0);
}

static void *live(void *argument) {
    life *l = argument;
    bool only_frees = !LM_THREAD_SANITIZER && random_once_in(&l->random, 6);
    size_t operations = random_below(&l->random, 400);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    if (LM_THREAD_SANITIZER) /* a heap that begins in a destructor ends after the sanitizer has */
        clean_up(l);
    l->rounds = (int)random_below(&l->random, ROUNDS + 1);
    if (l->rounds > 0)
        pthread_setspecific(at_end, l);
    for (size_t i = 0; i < operations; i++) {
        if (only_frees)
            drop(&l->random, take(&l->random));
        else
            operate(&l->random);
    }
    atomic_store(&l->over, true);
    switch (random_below(&l->random, 3)) {
    case 0:
        end_by_cancellation(l);
        break;
    case 1:
        pthread_exit(NULL);
    default:
        break;
    }
    return NULL;
}

static void begin_life(life *l, random_state *random) {
    l->random = (random_state){random_bits(random)};
    atomic_store(&l->over, false);
    if (pthread_create(&l->thread, NULL, live, l) != 0)
        fail("no thread");
    l->runs = true;
}

static void end_life(life *l) {
    if (l->runs && pthread_join(l->thread, NULL) != 0)
        fail("no thread to wait for");
    l->runs = false;
}

/* ---- The whole ------------------------------------------------------------------------------ */

static size_t live_blocks(void) {
    loam_stats stats;
    loam_get_stats(&stats);
    return stats.live_blocks;
}

static void look_at_all(const char *when) {
    size_t held = 0;
    int broken = lm_verify();
    if (broken)
        fail("%s: invariant %d doesn't hold", when, broken);
    for (size_t i = 0; i < TABLE; i++) {
        place p = atomic_load(&table[i]);
        if (p)
            check_content(p, head_of(p), head_of(p).size, when);
        held += p != 0;
    }
    if (live_blocks() != held)
        fail("%s: %zu blocks live, %zu are held", when, live_blocks(), held);
}

static void play_round(random_state *random) {
    alarm(PATIENCE);
    for (int i = 0; i < LIVES; i++) {
        life *l = &lives[i % THREADS];
        end_life(l);
        begin_life(l, random);
        drop(random, take(random)); /* the main thread has a part in it */
        put(random, make(random, any_size(random)));
    }
    for (int i = 0; i < THREADS; i++)
        end_life(&lives[i]);
    look_at_all("after a round");
    if (!random_once_in(random, 3))
        return;
    for (size_t i = 0; i < TABLE; i++)
        drop(random, atomic_exchange(&table[i], 0));
    look_at_all("after all was freed");
    loam_trim(0);
    look_at_all("after a trim");
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_arguments(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        bool more = i + 1 < count;
        if (strcmp(arguments[i], "--mistakes") == 0)
            settings.mistakes = true;
        else if (strcmp(arguments[i], "--seconds") == 0 && more)
            settings.seconds = (unsigned)strtoul(arguments[++i], NULL, 0);
        else if (strcmp(arguments[i], "--seed") == 0 && more)
            settings.seed = strtoull(arguments[++i], NULL, 0);
        else
            fail("unknown argument %s: --seconds, --seed and --mistakes are known", arguments[i]);
    }
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    random_state random = {settings.seed};
    double end = now() + settings.seconds;
    size_t rounds = 0;
    lm_finding_hook = judge;
    if (pthread_key_create(&at_end, end_some_more) != 0)
        fail("no key");
    for (; now() < end; rounds++)
        play_round(&random);
    printf("%zu threads ended, %llu blocks\n", rounds * LIVES,
           (unsigned long long)atomic_load(&next_id));
    return EXIT_SUCCESS;
}
