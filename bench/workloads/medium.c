/*
 * Blocks of 4 to 64 KiB, written and read as a whole: pages of files, network buffers, rows of
 * images. Too large for lists of equal slots, too small for a mapping each.
 */
#include "bench.h"

enum { PLACES = 256, BANDS = 4 };

static const size_t LEAST = (size_t)4 << 10;

static void buffer_make(struct bench_block *block, uint64_t *stream) {
    block->size = bench_size_between(stream, LEAST, BANDS);
    block->data = bench_need(malloc(block->size));
    block->tag = bench_random(stream);
    memset(block->data, (unsigned char)block->tag, block->size);
    memcpy(block->data, &block->tag, sizeof block->tag);
}

static uint64_t buffer_drop(struct bench_block *block) {
    uint64_t sum = 0;
    for (size_t at = sizeof block->tag; at < block->size; at += 64)
        sum += block->data[at];
    if (sum != (block->size - sizeof block->tag + 63) / 64 * (unsigned char)block->tag)
        bench_die("a block of %zu bytes was changed by someone else", block->size);
    return sum + bench_block_drop(block);
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    struct bench_block table[PLACES] = {{0}};
    uint64_t checksum = 0;
    for (uint64_t i = bench_scaled(options, 400000); i > 0; i--) {
        struct bench_block *block = &table[bench_below(&stream, PLACES)];
        if (block->data != NULL)
            checksum += buffer_drop(block);
        buffer_make(block, &stream);
    }
    for (size_t i = 0; i < PLACES; i++)
        if (table[i].data != NULL)
            checksum += buffer_drop(&table[i]);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
