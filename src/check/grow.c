#include "check/grow.h"

#include "base/bits.h"
#include "os/os.h"

enum { STEP = 1 << 18 }; /* bytes that are committed at once, at least */

bool lm_grow_to(lm_grow *grow, size_t size, size_t most) {
    if (size <= grow->committed && grow->at)
        return true;
    if (!grow->at) {
        const size_t reserve = lm_align_up(most, STEP);
        grow->at = lm_os_reserve(reserve, 0);
        if (!grow->at)
            return false;
        grow->reserved = reserve;
    }
    const size_t to = lm_align_up(size, STEP);
    if (to > grow->reserved ||
        (to > grow->committed && !lm_os_commit(grow->at + grow->committed, to - grow->committed)))
        return false;
    grow->committed = to;
    return true;
}

void lm_grow_end(lm_grow *grow) {
    if (grow->at)
        lm_os_release(grow->at, grow->reserved);
    *grow = (lm_grow){0};
}
