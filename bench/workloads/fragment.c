/*
 * A few blocks stay among many that go, and each phase asks for other sizes than the one before, so
 * that holes don't fit: requests to a server, frames of a game, passes of a compiler.
 *
 * What stays is still there when the program reports its memory: final resident memory beside what
 * is live is the fragmentation. Peak memory tells of the holes that weren't used again.
 */
#include "bench.h"

enum { PHASES = 20, SHORT_LIVED = 200000, ONE_STAYS_IN = 50 };

/* The middle of a phase's sizes wanders between small and large. */
static size_t phase_size(uint64_t *stream, uint64_t phase) {
    const size_t least = (size_t)16 << phase * 3 % 7;
    return bench_size_between(stream, least, 2);
}

static uint64_t phase_run(struct bench_block *table, struct bench_block *staying, size_t *stay,
                          uint64_t phase, uint64_t *stream, size_t count) {
    uint64_t checksum = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t size = phase_size(stream, phase);
        bench_block_make(&table[i], size, bench_random(stream));
    }
    for (size_t i = 0; i < count; i++) {
        if (bench_below(stream, ONE_STAYS_IN) == 0)
            staying[(*stay)++] = table[i];
        else
            checksum += bench_block_drop(&table[i]);
    }
    return checksum;
}

static uint64_t body(const struct bench_options *options, uint64_t stream) {
    const size_t count = bench_scaled(options, SHORT_LIVED);
    struct bench_block *table = bench_need(calloc(count, sizeof *table));
    struct bench_block *staying = bench_need(calloc(count * PHASES, sizeof *staying));
    size_t stay = 0;
    uint64_t checksum = 0;
    for (uint64_t phase = 0; phase < PHASES; phase++) {
        checksum += phase_run(table, staying, &stay, phase, &stream, count);
        /* Of what stayed so far, a quarter ends with each phase. */
        size_t kept = 0;
        for (size_t i = 0; i < stay; i++) {
            if (bench_below(&stream, 4) == 0)
                checksum += bench_block_drop(&staying[i]);
            else
                staying[kept++] = staying[i];
        }
        stay = kept;
    }
    for (size_t i = 0; i < stay; i++)
        checksum += bench_block_read(&staying[i]); /* and not freed: see above */
    free(table);
    free(staying);
    return checksum;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read(arguments, 1);
    return bench_report(bench_parallel(&options, body));
}
