/* An attacker who can write anywhere in the 64 KiB around any block, live or freed: bytes change at
 * random between random operations of the whole interface. What the manager trusts must lie out of
 * reach, so it goes on rightly or stops with a finding; and what it finds is counted here.
 *
 * Checked are: no block overlaps a live one, leaves the arena, is misaligned or too small; no call
 * hangs or crashes; loam_visit, loam_usable_size and loam_block_of know each block as it was handed
 * out; all invariants hold at the end. Contents are not checked: those are what the attacker
 * writes.
 *
 * Pokes are made by process_vm_writev on this process: memory that is not there, is a guard or can't
 * be written is skipped by the kernel. They reach arenas, records and thread heaps alike, whatever
 * of them lies in the window; memory of others, such as the test's own, is left alone.
 *
 * Each batch is a child process with a heap of its own, since what a finding leaves behind stays. */

// ctest-processors: 2
// ctest-args: --rounds 100000 --threads 1
// ctest-args: --rounds 100000 --threads 2
// ctest-builds: release clang debug test-mode ubsan
// ctest-args: --rounds 3000000 --threads 1
// ctest-label: soak
// ctest-timeout: 900
// ctest-args: --rounds 3000000 --threads 2
// ctest-label: soak
// ctest-timeout: 900

#include "base/finding.h"
#include "heap/arena.h"
#include "heap/thread.h"
#include "heap/verify.h"
#include "loam/loam.h"
#include "support/child.h"
#include "support/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum {
    BATCH = 10000,       /* rounds in one process */
    PATIENCE = 120,      /* seconds for a batch, then it hangs */
    THREADS_MAX = 4,     /* of one batch */
    BLOCKS_MAX = 400,    /* live ones of a thread */
    FREED = 64,          /* addresses of freed blocks that a thread remembers */
    REACH = 32 << 10,    /* bytes on either side of a block */
    POKE_MAX = 64,       /* bytes that one poke changes */
    SENTINEL = 64 << 10, /* bytes of a mapping that nobody may write to */
};

typedef struct block {
    char *at;
    size_t size;      /* asked for */
    size_t usable;    /* as the manager said when it was new */
    size_t alignment; /* asked for, 0 without */
} block;

typedef struct attacker {
    random_state random;
    size_t rounds;
    block live[BLOCKS_MAX]; /* changed by this thread only, under the mutex */
    size_t count;
    char *freed[FREED];
    size_t freed_count; /* ever */
} attacker;

/* What all batches add up to, shared with the children. */
typedef struct totals {
    _Atomic uint64_t pokes, skipped, findings, blocks;
} totals;

static struct {
    uint64_t seed;
    size_t rounds;
    unsigned threads;
} settings = {0, 20000, 1};

static totals *sum;
static uint64_t batch_seed;
static attacker attackers[THREADS_MAX];
static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *sentinels[2];

/* Findings in calls of this thread, ever. */
static _Thread_local uint64_t own_findings;

static void count_finding(const lm_finding *finding) {
    (void)finding;
    own_findings++;
    atomic_fetch_add(&sum->findings, 1);
}

static _Noreturn void __attribute__((format(printf, 1, 2))) fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "batch of seed %llu: ", (unsigned long long)batch_seed);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}

/* ---- Pokes ---------------------------------------------------------------------------------- */

static bool in_range(const void *at, size_t size, const void *range, size_t range_size) {
    return (uintptr_t)at >= (uintptr_t)range &&
           (uintptr_t)at + size <= (uintptr_t)range + range_size;
}

/* Whether the memory is Loam's, so that an attacker may be let at it. */
static bool is_loams(const void *at, size_t size) {
    for (uint32_t i = 0; i < atomic_load(&lm_arena_count); i++)
        for (int range = 0; range < 2; range++)
            if (in_range(at, size, lm_arenas[i].reserved[range], lm_arenas[i].reserved_size[range]))
                return true;
    return in_range(at, size, lm_self, sizeof *lm_self);
}

/* Words that an attacker would try: addresses, sizes, flags, noise. */
static uint64_t tempting_word(attacker *a) {
    switch (random_below(&a->random, 4)) {
    case 0:
        return a->count ? (uintptr_t)a->live[random_below(&a->random, a->count)].at : 0;
    case 1:
        return random_below(&a->random, 4096);
    case 2:
        return random_once_in(&a->random, 2) ? 0 : UINT64_MAX;
    default:
        return random_bits(&a->random);
    }
}

