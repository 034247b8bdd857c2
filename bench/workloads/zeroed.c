/*
 * Blocks from calloc: records, arrays and tables that must begin as zeros. Most are small, some
 * have many pages; what was freed comes back full of old contents, and all of it must be cleared,
 * but memory fresh from the system need not be.
 */
#include "bench.h"

enum { PLACES = 4096, ELEMENT = 8 };

static size_t array_size(uint64_t *stream) {
    const uint64_t pick = bench_below(stream, 1000);
    if (pick < 900)
        return bench_size_between(stream, 16, 6);
    return pick < 998 ? bench_size_between(stream, 1024, 5) : bench_size_between(stream, 65536, 4);
}

static void zeros_check(const unsigned char *data, size_t size) {
    uint64_t any = 0, word;
    for (size_t at = 0; at + sizeof word <= size; at += sizeof word) {
        memcpy(&word, data + at, sizeof word);
        any |= word;
    }
    if (any != 0)
        bench_die("calloc gave a block of %zu bytes that isn't zero", size);
}

static void array_make(struct bench_block *block, uint64_t *stream) {
    const size_t count = array_size(stream) / ELEMENT;
    block->size = count * ELEMENT;
    block->data = bench_need(calloc(count, ELEMENT));
    block->tag = bench_random(stream);
    zeros_check(block->data, block->size);
    bench_block_fill(block);
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct bench_block *table = bench_need(calloc(PLACES, sizeof *table));
    uint64_t checksum = 0;
    for (uint64_t i = bench_scaled(options, 4000000); i > 0; i--) {
        struct bench_block *block = &table[bench_below(&stream, PLACES)];
        if (block->data != NULL)
            checksum += bench_block_drop(block);
        array_make(block, &stream);
    }
    checksum += bench_blocks_drop(table, PLACES);
    free(table);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
