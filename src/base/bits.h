/* Bits, powers of two and rounding. All functions are pure; arguments outside the stated range are
 * the caller's mistake. */
#ifndef LM_BASE_BITS_H
#define LM_BASE_BITS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Index of the lowest set bit; `x` is not 0. */
LM_INLINE unsigned lm_lowest_bit(uint64_t x) {
    return (unsigned)__builtin_ctzll(x);
}

/* Index of the highest set bit; `x` is not 0. */
LM_INLINE unsigned lm_highest_bit(uint64_t x) {
    return 63u - (unsigned)__builtin_clzll(x);
}

/* Without the processor's own instruction, which not all of them have, compilers call a function with a
 * table: this is quicker. Sums of 2, 4 and 8 bits each, then of all bytes. */
LM_INLINE unsigned lm_count_bits(uint64_t x) {
    const uint64_t pairs = 0x5555555555555555, fours = 0x3333333333333333;
    const uint64_t bytes = 0x0f0f0f0f0f0f0f0f, ones = 0x0101010101010101;
    x -= x >> 1 & pairs;
    x = (x & fours) + (x >> 2 & fours);
    x = (x + (x >> 4)) & bytes;
    return (unsigned)(x * ones >> 56);
}

LM_INLINE uint64_t lm_bit(unsigned i) {
    return (uint64_t)1 << i;
}

/* The lowest `n` bits set; `n` from 0 to 64. */
LM_INLINE uint64_t lm_low_bits(size_t n) {
    return n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}

LM_INLINE bool lm_is_power_of_two(size_t x) {
    return x != 0 && (x & (x - 1)) == 0;
}

/* The smallest k with 2^k >= x; `x` is not 0. */
LM_INLINE unsigned lm_log2_ceil(uint64_t x) {
    return x == 1 ? 0 : lm_highest_bit(x - 1) + 1;
}

/* `alignment` is a power of two. The caller knows that the sum doesn't overflow. */
LM_INLINE size_t lm_align_up(size_t x, size_t alignment) {
    return (x + alignment - 1) & ~(alignment - 1);
}

LM_INLINE size_t lm_align_down(size_t x, size_t alignment) {
    return x & ~(alignment - 1);
}

LM_INLINE size_t lm_min(size_t a, size_t b) {
    return a < b ? a : b;
}

LM_INLINE size_t lm_max(size_t a, size_t b) {
    return a > b ? a : b;
}

#endif
