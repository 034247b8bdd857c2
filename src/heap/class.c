#include "heap/class.h"

#include "heap/layout.h"

/* A slab has 16 slots or more up to 4 KiB, then 8, from above 8 KiB on 4, from above 16 KiB on 2: enough that a
 * thread seldom needs another one, few enough that one slab for each class and thread is no burden, and that
 * large slots aren't kept apart from each other by one that is live. */
#define UNITS(size)                                                                                \
    ((size) <= 1024            ? 1                                                                 \
     : (size) <= 2048          ? 2                                                                 \
     : (size) <= 32768         ? 4                                                                 \
     : (size) <= LM_MEDIUM_MAX ? 8                                                                 \
                               : 9)
#define SLOTS(size)      (UNITS(size) * LM_UNIT / (size))
#define RECIPROCAL(size) (UINT64_MAX / (size) + 1)
#define WORDS(size)      ((SLOTS(size) + 63) / 64)
#define REMOTES(size)                                                                              \
    ((sizeof(lm_slab) + WORDS(size) * sizeof(lm_pair) + LM_CACHE_LINE - 1) & ~(LM_CACHE_LINE - 1UL))
#define CLASS(size)                                                                                \
    {                                                                                              \
        RECIPROCAL(size), (size), (size), SLOTS(size), UNITS(size), WORDS(size), REMOTES(size), {  \
            0                                                                                      \
        }                                                                                          \
    }

/* The eight classes above `base` up to its double. */
#define EIGHT(base)                                                                                \
    CLASS((base) / 8 * 9), CLASS((base) / 8 * 10), CLASS((base) / 8 * 11), CLASS((base) / 8 * 12), \
        CLASS((base) / 8 * 13), CLASS((base) / 8 * 14), CLASS((base) / 8 * 15), CLASS((base)*2)

LM_ONCE lm_class lm_classes[LM_ONCE_PAGE / sizeof(lm_class)] = {
    CLASS(16),    CLASS(32),    CLASS(48),          CLASS(64),   CLASS(80),
    CLASS(96),    CLASS(112),   CLASS(128),         EIGHT(128),  EIGHT(256),
    EIGHT(512),   EIGHT(1024),  EIGHT(2048),        EIGHT(4096), EIGHT(8192),
    EIGHT(16384), EIGHT(32768), CLASS(LM_SLOT_MAX), CLASS(16),
};
_Static_assert(LM_ONCE_PAGE % sizeof(lm_class) == 0, "the table fills its pages");

static void cut(lm_class *class, size_t room, size_t guard) {
    class->room = (uint32_t)room;
    class->size = (uint32_t)(room + guard);
    class->units = (uint8_t)lm_max(class->units, (2 * (room + guard) + LM_UNIT - 1) / LM_UNIT);
    class->slots = (uint16_t)(((size_t) class->units << LM_UNIT_SHIFT) / class->size);
    class->reciprocal = RECIPROCAL((uint64_t) class->size);
}

void lm_classes_start(size_t page) {
    for (unsigned class = 0; page && class < LM_CLASS_ZERO; class ++)
        if (lm_classes[class].size > page)
            cut(&lm_classes[class], lm_align_up(lm_classes[class].size, page), page);
}

/* Rows of 8 steps of 16 bytes: the steps up to 256 have a class each, then two share one, then
 * four. What is said of class c is X(c). */
#define SEVEN_EACH(X, c)                                                                           \
    X(c), X((c) + 1), X((c) + 2), X((c) + 3), X((c) + 4), X((c) + 5), X((c) + 6)
#define TWO_EACH(X, c)                                                                             \
    X(c), X(c), X((c) + 1), X((c) + 1), X((c) + 2), X((c) + 2), X((c) + 3), X((c) + 3)
#define FOUR_EACH(X, c) X(c), X(c), X(c), X(c), X((c) + 1), X((c) + 1), X((c) + 1), X((c) + 1)
#define STEPS_FROM_32(X)                                                                           \
    SEVEN_EACH(X, 1), SEVEN_EACH(X, 8), X(15), TWO_EACH(X, 16), TWO_EACH(X, 20), FOUR_EACH(X, 24), \
        FOUR_EACH(X, 26), FOUR_EACH(X, 28), FOUR_EACH(X, 30)
#define ITSELF(c)       (c)
#define OFFSET(c)       ((c) * sizeof(lm_bin))
#define OFFSET_TWICE(c) OFFSET(c), OFFSET(c)

const uint8_t lm_small_class[LM_SMALL_MAX / LM_GRAIN + 1] = {0, 0, STEPS_FROM_32(ITSELF)};

/* An entry for each 8 bytes. Where no slot of the fast path serves, it leads to a bin without any. */
const uint16_t lm_small_offset[LM_SMALL_STEPS] = {
    OFFSET(0),
    OFFSET_TWICE(0),
    STEPS_FROM_32(OFFSET_TWICE),
};
const uint16_t lm_small_offset_zero_apart[LM_SMALL_STEPS] = {
    OFFSET(LM_BIN_NONE),
    OFFSET_TWICE(0),
    STEPS_FROM_32(OFFSET_TWICE),
};
const uint16_t lm_small_offset_with_tail[LM_SMALL_STEPS] = {
    OFFSET(LM_BIN_NONE),
    OFFSET(0),
    STEPS_FROM_32(OFFSET_TWICE),
    OFFSET(LM_BIN_NONE),
};
