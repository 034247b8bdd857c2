/* Large blocks at random, growing ones, and memory given back, with each kind of guard pages: never
 * more than 8,192 lines in /proc/self/maps beyond those at the start, and all blocks keep their
 * content. */
// ctest-builds: release test-mode
// ctest-timeout: 100
// ctest-args: auto
// ctest-args: protect
// ctest-args: advise
// ctest-args: off
#include "check.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum { THREADS = 2, HELD = 6000, ROUNDS = 16000, MOST = 8192, GROWING = 8 };
static const size_t growing_most = (size_t)4 << 20;

static long at_start;
static _Atomic long most;

static void look(void) {
    long now = count_mappings() - at_start;
    CHECK(now <= MOST);
    long seen = atomic_load(&most);
    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
        continue;
}

/* Mostly just above the size at which a block has mappings of its own, so that many can be held. */
static size_t some_size(unsigned *seed) {
    unsigned n = next_random(seed);
    return n % 50 == 0 ? 66000 + n % 4000000 : n % 5 == 0 ? n % 60000 + 1 : 66000 + n % 60000;
}

static void mark_ends(char *block, size_t size) {
    block[0] = block[size - 1] = (char)(size % 127);
}

static void check_ends(const char *block, size_t size) {
    CHECK(block[0] == (char)(size % 127) && block[size - 1] == (char)(size % 127));
}

static void grow(char **block, size_t *size, unsigned *seed) {
    size_t wished = *size + next_random(seed) % 200000 + 1;
    if (wished > growing_most)
        wished = 70000;
    if (*block)
        check_ends(*block, *size);
    char last = *block && wished >= *size ? (*block)[*size - 1] : 0;
    *block = realloc(*block, wished);
    CHECK(*block && (!last || (*block)[*size - 1] == last));
    mark_ends(*block, wished);
    *size = wished;
}

static void *work(void *argument) {
    unsigned seed = (unsigned)(uintptr_t)argument;
    char **held = calloc(HELD, sizeof *held), *growing[GROWING] = {0};
    size_t *sizes = calloc(HELD, sizeof *sizes), growing_sizes[GROWING] = {0};
    CHECK(held && sizes);
    for (int i = 0; i < ROUNDS; i++) {
        size_t n = next_random(&seed) % HELD;
        if (held[n])
            check_ends(held[n], sizes[n]);
        free(held[n]);
        sizes[n] = some_size(&seed);
        held[n] = malloc(sizes[n]);
        CHECK(held[n]);
        mark_ends(held[n], sizes[n]);
        grow(&growing[n % GROWING], &growing_sizes[n % GROWING], &seed);
        if (i % 2000 == 0)
            look();
        if (i % 4000 == 0)
            malloc_trim(0);
    }
    look();
    for (size_t i = 0; i < HELD; i++)
        free(held[i]);
    for (size_t i = 0; i < GROWING; i++)
        free(growing[i]);
    look();
    free(held);
    free(sizes);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[THREADS];
    char options[64];
    CHECK(argc == 2);
    /* The heap reads its options when the process starts. */
    snprintf(options, sizeof options, "guards=%s", argv[1]);
    if (!getenv("LOAM_OPTIONS")) {
        CHECK(setenv("LOAM_OPTIONS", options, 1) == 0);
        execv("/proc/self/exe", argv);
    }
    at_start = count_mappings();
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    long left = count_mappings() - at_start;
    printf("guards=%s: at most %ld mappings more than at the start, %ld left\n", argv[1], most,
           left);
    fflush(stdout);
    CHECK(left <= MOST / 8);
    return EXIT_SUCCESS;
}
