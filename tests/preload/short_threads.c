/* 10,000 threads, one batch of ten after the other; each allocates about 100 KB and frees it, but
 * for some blocks that a thread of a later batch frees. The peak of resident memory is at most
 * twice that of the first ten. */
// ctest-builds: release test-mode
// ctest-timeout: 60
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { THREADS = 10000, AT_ONCE = 10, BYTES = 100 * 1000, BLOCKS_MAX = 1000, LEFT = 8 };

/* Blocks for whoever comes later. */
static _Atomic(char *) left[AT_ONCE * LEFT];

/* So that the first ten are really ten. */
static pthread_barrier_t all_have_blocks;

static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    return n % 20 == 0 ? n % 20000 : n % 400;
}

static void *work(void *argument) {
    unsigned seed = (unsigned)(uintptr_t)argument;
    char *blocks[BLOCKS_MAX];
    size_t count = 0;
    for (size_t bytes = 0; bytes < BYTES && count < BLOCKS_MAX; count++) {
        size_t size = some_size(&seed);
        blocks[count] = malloc(size + 1);
        CHECK(blocks[count]);
        memset(blocks[count], 1, size + 1);
        bytes += size;
    }
    pthread_barrier_wait(&all_have_blocks);
    for (size_t i = 0; i < LEFT; i++)
        blocks[i] = atomic_exchange(&left[next_random(&seed) % (AT_ONCE * LEFT)], blocks[i]);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
    return NULL;
}

static void run_batch(unsigned number) {
    pthread_t threads[AT_ONCE];
    for (unsigned i = 0; i < AT_ONCE; i++)
        CHECK(pthread_create(&threads[i], NULL, work,
                             (void *)(uintptr_t)(number * AT_ONCE + i + 1)) == 0);
    for (int i = 0; i < AT_ONCE; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(void) {
    CHECK(pthread_barrier_init(&all_have_blocks, NULL, AT_ONCE) == 0);
    run_batch(0);
    long peak_of_ten = peak_kib();
    for (unsigned i = 1; i < THREADS / AT_ONCE; i++)
        run_batch(i);
    printf("peak of %d threads %ld KiB, of %d threads %ld KiB\n", AT_ONCE, peak_of_ten, THREADS,
           peak_kib());
    fflush(stdout);
    CHECK(peak_kib() <= 2 * peak_of_ten);
    for (size_t i = 0; i < AT_ONCE * LEFT; i++)
        free(atomic_load(&left[i]));
    return EXIT_SUCCESS;
}
