#include "check/own.h"

#include "base/bits.h"
#include "check/amounts.h"
#include "os/os.h"

lm_lock lm_own_lock = LM_LOCK(LM_RANK_CHECK_OWN);

/* | taken | writable | reserved |  */
static struct {
    char *at;
    size_t taken, open, size;
} room;

/* As much as can be had, from what is wished down to what is needed. */
static bool new_room(size_t need) {
    for (size_t size = lm_max(LM_OWN_ROOM, need); size >= need; size /= 2) {
        size = lm_align_up(size, lm_os.page);
        char *at = lm_os_reserve(size, 0);
        if (at) {
            room.at = at;
            room.taken = room.open = 0;
            room.size = size;
            if (size > LM_OWN_SMALL)
                lm_os_huge_pages(at + LM_OWN_SMALL, size - LM_OWN_SMALL, 1);
            return true;
        }
        if (size <= lm_os.page)
            break;
    }
    return false;
}

/* Where there may be huge pages, whole ones are opened. */
static bool open_up(size_t end) {
    const uintptr_t start = (uintptr_t)room.at;
    const size_t step = end > LM_OWN_SMALL ? LM_OWN_HUGE : LM_OWN_STEP;
    size_t open = lm_min(lm_align_up(start + end, step) - start, room.size);
    if (open > room.open) {
        if (!lm_os_commit(room.at + room.open, open - room.open))
            return false;
        room.open = open;
    }
    return true;
}

void *lm_own_take(size_t size) {
    void *taken = NULL;
    size = lm_align_up(size, LM_CACHE_LINE);
    lm_lock_take(&lm_own_lock);
    if (size <= room.size - room.taken || new_room(size)) {
        if (open_up(room.taken + size)) {
            taken = room.at + room.taken;
            room.taken += size;
        }
    }
    lm_lock_give(&lm_own_lock);
    return taken;
}
