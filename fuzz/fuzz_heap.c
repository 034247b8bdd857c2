/* Bytes become operations of the public interface, checked against a model of what must be live:
 * contents, sizes, overlap, findings for misuse and for nothing else, and the heap's invariants
 * every so often.
 *
 * A second thread does some of the operations, one at a time and waited for, so that frees come
 * from others and threads end with blocks left, and yet an input always does the same. */
#include "../tests/support/pattern.h"
#include "../tests/support/trap.h"
#include "check.h"
#include "heap/find.h"
#include "heap/thread.h"
#include "heap/verify.h"
#include "loam/loam.h"

#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS = 96, VERIFY_EVERY = 64 };

typedef struct block {
    char *at; /* NULL: none */
    size_t size, filled, alignment;
    uint64_t id;
} block;

typedef struct bytes {
    const uint8_t *at, *end;
} bytes;

static block blocks[BLOCKS];
static uint64_t next_id;

/* ---- Reading
 * ----------------------------------------------------------------------------------------- */

static unsigned take_byte(bytes *in) {
    return in->at < in->end ? *in->at++ : 0;
}

/* A size of any magnitude from two bytes: 4 bits for it, 12 for the rest. */
static size_t take_size(bytes *in) {
    unsigned magnitude = take_byte(in), rest = take_byte(in);
    size_t size = ((size_t)(magnitude & 15) << 8 | rest) << (magnitude >> 4);
    return size >> (magnitude >> 4 > 10 ? 6 : 4);
}

static block *take_block(bytes *in) {
    return &blocks[take_byte(in) % BLOCKS];
}

/* ---- The model
 * ---------------------------------------------------------------------------------------- */

static bool is_live(const char *p) {
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].at == p)
            return true;
    return false;
}

static void furnish(block *b, char *at, size_t size, size_t alignment) {
    CHECK(at != NULL && (uintptr_t)at % (alignment > 16 ? alignment : 16) == 0);
    size_t usable = loam_usable_size(at);
    CHECK((lm_once.tail ? usable == size : usable >= size) && loam_owns(at));
    *b = (block){at, size, next_id % 2 ? size : usable, alignment, next_id};
    next_id++;
    pattern_fill(b->at, b->filled, b->id);
}

static void check_content(const block *b, size_t kept) {
    CHECK(pattern_holds(b->at, b->filled, kept, b->id));
}

static void drop(block *b) {
    if (!b->at)
        return;
    check_content(b, b->filled);
    errno = EXDEV;
    if (b->id % 3)
        loam_free(b->at);
    else if (b->alignment)
        loam_free_aligned_sized(b->at, b->alignment, b->size);
    else
        loam_free_sized(b->at, b->size);
    CHECK(errno == EXDEV);
    b->at = NULL;
}

/* ---- Operations
 * ----------------------------------------------------------------------------------------- */

static void do_malloc(bytes *in) {
    block *b = take_block(in);
    size_t size = take_size(in);
    drop(b);
    furnish(b, loam_malloc(size), size, 0);
}

static void do_calloc(bytes *in) {
    block *b = take_block(in);
    size_t size = take_size(in);
    drop(b);
    char *at = loam_calloc(1 + size % 2, size);
    size *= 1 + size % 2;
    CHECK(at != NULL && all_zero(at, size));
    furnish(b, at, size, 0);
}

static void do_aligned(bytes *in) {
    block *b = take_block(in);
    size_t alignment = (size_t)8 << take_byte(in) % 18, size = take_size(in);
    void *at = NULL;
    drop(b);
    if (size % 2)
        CHECK(loam_posix_memalign(&at, alignment, size) == 0);
    else
        at = loam_aligned_alloc(alignment, size);
    furnish(b, at, size, alignment);
}

static void do_realloc(bytes *in) {
    block *b = take_block(in);
    size_t size = take_size(in);
    char *at = loam_realloc(b->at, size);
    CHECK(at != NULL);
    if (b->at) {
        b->at = at;
        check_content(b, size < b->size ? size : b->size);
    }
    furnish(b, at, size, 0);
}

static void do_free(bytes *in) {
    drop(take_block(in));
}

static void do_ask(bytes *in) {
    const block *b = take_block(in);
    size_t offset = take_size(in), usable = 0;
    if (!b->at)
        return;
    size_t most = loam_usable_size(b->at);
    offset = most ? offset % most : 0;
    CHECK(loam_block_of(b->at + offset, &usable) == b->at && usable == most);
    CHECK(loam_good_size(b->size) >= b->size);
}

