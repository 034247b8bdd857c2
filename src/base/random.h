/* Numbers by chance, quick and good enough that places in the heap can't be guessed without knowing the state:
 * splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). The state
 * is seeded from the system (lm_os_random). */
#ifndef LM_BASE_RANDOM_H
#define LM_BASE_RANDOM_H

#include "base/compiler.h"

#include <stdint.h>

LM_INLINE uint64_t lm_random_next(uint64_t *state) {
    uint64_t x = *state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

#endif
