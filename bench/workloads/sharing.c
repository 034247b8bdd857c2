/*
 * Do the blocks of two threads lie in one line of the processor's cache? Each thread takes a small
 * block, writes to it often, and frees it, again and again. After Berger and others, "Hoard" (2000).
 *
 * `active`: the threads' own allocations must not share a line. `passive`: each thread first frees
 * blocks that main allocated beside each other, and a heap that hands them out again to whoever
 * freed them has split a line between threads for good.
 */
#include "bench.h"

enum { ACTIVE, PASSIVE };
enum { GIVEN = 16, SIZE = 16, WRITES = 4000 };

static const struct bench_choice kind = {"--kind",
                                         (const char *const[]){"active", "passive", NULL}};

struct sharer {
    pthread_t id;
    struct bench_block given[GIVEN];
    uint64_t rounds;
    uint64_t stream;
    uint64_t checksum;
};

static uint64_t write_often(uint64_t start) {
    uint64_t *block = bench_need(malloc(SIZE));
    volatile uint64_t *word = block; /* each write is one */
    *word = start;
    for (uint64_t i = 0; i < WRITES; i++)
        *word += i;
    const uint64_t found = *word;
    if (found != start + (uint64_t)WRITES * (WRITES - 1) / 2)
        bench_die("a word was changed by someone else");
    free(block);
    return found;
}

static void *share(void *argument) {
    struct sharer *sharer = argument;
    uint64_t stream = sharer->stream;
    uint64_t checksum = 0;
    checksum += bench_blocks_drop(sharer->given, GIVEN);
    for (uint64_t i = 0; i < sharer->rounds; i++)
        checksum += write_often(bench_random(&stream));
    sharer->checksum = checksum;
    return NULL;
}

/* One block for each thread in turn, so that neighbours go to different threads. */
static void give(struct sharer *sharers, unsigned count, uint64_t stream) {
    for (size_t i = 0; i < GIVEN; i++)
        for (unsigned j = 0; j < count; j++)
            bench_block_make(&sharers[j].given[i], SIZE, bench_random(&stream));
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read_own(arguments, 2, &kind);
    struct sharer *sharers = bench_need(calloc(options.threads, sizeof *sharers));
    if (options.choice == PASSIVE)
        give(sharers, options.threads, bench_stream(options.seed, options.threads));
    for (unsigned i = 0; i < options.threads; i++) {
        sharers[i].rounds = bench_scaled(&options, 300000);
        sharers[i].stream = bench_stream(options.seed, i);
        bench_start(&sharers[i].id, share, &sharers[i]);
    }
    uint64_t checksum = 0;
    for (unsigned i = 0; i < options.threads; i++) {
        bench_join(sharers[i].id);
        checksum += sharers[i].checksum;
    }
    free(sharers);
    return bench_report(checksum);
}
