#include "os/reserved.h"

#include <stdatomic.h>

/* `start` is 0 in a free place, and TAKEN while it is being filled. */
typedef struct region {
    _Atomic uintptr_t start, end;
} region;

enum { TAKEN = 1 };

static region regions[LM_RESERVED_MAX];

void lm_reserved_add(uintptr_t start, size_t size) {
    for (size_t i = 0; i < LM_RESERVED_MAX; i++) {
        uintptr_t nobody = 0;
        if (!atomic_compare_exchange_strong(&regions[i].start, &nobody, TAKEN))
            continue;
        atomic_store(&regions[i].end, start + size);
        atomic_store(&regions[i].start, start);
        return;
    }
}

/* What is left of a region: the part before the cut, the part behind it, or two regions. */
static void cut(region *from, uintptr_t start, uintptr_t end) {
    const uintptr_t old_start = atomic_load(&from->start), old_end = atomic_load(&from->end);
    if (old_start <= TAKEN || start >= old_end || end <= old_start)
        return;
    if (start > old_start) {
        atomic_store(&from->end, start);
        if (end < old_end)
            lm_reserved_add(end, old_end - end);
    } else if (end < old_end) {
        atomic_store(&from->start, end);
    } else {
        atomic_store(&from->end, 0);
        atomic_store(&from->start, 0);
    }
}

void lm_reserved_cut(uintptr_t start, size_t size) {
    for (size_t i = 0; i < LM_RESERVED_MAX; i++)
        cut(&regions[i], start, start + size);
}

bool lm_reserved_get(size_t place, uintptr_t *start, uintptr_t *end) {
    *start = atomic_load(&regions[place].start);
    *end = atomic_load(&regions[place].end);
    return *start > TAKEN && *end > *start;
}
