#include "check/watched.h"

#include "base/bits.h"

lm_watched_range lm_watched;
bool lm_watched_bytes;

/* Who reads one of the two before it is written takes the new blocks for something else once more. */
void lm_watched_add(uintptr_t low, size_t size) {
    uintptr_t end = low + size;
    if (lm_watched.size) {
        end = lm_max(end, lm_watched.low + lm_watched.size);
        low = lm_min(low, lm_watched.low);
    }
    __atomic_store_n(&lm_watched.low, low, __ATOMIC_RELAXED);
    __atomic_store_n(&lm_watched.size, end - low, __ATOMIC_RELAXED);
}
