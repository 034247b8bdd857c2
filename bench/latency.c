/*
 * loam-bench-latency [--scale PERCENT] [--threads N] [--seed N] [--self-test yes]: how long single
 * calls of malloc and free take, 10 million of them in all, of mixed sizes; one line for each
 * percentile in nanoseconds. `bench/latency` runs it with each heap.
 *
 * A call is timed with the processor's time-stamp counter, between fences, so that what stands
 * before and behind it isn't counted. What that costs itself is measured and told, and not taken
 * off: at the small percentiles it is most of the figure. Blocks are written and read outside.
 */
#include "workloads/bench.h"

#include "latency.h"

#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

enum { PLACES = 20000, CALLS = 10000000, OWN_CALLS = 100000, MANY = 20000 };

static const struct bench_choice mode = {"--self-test", (const char *const[]){"no", "yes", NULL}};

/* ---- the clock ---- */

static uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__)
static const char clock_name[] = "tsc";

static inline uint64_t ticks_before(void) {
    _mm_mfence();
    _mm_lfence();
    const uint64_t ticks = __rdtsc();
    _mm_lfence();
    return ticks;
}

static inline uint64_t ticks_after(void) {
    unsigned processor;
    const uint64_t ticks = __rdtscp(&processor); /* waits for what stands before it */
    _mm_lfence();
    return ticks;
}
#else
static const char clock_name[] = "clock_gettime";

static inline uint64_t ticks_before(void) {
    return nanoseconds();
}

static inline uint64_t ticks_after(void) {
    return nanoseconds();
}
#endif

/* By a fiftieth of a second beside the system's clock. */
static double ticks_in_nanosecond(void) {
    const uint64_t wanted = 20000000;
    const uint64_t start = nanoseconds(), ticks = ticks_before();
    uint64_t now;
    do
        now = nanoseconds();
    while (now - start < wanted);
    return (double)(ticks_after() - ticks) / (double)(now - start);
}

/* Two stamps on different processors may be apart the wrong way round. */
static inline uint64_t between(uint64_t before, uint64_t after) {
    return after > before ? after - before : 0;
}

static uint64_t own_ticks(void) {
    struct histogram *histogram = bench_need(calloc(1, sizeof *histogram));
    for (unsigned i = 0; i < OWN_CALLS; i++) {
        const uint64_t before = ticks_before();
        histogram_add(histogram, between(before, ticks_after()));
    }
    const uint64_t median = histogram_percentile(histogram, 500000);
    free(histogram);
    return median;
}

/* ---- the calls ---- */

struct times {
    pthread_t id;
    struct histogram malloc, free;
    uint64_t calls; /* of malloc; as many of free */
    uint64_t stream;
    uint64_t checksum;
};

static void timed_make(struct times *times, struct bench_block *block) {
    block->size = bench_size(&times->stream);
    block->tag = bench_random(&times->stream);
    const uint64_t before = ticks_before();
    void *data = malloc(block->size);
    const uint64_t after = ticks_after();
    histogram_add(&times->malloc, between(before, after));
    block->data = bench_need(data);
    bench_block_fill(block);
}

static void timed_drop(struct times *times, struct bench_block *block) {
    times->checksum += bench_block_read(block);
    void *data = block->data;
    const uint64_t before = ticks_before();
    free(data);
    const uint64_t after = ticks_after();
    histogram_add(&times->free, between(before, after));
    block->data = NULL;
}

static void *time_calls(void *argument) {
    struct times *times = argument;
    struct bench_block *table = bench_need(calloc(PLACES, sizeof *table));
    for (uint64_t i = 0; i < times->calls; i++) {
        struct bench_block *block = &table[bench_below(&times->stream, PLACES)];
        if (block->data != NULL)
            timed_drop(times, block);
        timed_make(times, block);
    }
    for (size_t i = 0; i < PLACES; i++)
        if (table[i].data != NULL)
            timed_drop(times, &table[i]);
    free(table);
    return NULL;
}

/* ---- the report ---- */

