#include "heap/clear.h"

/* Two steps from either end meet in the middle; in whole vectors. */
#define HALF(room)       (((room)-LM_VECTOR) / 2 & ~(uint64_t)(LM_VECTOR - 1))
#define AT_MOST(most, n) ((n) < (most) ? (n) : (most))
#define STEPS(room)                                                                                \
    { AT_MOST(LM_VECTOR, HALF(room)), AT_MOST(2 * LM_VECTOR, HALF(room)) }

const lm_steps lm_steps_by_room[LM_ROOM_SHORT / LM_VECTOR + 1] = {
    {0, 0}, STEPS(16), STEPS(32), STEPS(48), STEPS(64), STEPS(80), STEPS(96),
};
