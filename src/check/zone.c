#include "check/zone.h"

static bool is_short(const unsigned char *at, size_t size, int byte) {
    unsigned wrong = 0;
    for (size_t i = 0; i < size; i++)
        wrong |= at[i] ^ (unsigned)byte;
    return wrong == 0;
}

bool lm_zone_is(const unsigned char *at, size_t size, int byte) {
    return size < 16 ? is_short(at, size, byte) : lm_zone_whole(at, size, byte);
}

bool lm_zone_damage(const unsigned char *at, size_t size, int byte, size_t *first, size_t *last) {
    size_t from = 0, to = size;
    while (from < size && at[from] == byte)
        from++;
    if (from == size)
        return false;
    while (at[to - 1] == byte)
        to--;
    *first = from;
    *last = to - 1;
    return true;
}