static void poke(attacker *a) {
    size_t remembered = a->freed_count < FREED ? a->freed_count : FREED;
    size_t which = random_below(&a->random, a->count + remembered + 1);
    if (which == a->count + remembered)
        return;
    char *around = which < a->count ? a->live[which].at : a->freed[which - a->count];
    uint64_t bytes[POKE_MAX / sizeof(uint64_t)];
    for (size_t i = 0; i < POKE_MAX / sizeof(uint64_t); i++)
        bytes[i] = tempting_word(a);
    /* Half of the pokes near the block's first byte: that is where one's own mistakes strike. */
    size_t reach = random_once_in(&a->random, 2) ? REACH : 64;
    size_t size = 1 + random_below(&a->random, POKE_MAX);
    uintptr_t to = (uintptr_t)around - reach + random_below(&a->random, 2 * reach);
    struct iovec here = {bytes, size}, there = {(void *)to, size};
    bool written =
        is_loams(there.iov_base, size) && process_vm_writev(getpid(), &here, 1, &there, 1, 0) > 0;
    atomic_fetch_add(written ? &sum->pokes : &sum->skipped, 1);
}

/* ---- The model ------------------------------------------------------------------------------ */

static bool overlaps(const block *b, const block *other) {
    return b->at < other->at + other->usable && other->at < b->at + b->usable;
}

static bool in_an_arena(const block *b) {
    for (uint32_t i = 0; i < atomic_load(&lm_arena_count); i++)
        if (in_range(b->at, b->usable, (void *)lm_once.lookups[i].base, lm_once.lookups[i].size))
            return true;
    return false;
}

/* The size that was asked for is told by what lies behind the block, and that may be overwritten by now: so
 * that the answer is another one. Without tails the manager's own records tell it. */
static bool too_small(size_t usable, size_t size) {
    return usable < size && !lm_once.tail;
}

static size_t usable_of(char *at, size_t size) {
    uint64_t before = own_findings;
    size_t usable = loam_usable_size(at);
    if (too_small(usable, size) && own_findings == before)
        fail("%p: %zu usable bytes of %zu asked for", (void *)at, usable, size);
    return usable < size ? size : usable;
}

/* Takes a new block into the table. Blocks are taken out before they are freed, so all that are in
 * there are live. */
static void keep(attacker *a, char *at, size_t size, size_t alignment) {
    if (!at)
        fail("no block of %zu bytes, alignment %zu, errno %d", size, alignment, errno);
    block b = {at, size, usable_of(at, size), alignment};
    if ((uintptr_t)at % (alignment < 16 ? 16 : alignment) != 0)
        fail("%p of %zu bytes isn't aligned to %zu", (void *)at, size, alignment);
    if (!in_an_arena(&b))
        fail("%p of %zu bytes lies in no arena", (void *)at, size);
    pthread_mutex_lock(&table_mutex);
    for (unsigned t = 0; t < settings.threads; t++)
        for (size_t i = 0; i < attackers[t].count; i++)
            if (overlaps(&b, &attackers[t].live[i]))
                fail("%p of %zu bytes overlaps the live block %p of %zu", (void *)at, b.usable,
                     (void *)attackers[t].live[i].at, attackers[t].live[i].usable);
    a->live[a->count++] = b;
    pthread_mutex_unlock(&table_mutex);
    atomic_fetch_add(&sum->blocks, 1);
}

static block pick(attacker *a) {
    size_t i = random_below(&a->random, a->count);
    pthread_mutex_lock(&table_mutex);
    block b = a->live[i];
    a->live[i] = a->live[--a->count];
    pthread_mutex_unlock(&table_mutex);
    a->freed[a->freed_count++ % FREED] = b.at;
    return b;
}

/* ---- Operations ----------------------------------------------------------------------------- */

static void get(attacker *a) {
    size_t size = random_size(&a->random);
    size_t alignment = (size_t)16 << random_below(&a->random, 10);
    void *at = NULL;
    switch (random_below(&a->random, 6)) {
    case 0:
        keep(a, loam_calloc(1, size), size, 0);
        break;
    case 1:
        keep(a, loam_aligned_alloc(alignment, size), size, alignment);
        break;
    case 2:
        if (loam_posix_memalign(&at, alignment, size) != 0)
            fail("posix_memalign(%zu, %zu)", alignment, size);
        keep(a, at, size, alignment);
        break;
    default:
        keep(a, loam_malloc(size), size, 0);
    }
}

static void drop(attacker *a) {
    block b = pick(a);
    if (random_once_in(&a->random, 2))
        loam_free(b.at);
    else if (b.alignment)
        loam_free_aligned_sized(b.at, b.alignment, b.size);
    else
        loam_free_sized(b.at, b.size);
}

/* A finding may refuse it: then nobody knows the block any more. */
static void resize(attacker *a) {
    block b = pick(a);
    uint64_t before = own_findings;
    size_t size = random_size(&a->random);
    char *at = loam_realloc(b.at, size);
    if (at)
        keep(a, at, size, 0);
    else if (own_findings == before)
        fail("realloc of %zu bytes to %zu", b.size, size);
}

static void ask(attacker *a) {
    const block *b = &a->live[random_below(&a->random, a->count)];
    uint64_t before = own_findings;
    size_t size = 0, usable = loam_usable_size(b->at);
    if (too_small(usable, b->size) && own_findings == before)
        fail("%p of %zu bytes has %zu now", (void *)b->at, b->size, usable);
    if (loam_block_of(b->at + b->size / 2, &size) != b->at || too_small(size, b->size))
        fail("%p is another block now", (void *)b->at);
}

