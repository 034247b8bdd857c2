#include "check/zone.h"

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
