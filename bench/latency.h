/*
 * A histogram of times with steps that grow with the time: each power of two has as many of them,
 * so that every percentile is known to within a thirty-second part, from one tick to years.
 */
#ifndef LOAM_BENCH_LATENCY_H
#define LOAM_BENCH_LATENCY_H

#include <stdint.h>

enum {
    HISTOGRAM_BITS = 5,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS, /* of each power of two */
    HISTOGRAM_SIZE = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS,
};

struct histogram {
    uint64_t count[HISTOGRAM_SIZE];
    uint64_t all;
    uint64_t max; /* exact */
};

static inline unsigned histogram_place(uint64_t ticks) {
    if (ticks < HISTOGRAM_STEPS)
        return (unsigned)ticks;
    const unsigned shift = 63 - (unsigned)__builtin_clzll(ticks) - HISTOGRAM_BITS;
    return (shift + 1) * HISTOGRAM_STEPS + (unsigned)((ticks >> shift) - HISTOGRAM_STEPS);
}

/* The largest time that falls into the place. */
static inline uint64_t histogram_top(unsigned place) {
    if (place < HISTOGRAM_STEPS)
        return place;
    const unsigned shift = place / HISTOGRAM_STEPS - 1;
    const uint64_t step = HISTOGRAM_STEPS + place % HISTOGRAM_STEPS;
    return (step << shift) + ((UINT64_C(1) << shift) - 1);
}

static inline void histogram_add(struct histogram *histogram, uint64_t ticks) {
    histogram->count[histogram_place(ticks)]++;
    histogram->all++;
    if (ticks > histogram->max)
        histogram->max = ticks;
}

static inline void histogram_merge(struct histogram *into, const struct histogram *from) {
    for (unsigned i = 0; i < HISTOGRAM_SIZE; i++)
        into->count[i] += from->count[i];
    into->all += from->all;
    if (from->max > into->max)
        into->max = from->max;
}

/* The time that so many of 1,000,000 calls don't exceed, rounded up to its step. */
static inline uint64_t histogram_percentile(const struct histogram *histogram,
                                            uint64_t of_million) {
    const uint64_t million = 1000000;
    const uint64_t wanted = (histogram->all * of_million + million - 1) / million;
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_SIZE; i++) {
        seen += histogram->count[i];
        if (seen >= wanted && seen > 0) {
            const uint64_t top = histogram_top(i);
            return top < histogram->max ? top : histogram->max;
        }
    }
    return 0;
}

#endif