typedef struct search {
    const attacker *of;
    size_t found;
} search;

static bool look(void *at, size_t size, void *context) {
    search *s = context;
    for (size_t i = 0; i < s->of->count; i++)
        s->found += s->of->live[i].at == at && !too_small(size, s->of->live[i].size);
    return true;
}

static void ask_about_all(attacker *a) {
    search s = {a, 0};
    loam_stats stats;
    char json[512];
    loam_get_stats(&stats);
    if (stats.live_blocks < a->count)
        fail("%zu live blocks are counted, one thread has %zu", stats.live_blocks, a->count);
    if (loam_stats_json(json, sizeof json) == 0)
        fail("no statistics as JSON");
    if (!loam_visit(look, &s) || s.found != a->count)
        fail("%zu of %zu blocks were visited", s.found, a->count);
    loam_trim(random_once_in(&a->random, 2) ? 0 : REACH);
}

static void *attack(void *argument) {
    attacker *a = argument;
    for (size_t i = 0; i < a->rounds; i++) {
        poke(a);
        if (a->count < BLOCKS_MAX / 8 || (a->count < BLOCKS_MAX && random_once_in(&a->random, 2)))
            get(a);
        else if (random_once_in(&a->random, 4))
            resize(a);
        else
            drop(a);
        if (random_once_in(&a->random, 4))
            ask(a);
        if (random_once_in(&a->random, 500))
            ask_about_all(a);
    }
    return NULL;
}

/* ---- Batches -------------------------------------------------------------------------------- */

static void set_sentinels(void) {
    for (int i = 0; i < 2; i++) {
        sentinels[i] =
            mmap(NULL, SENTINEL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (sentinels[i] == MAP_FAILED)
            fail("no memory for the test itself");
        memset(sentinels[i], 's', SENTINEL);
    }
}

static void check_sentinels(void) {
    for (int i = 0; i < 2; i++)
        for (size_t at = 0; at < SENTINEL; at++)
            if (sentinels[i][at] != 's')
                fail("memory of the program was written to, at %p", (void *)&sentinels[i][at]);
}

static int run_batch(void *seed) {
    pthread_t threads[THREADS_MAX];
    batch_seed = *(const uint64_t *)seed;
    alarm(PATIENCE);
    lm_finding_hook = count_finding;
    set_sentinels();
    for (unsigned i = 0; i < settings.threads; i++) {
        attackers[i].random.at = batch_seed * THREADS_MAX + i;
        attackers[i].rounds = BATCH / settings.threads;
    }
    for (unsigned i = 0; i < settings.threads; i++)
        if (pthread_create(&threads[i], NULL, attack, &attackers[i]) != 0)
            fail("no thread");
    for (unsigned i = 0; i < settings.threads; i++)
        pthread_join(threads[i], NULL);
    check_sentinels();
    int broken = lm_verify();
    if (broken)
        fail("invariant %d doesn't hold", broken);
    return EXIT_SUCCESS;
}

static void read_arguments(int count, char **arguments) {
    for (int i = 1; i + 1 < count; i += 2) {
        uint64_t value = strtoull(arguments[i + 1], NULL, 0);
        if (strcmp(arguments[i], "--rounds") == 0)
            settings.rounds = value;
        else if (strcmp(arguments[i], "--threads") == 0)
            settings.threads = (unsigned)(value < 1 || value > THREADS_MAX ? 1 : value);
        else if (strcmp(arguments[i], "--seed") == 0)
            settings.seed = value;
        else
            fail("unknown argument %s: --rounds, --threads and --seed are known", arguments[i]);
    }
}

static bool can_poke(void) {
    char from = 1, to = 0;
    struct iovec here = {&from, 1}, there = {&to, 1};
    return process_vm_writev(getpid(), &here, 1, &there, 1, 0) == 1 && to == 1;
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    if (!can_poke()) {
        puts("process_vm_writev is not allowed here");
        return 77;
    }
    sum = mmap(NULL, sizeof *sum, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sum == MAP_FAILED)
        fail("no memory for the test itself");
    for (size_t done = 0; done < settings.rounds; done += BATCH) {
        uint64_t seed = settings.seed + done / BATCH;
        int status = in_child(run_batch, &seed);
        if (status != EXIT_SUCCESS) {
            printf("--threads %u --seed %llu --rounds 1: status %d (minus: a signal)\n",
                   settings.threads, (unsigned long long)seed, status);
            return EXIT_FAILURE;
        }
    }
    printf("%llu pokes, %llu skipped, %llu blocks, %llu findings\n", (unsigned long long)sum->pokes,
           (unsigned long long)sum->skipped, (unsigned long long)sum->blocks,
           (unsigned long long)sum->findings);
    return EXIT_SUCCESS;
}
