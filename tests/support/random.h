/* Numbers that look random and come again with the same seed (splitmix64). */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct random_state {
    uint64_t at;
} random_state;

static inline uint64_t random_bits(random_state *r) {
    uint64_t z = (r->at += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* From 0 to n - 1; `n` is not 0. */
static inline size_t random_below(random_state *r, size_t n) {
    return (size_t)(random_bits(r) % n);
}

/* True once in `n` times. */
static inline bool random_once_in(random_state *r, size_t n) {
    return random_below(r, n) == 0;
}

/* A size of any magnitude up to 4 MiB: mostly small, as programs ask for them. */
static inline size_t random_size(random_state *r) {
    size_t dice = random_below(r, 1000);
    if (dice < 700)
        return random_below(r, 257);
    if (dice < 900)
        return random_below(r, 2049);
    if (dice < 990)
        return random_below(r, (64 << 10) + 1);
    return random_below(r, (size_t)1 << (16 + random_below(r, 7)));
}

#endif
