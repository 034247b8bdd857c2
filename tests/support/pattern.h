/* Contents by which a block is known again. Dense in small blocks and at the ends of large ones,
 * sparse in between: a block that overlaps another, or lost a page, is noticed all the same. */
#ifndef TESTS_SUPPORT_PATTERN_H
#define TESTS_SUPPORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PATTERN_DENSE = 2048, PATTERN_ENDS = 512, PATTERN_STEP = 1000 };

static inline size_t pattern_next(size_t at, size_t size) {
    size_t back = size - PATTERN_ENDS;
    if (size <= PATTERN_DENSE || at < PATTERN_ENDS || at >= back)
        return at + 8;
    return at + PATTERN_STEP + 8 <= back ? at + PATTERN_STEP : back;
}

static inline uint64_t pattern_word(uint64_t id, size_t at) {
    return (id + 1) * 0x9e3779b97f4a7c15u + at;
}

static inline void pattern_fill(void *block, size_t size, uint64_t id) {
    for (size_t at = 0; at < size; at = pattern_next(at, size)) {
        uint64_t word = pattern_word(id, at);
        memcpy((char *)block + at, &word, size - at < 8 ? size - at : 8);
    }
}

/* Whether the first `kept` bytes are still what pattern_fill left in a block of `size` bytes. */
static inline bool pattern_holds(const void *block, size_t size, size_t kept, uint64_t id) {
    for (size_t at = 0; at < kept; at = pattern_next(at, size)) {
        uint64_t word = pattern_word(id, at);
        if (memcmp((const char *)block + at, &word, kept - at < 8 ? kept - at : 8) != 0)
            return false;
    }
    return true;
}

static inline bool all_zero(const void *block, size_t size) {
    const unsigned char *bytes = block;
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

#endif
