/*
 * Small blocks that live briefly, in few places, so that the heap's own path decides and not the
 * processor's caches. The order of freeing is the difference: the latest first, as calls that nest
 * do; the oldest first, as queues do; or any.
 *
 * The threads share the work, so that four on two cores don't take twice as long.
 */
#include "bench.h"

enum { LIFO, FIFO, RANDOM };
enum { PLACES = 4096, LONGEST_RUN = 64 };

static const struct bench_choice order = {"--order",
                                          (const char *const[]){"lifo", "fifo", "random", NULL}};

static void make(struct bench_block *block, uint64_t *stream) {
    const size_t size = bench_size_between(stream, 16, 5);
    bench_block_make(block, size, *stream);
}

static uint64_t churn_lifo(struct bench_block *table, uint64_t count, uint64_t stream) {
    uint64_t checksum = 0;
    size_t used = 0;
    while (count > 0) {
        for (uint64_t run = 1 + bench_below(&stream, LONGEST_RUN); run > 0 && count > 0; run--) {
            if (used == PLACES)
                break;
            make(&table[used++], &stream);
            count--;
        }
        for (uint64_t run = 1 + bench_below(&stream, LONGEST_RUN); run > 0 && used > 0; run--)
            checksum += bench_block_drop(&table[--used]);
    }
    return checksum;
}

static uint64_t churn_places(struct bench_block *table, uint64_t count, uint64_t stream,
                             int in_turn) {
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t place = in_turn ? i % PLACES : bench_below(&stream, PLACES);
        if (table[place].data != NULL)
            checksum += bench_block_drop(&table[place]);
        make(&table[place], &stream);
    }
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct bench_block *table = bench_need(calloc(PLACES, sizeof *table));
    const uint64_t count = bench_scaled(options, 30000000) / options->threads;
    uint64_t checksum = options->choice == LIFO
                            ? churn_lifo(table, count, stream)
                            : churn_places(table, count, stream, options->choice == FIFO);
    checksum += bench_blocks_drop(table, PLACES);
    free(table);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read_own(arguments, 1, &order);
    return bench_report(bench_parallel(&options, body));
}
