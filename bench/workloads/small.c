/*
 * Blocks of random small sizes in a table, replaced at random: the heap of a long-running program
 * that holds many objects of many ages. Nothing is freed in the order it was allocated, so every
 * free meets a cold slot.
 */
#include "bench.h"

enum { PLACES = 100000 };

static uint64_t churn(struct bench_block *table, uint64_t count, uint64_t stream) {
    uint64_t checksum = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct bench_block *block = &table[bench_below(&stream, PLACES)];
        if (block->data != NULL)
            checksum += bench_block_drop(block);
        const size_t size = bench_size(&stream);
        bench_block_make(block, size, stream ^ i);
    }
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct bench_block *table = bench_need(calloc(PLACES, sizeof *table));
    uint64_t checksum = churn(table, bench_scaled(options, 5000000), stream);
    checksum += bench_blocks_drop(table, PLACES);
    free(table);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
