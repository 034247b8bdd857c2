/* What the checker writes into a slot: patterns that no program writes by chance, and no pointer has.
 *
 *   raw                  start                  start + size                 raw + room
 *   | front: LM_ZONE ... | block: fresh ...     | rear: LM_ZONE ...          |
 *
 * The front has at least 16 bytes, and more where an alignment needs them; the rear at least 16. Of either
 * the LM_ZONE_MOST bytes next to the block are filled and looked at. */
#ifndef LM_CHECK_ZONE_H
#define LM_CHECK_ZONE_H

#include "base/bits.h"
#include "check/amounts.h"

#include <string.h>

/* Eight of any of them are no address that a processor knows. */
enum { LM_FILL_ZONE = 0xe9, LM_FILL_FRESH = 0xf5, LM_FILL_FREED = 0xdf };

typedef struct lm_zone {
    const unsigned char *at;
    size_t size;
} lm_zone;

typedef uint64_t lm_zone_pair __attribute__((vector_size(16), may_alias, aligned(1)));

LM_INLINE uint64_t lm_zone_word(int byte) {
    return (uint64_t)byte * 0x0101010101010101;
}

/* Fills at least 16 bytes. */
LM_INLINE void lm_zone_fill(unsigned char *at, size_t size, int byte) {
    const lm_zone_pair pair = {lm_zone_word(byte), lm_zone_word(byte)};
    for (size_t i = 0; i + 16 < size; i += 16)
        *(lm_zone_pair *)(at + i) = pair;
    *(lm_zone_pair *)(at + size - 16) = pair;
}

/* Whether at least 16 bytes are all `byte`. */
LM_INLINE bool lm_zone_whole(const unsigned char *at, size_t size, int byte) {
    const lm_zone_pair pair = {lm_zone_word(byte), lm_zone_word(byte)};
    lm_zone_pair wrong = *(const lm_zone_pair *)(at + size - 16) ^ pair;
    for (size_t i = 0; i + 16 < size; i += 16)
        wrong |= *(const lm_zone_pair *)(at + i) ^ pair;
    return (wrong[0] | wrong[1]) == 0;
}

typedef uint64_t lm_zone_half __attribute__((may_alias, aligned(1)));

/* Up to 15 bytes, eight at once where there are so many. */
LM_INLINE void lm_zone_fill_few(unsigned char *at, size_t size, int byte) {
    const uint64_t word = lm_zone_word(byte);
    if (size >= 8) {
        *(lm_zone_half *)at = word;
        *(lm_zone_half *)(at + size - 8) = word;
        return;
    }
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)byte;
}

LM_INLINE bool lm_zone_few_are(const unsigned char *at, size_t size, int byte) {
    const uint64_t word = lm_zone_word(byte);
    if (size >= 8)
        return *(const lm_zone_half *)at == word && *(const lm_zone_half *)(at + size - 8) == word;
    unsigned wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong |= at[i] ^ (unsigned)byte;
    return wrong == 0;
}

/* Any number of bytes. Few branches: blocks of several sizes come and go in turn. */
LM_INLINE void lm_zone_fill_any(unsigned char *at, size_t size, int byte) {
    enum { PAIR = 16, FOUR = 4 * PAIR };
    const lm_zone_pair pair = {lm_zone_word(byte), lm_zone_word(byte)};
    if (size < PAIR) {
        lm_zone_fill_few(at, size, byte);
    } else if (size <= FOUR) {
        const size_t step = size > 2 * PAIR ? PAIR : 0;
        *(lm_zone_pair *)at = pair;
        *(lm_zone_pair *)(at + step) = pair;
        *(lm_zone_pair *)(at + size - PAIR - step) = pair;
        *(lm_zone_pair *)(at + size - PAIR) = pair;
    } else {
        memset(at, byte, size);
    }
}

LM_INLINE bool lm_zone_is(const unsigned char *at, size_t size, int byte) {
    enum { PAIR = 16, FOUR = 4 * PAIR };
    if (size < PAIR)
        return lm_zone_few_are(at, size, byte);
    if (size > FOUR)
        return lm_zone_whole(at, size, byte);
    const lm_zone_pair pair = {lm_zone_word(byte), lm_zone_word(byte)};
    const size_t step = size > 2 * PAIR ? PAIR : 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): no block is at 0 */
    const lm_zone_pair wrong = (*(const lm_zone_pair *)at ^ pair) |
                               (*(const lm_zone_pair *)(at + step) ^ pair) |
                               (*(const lm_zone_pair *)(at + size - PAIR - step) ^ pair) |
                               (*(const lm_zone_pair *)(at + size - PAIR) ^ pair);
    return (wrong[0] | wrong[1]) == 0;
}

/* The first and the last byte that isn't `byte`, counted from `at`. False: there is none. */
bool lm_zone_damage(const unsigned char *at, size_t size, int byte, size_t *first, size_t *last);

LM_INLINE lm_zone lm_zone_front(uintptr_t start, size_t front) {
    size_t size = lm_min(front, LM_ZONE_MOST);
    return (lm_zone){(const unsigned char *)start - size, size};
}

/* `rear` bytes lie behind the block. */
LM_INLINE lm_zone lm_zone_rear(uintptr_t start, size_t size, size_t rear) {
    return (lm_zone){(const unsigned char *)start + size, lm_min(rear, LM_ZONE_MOST)};
}

#endif
