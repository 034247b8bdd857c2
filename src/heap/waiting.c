#include "heap/waiting.h"

#include "heap/arena.h"
#include "heap/dense.h"
#include "heap/keep.h"
#include "heap/remote.h"
#include "heap/slab.h"
#include "os/os.h"

size_t lm_waiting_units;
size_t lm_waiting_gone_units;

/* WAITING slabs are in no bin's queue: their links are free for a list of their own, oldest first.
 */
static lm_slab *first, *last;

/* ---- FULL slabs ----------------------------------------------------------------------------- */

static void begin(lm_slab *slab) {
    lm_waiting_units += lm_slab_units(slab);
    slab->next = NULL;
    slab->prev = last;
    if (last)
        last->next = slab;
    else
        first = slab;
    last = slab;
}

void lm_waiting_end(lm_slab *slab) {
    size_t units = lm_slab_units(slab);
    unsigned place = lm_slab_place(slab);
    if (place == LM_PLACE_PURGED)
        lm_waiting_gone_units -= units;
    if (place != LM_PLACE_WAITING)
        return;
    lm_waiting_units -= units;
    if (slab->prev)
        slab->prev->next = slab->next;
    else
        first = slab->next;
    if (slab->next)
        slab->next->prev = slab->prev;
    else
        last = slab->prev;
}

bool lm_waiting_purge(bool all) {
    bool any = false;
    while (first && (all || lm_keep_excess(0)) && lm_os.page <= LM_UNIT) {
        lm_slab *slab = first;
        lm_waiting_end(slab);
        lm_dense_close(&lm_arenas[slab->arena], lm_slab_first_unit(slab));
        if (lm_os_purge(lm_slab_address(slab), lm_slab_bytes(slab))) {
            lm_slab_set_place(slab, LM_PLACE_PURGED);
            lm_waiting_gone_units += lm_slab_units(slab);
            lm_keep_note_purged(lm_slab_units(slab));
            any = true;
        } else {
            lm_slab_set_place(slab, LM_PLACE_FULL); /* locked memory */
        }
    }
    return any;
}

void lm_waiting_reset(void) {
    first = last = NULL;
    lm_waiting_units = lm_waiting_gone_units = 0;
}

/* From the moment that the slab isn't FULL any more, its owner waits for the lock before it touches
 * it. Only then can be said for sure that every slot is free. */
static void look_at_full(lm_slab *slab) {
    uint8_t expected = LM_PLACE_FULL;
    if (!atomic_compare_exchange_strong(&slab->place, &expected, LM_PLACE_WAITING))
        return;
    if (lm_slab_all_free(slab)) {
        begin(slab);
        lm_waiting_purge(false);
    } else {
        lm_slab_set_place(slab, LM_PLACE_FULL);
    }
}

/* ---- Slabs that their owner takes from ------------------------------------------------------ */

/* Gives the whole pages of slots `from` to `to` back. */
static void purge_slots(const lm_slab *slab, size_t from, size_t to) {
    uintptr_t begin_at = (uintptr_t)lm_slab_address(slab) + from * lm_slab_size(slab);
    uintptr_t end_at = (uintptr_t)lm_slab_address(slab) + to * lm_slab_size(slab);
    begin_at = lm_align_up(begin_at, lm_os.page);
    end_at = lm_align_down(end_at, lm_os.page);
    if (begin_at < end_at)
        lm_os_purge((void *)begin_at, end_at - begin_at);
}

static void purge_bits(const lm_slab *slab, size_t word, uint64_t bits) {
    while (bits) {
        unsigned from = lm_lowest_bit(bits);
        uint64_t rest = ~(bits >> from);
        unsigned length = lm_lowest_bit(rest); /* never 64: the lowest bit was left out */
        purge_slots(slab, word * 64 + from, word * 64 + from + length);
        bits &= ~(lm_low_bits(length) << from);
    }
}

/* The bits of a remote word, but for one, are borrowed: the owner can't take those slots over
 * meanwhile. The one stays, so that the word is never found empty by others while it is in the
 * inbox. Where the owner knows the slots to be free already, it is closing the slab: that word is in no inbox, and
 * is empty again at once when the owner changes its mind. */
static void look_at_taken_from(lm_slab *slab, size_t word) {
    lm_remote *remote = &lm_slab_remotes(slab)[word];
    const lm_pair *pair = &slab->pairs[word];
    uint64_t bits = atomic_load_explicit(&remote->bits, memory_order_acquire);
    uint64_t known = atomic_load_explicit(&pair->avail, memory_order_relaxed) |
                     atomic_load_explicit(&pair->pending, memory_order_relaxed);
    uint64_t borrowed = bits & (bits - 1);
    if (!borrowed || (bits & known) ||
        !atomic_compare_exchange_strong(&remote->bits, &bits, bits & ~borrowed))
        return;
    lm_dense_close(&lm_arenas[slab->arena], lm_slab_first_unit(slab));
    purge_bits(slab, word, borrowed);
    lm_remote_give_back(remote, borrowed);
}

void lm_waiting_look(lm_slab *slab, size_t word) {
    switch (lm_slab_place(slab)) {
    case LM_PLACE_FULL:
        look_at_full(slab);
        break;
    case LM_PLACE_CURRENT:
    case LM_PLACE_QUEUED:
        if (word < lm_slab_words(slab) && (size_t)lm_slab_size(slab) * 64 > lm_os.page)
            look_at_taken_from(slab, word);
        break;
    default:
        break;
    }
}