static void print_times(const char *name, const struct histogram *histogram, double in_nanosecond) {
    static const struct {
        const char *name;
        uint64_t of_million;
    } percentiles[] = {
        {"p50", 500000}, {"p90", 900000}, {"p99", 990000}, {"p99.9", 999000}, {"p99.99", 999900}};
    printf("%s.calls %" PRIu64 "\n", name, histogram->all);
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++) {
        const uint64_t ticks = histogram_percentile(histogram, percentiles[i].of_million);
        printf("%s.%s %.1f\n", name, percentiles[i].name, (double)ticks / in_nanosecond);
    }
    printf("%s.max %.1f\n", name, (double)histogram->max / in_nanosecond);
}

/* ---- its own test: percentiles by the histogram beside those by sorting ---- */

static int compare(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void check_percentile(const struct histogram *histogram, const uint64_t *sorted,
                             uint64_t count, uint64_t of_million) {
    const uint64_t rank = (count * of_million + 999999) / 1000000;
    const uint64_t right = sorted[rank == 0 ? 0 : rank - 1];
    const uint64_t found = histogram_percentile(histogram, of_million);
    if (found < right || found - right > right / HISTOGRAM_STEPS)
        bench_die("of %" PRIu64 " times, %" PRIu64 " of a million: %" PRIu64 ", not %" PRIu64,
                  count, of_million, found, right);
}

static void check_places(void) {
    for (unsigned i = 0; i < HISTOGRAM_SIZE; i++)
        if (histogram_place(histogram_top(i)) != i)
            bench_die("the last time of place %u is in place %u", i,
                      histogram_place(histogram_top(i)));
    for (unsigned i = 0; i + 1 < HISTOGRAM_SIZE; i++)
        if (histogram_place(histogram_top(i) + 1) != i + 1)
            bench_die("between the places %u and %u is a gap", i, i + 1);
}

static int self_test(uint64_t seed) {
    static const uint64_t parts[] = {1, 500000, 900000, 990000, 999000, 999900, 1000000};
    uint64_t stream = bench_stream(seed, 0);
    uint64_t *times = bench_need(malloc(MANY * sizeof *times));
    struct histogram *whole = bench_need(malloc(sizeof *whole));
    struct histogram *half = bench_need(malloc(sizeof *half));
    check_places();
    for (uint64_t count = 1; count <= MANY; count = count * 3 + 1) {
        memset(whole, 0, sizeof *whole);
        memset(half, 0, sizeof *half);
        for (uint64_t i = 0; i < count; i++) {
            times[i] = bench_random(&stream) >> bench_below(&stream, 64);
            histogram_add(i % 2 == 0 ? whole : half, times[i]);
        }
        histogram_merge(whole, half);
        qsort(times, count, sizeof *times, compare);
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            check_percentile(whole, times, count, parts[i]);
        if (whole->max != times[count - 1] || whole->all != count)
            bench_die("the largest of %" PRIu64 " times isn't kept", count);
    }
    free(times);
    free(whole);
    free(half);
    puts("self-test passed");
    return 0;
}

int main(int count, char **arguments) {
    (void)count;
    const struct bench_options options = bench_options_read_own(arguments, 2, &mode);
    if (options.choice == 1)
        return self_test(options.seed);
    const double in_nanosecond = ticks_in_nanosecond();
    const uint64_t own = own_ticks();
    struct times *times = bench_need(calloc(options.threads, sizeof *times));
    for (unsigned i = 0; i < options.threads; i++) {
        times[i].calls = bench_scaled(&options, CALLS / 2) / options.threads;
        times[i].stream = bench_stream(options.seed, i);
        bench_start(&times[i].id, time_calls, &times[i]);
    }
    uint64_t checksum = 0;
    for (unsigned i = 0; i < options.threads; i++) {
        bench_join(times[i].id);
        checksum += times[i].checksum;
        if (i > 0) {
            histogram_merge(&times[0].malloc, &times[i].malloc);
            histogram_merge(&times[0].free, &times[i].free);
        }
    }
    printf("clock %s\nticks_in_nanosecond %.4f\noverhead %.1f\n", clock_name, in_nanosecond,
           (double)own / in_nanosecond);
    print_times("malloc", &times[0].malloc, in_nanosecond);
    print_times("free", &times[0].free, in_nanosecond);
    free(times);
    return bench_report(checksum);
}
