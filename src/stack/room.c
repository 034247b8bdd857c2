#include "stack/room.h"

#include "base/bits.h"
#include "base/compiler.h"
#include "os/os.h"

enum { STEP = 256 << 10 }; /* bytes; a multiple of all pages */

/* Two threads may both begin; one of them wins. */
static LM_COLD char *begin(lm_room *room, size_t size) {
    char *base = lm_os_reserve(size, 0), *there = NULL;
    if (!base)
        return NULL;
    if (atomic_compare_exchange_strong(&room->base, &there, base))
        return base;
    lm_os_release(base, size);
    return there;
}

/* Several threads may commit the same, which changes nothing. */
static LM_COLD bool commit(lm_room *room, char *base, size_t committed, size_t end) {
    const size_t wanted = lm_align_up(end, STEP);
    if (!lm_os_commit(base + committed, wanted - committed))
        return false;
    while (committed < wanted &&
           !atomic_compare_exchange_weak_explicit(&room->committed, &committed, wanted,
                                                  memory_order_release, memory_order_acquire))
        ;
    return true;
}

bool lm_room_take(lm_room *room, size_t limit, size_t bytes, size_t *at) {
    char *base = lm_room_base(room);
    if (LM_UNLIKELY(!base) && !(base = begin(room, lm_align_up(limit, STEP))))
        return false;
    size_t used = atomic_load_explicit(&room->used, memory_order_relaxed);
    do {
        if (bytes > limit || used > limit - bytes)
            return false;
        const size_t committed = atomic_load_explicit(&room->committed, memory_order_acquire);
        if (used + bytes > committed && !commit(room, base, committed, used + bytes))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&room->used, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    *at = used;
    return true;
}