static void do_trim(bytes *in) {
    loam_trim(take_size(in));
}

/* Requests that can't be met: NULL, and nothing else happens. */
static void do_too_much(bytes *in) {
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2, (size_t)1 << 46};
    block *b = take_block(in);
    volatile size_t size = sizes[take_byte(in) % 4];
    errno = 0;
    CHECK(!loam_malloc(size) && errno == ENOMEM);
    CHECK(!loam_calloc(size, 2) && !loam_realloc(b->at, size) && !loam_aligned_alloc(64, size));
    if (b->at)
        check_content(b, b->filled);
}

/* An owner that frees what another thread has freed hears of it later, when both bits meet: a unit
 * test has that (test_remote.c). */
static bool is_named_later(const char *p) {
    lm_found found = lm_find(p);
    if (!found.slab || found.block != p || atomic_load(&found.slab->owner) != lm_self)
        return false;
    return atomic_load(&lm_slab_remotes(found.slab)[found.slot / 64].bits) >> found.slot % 64 & 1;
}

/* Any pointer into or near a block that isn't a live one: one finding, and the heap stays as it
 * was. */
static void do_misuse(bytes *in) {
    static char *lately;
    const block *b = take_block(in);
    size_t offset = take_size(in);
    char *p = b->at ? b->at + offset : lately;
    lately = b->at ? b->at : lately;
    if (!p || is_live(p) || is_named_later(p))
        return;
    if (offset % 2)
        loam_free(p);
    else
        CHECK(!loam_realloc(p, 1));
    CHECK(trap_take() == 1);
}

typedef void operation(bytes *in);
static operation *const operations[] = {
    do_malloc, do_malloc, do_malloc, do_calloc, do_calloc, do_aligned,  do_realloc, do_realloc,
    do_free,   do_free,   do_free,   do_ask,    do_misuse, do_too_much, do_trim,
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

/* ---- The other thread
 * ------------------------------------------------------------------------------------- */

static pthread_t other;
static bool other_runs;
static sem_t asked, done;
static operation *order; /* NULL: to end */
static bytes *order_bytes;

/* The fuzzer's own alarm interrupts the wait. */
static void wait_for(sem_t *signal) {
    while (sem_wait(signal) != 0)
        CHECK(errno == EINTR);
}

static void *obey(void *argument) {
    for (;;) {
        wait_for(&asked);
        if (!order)
            return argument;
        order(order_bytes);
        sem_post(&done);
    }
}

static void by_other(operation *what, bytes *in) {
    if (!other_runs) {
        CHECK(pthread_create(&other, NULL, obey, NULL) == 0);
        other_runs = true;
    }
    order = what;
    order_bytes = in;
    sem_post(&asked);
    wait_for(&done);
}

static void end_other(void) {
    if (!other_runs)
        return;
    order = NULL;
    sem_post(&asked);
    pthread_join(other, NULL);
    other_runs = false;
}

/* ---- The whole
 * -------------------------------------------------------------------------------------------- */

static bool count_live(void *at, size_t size, void *context) {
    CHECK(is_live(at) && size <= loam_good_size(size));
    ++*(size_t *)context;
    return true;
}

static void check_everything(void) {
    loam_stats stats;
    size_t live = 0, seen = 0;
    CHECK(lm_verify() == 0);
    for (int i = 0; i < BLOCKS; i++) {
        live += blocks[i].at != NULL;
        if (blocks[i].at)
            check_content(&blocks[i], blocks[i].filled);
    }
    loam_visit(count_live, &seen);
    loam_get_stats(&stats);
    CHECK(seen == live);
    CHECK(stats.live_blocks == live);
    CHECK(trap_take() == 0);
}

static void step(bytes *in) {
    unsigned what = take_byte(in);
    operation *todo = operations[what % OPERATIONS];
    if (what == 255)
        end_other();
    else if (what >= 128)
        by_other(todo, in);
    else
        todo(in);
}

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    sem_init(&asked, 0, 0);
    sem_init(&done, 0, 0);
    trap_set();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes in = {data, data + size};
    next_id = 0;
    for (unsigned n = 1; in.at < in.end; n++) {
        step(&in);
        if (n % VERIFY_EVERY == 0)
            check_everything();
    }
    check_everything();
    for (int i = 0; i < BLOCKS; i++)
        drop(&blocks[i]);
    end_other();
    loam_trim(0);
    check_everything();
    return 0;
}
