#include "heap/bin.h"

#include "base/random.h"
#include "heap/arena.h"
#include "heap/limits.h"
#include "heap/order.h"
#include "heap/orphans.h"
#include "heap/protect.h"
#include "heap/remote.h"
#include "heap/sampled.h"
#include "heap/slab.h"
#include "os/os.h"

/* Whether a thread keeps `bytes` in empty slabs; with many threads it is less than `most`. */
static bool may_keep(const lm_heap *heap, size_t bytes, size_t most, size_t most_of_all) {
    size_t share = most_of_all / lm_orphans_count_threads();
    return !heap->winding_down &&
           bytes <= lm_max(lm_min(most, share), (size_t)LM_SLAB_UNITS_MAX * LM_UNIT);
}

lm_pair lm_bin_no_slots;

static bool is_medium(unsigned class) {
    return class >= LM_SMALL_CLASSES;
}

void lm_bins_init(lm_heap *heap) {
    for (unsigned class = 0; class < LM_BINS; class ++)
        atomic_store_explicit(&heap->bins[class].pair, &lm_bin_no_slots, memory_order_relaxed);
    for (unsigned class = 0; class < LM_CLASSES; class ++)
        heap->bins[class].size = lm_classes[class].size;
}

/* ---- The queue ------------------------------------------------------------------------------ */

void lm_bin_append(lm_bin *bin, lm_slab *slab) {
    slab->next = NULL;
    slab->prev = bin->tail;
    if (bin->tail)
        bin->tail->next = slab;
    else
        bin->head = slab;
    bin->tail = slab;
}

void lm_bin_unlink(lm_bin *bin, lm_slab *slab) {
    if (slab->prev)
        slab->prev->next = slab->next;
    else
        bin->head = slab->next;
    if (slab->next)
        slab->next->prev = slab->prev;
    else
        bin->tail = slab->prev;
}

/* A slab that was just put in the queue, or was there when slots of it were freed. Empty ones count. */
static void count_queued(lm_heap *heap, lm_slab *slab) {
    slab->countdown = (uint16_t)(slab->slots - lm_slab_free_slots(slab));
    if (slab->countdown == 0)
        heap->spare += lm_slab_bytes(slab);
}

/* Takes it out. */
static void dequeue(lm_heap *heap, lm_slab *slab) {
    if (slab->countdown == 0)
        heap->spare -= lm_slab_bytes(slab);
    lm_bin_unlink(&heap->bins[slab->class], slab);
}

/* ---- The current slab ----------------------------------------------------------------------- */

/* Slots of a CURRENT slab that wait for its next harvest. */
static unsigned waiting(const lm_bin *bin) {
    const lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    return lm_slab_pending(bin->slab) - lm_count_bits(lm_order_rest(bin->slab, pair));
}

/* Frees until the owner must look, in a slab that just became or is CURRENT. */
static void count_current(lm_heap *heap, lm_slab *slab) {
    if (is_medium(slab->class)) {
        slab->countdown = (uint16_t)(slab->slots - lm_slab_free_slots(slab));
        if (slab->countdown == 0)
            heap->idle += lm_slab_bytes(slab);
    } else {
        slab->countdown = (uint16_t)(slab->slots - waiting(&heap->bins[slab->class]));
    }
}

/* Before count_current on a slab that already was CURRENT, and before it stops being so. */
static void uncount_current(lm_heap *heap, const lm_slab *slab) {
    if (is_medium(slab->class) && slab->countdown == 0)
        heap->idle -= lm_slab_bytes(slab);
}

/* ---- Samples ---------------------------------------------------------------------------------- */

/* A sample falls into the word that is just put in use: it ends before it, and what lies beyond waits
 * for a later harvest. So the sampled allocation is the next one that finds the word empty, and the
 * fast path knows nothing of it. `least` slots stay. Returns how many do. */
static LM_COLD unsigned cut_word(lm_bin *bin, lm_pair *pair, uint64_t least) {
    uint64_t avail = atomic_load_explicit(&pair->avail, memory_order_relaxed), beyond = avail;
    uint64_t kept = lm_max(bin->until_sample - 1, least);
    for (uint64_t i = 0; i < kept; i++)
        beyond &= beyond - 1;
    bin->until_sample = 1;
    uint64_t pending = atomic_load_explicit(&pair->pending, memory_order_relaxed);
    atomic_store_explicit(&pair->pending, pending | beyond, memory_order_relaxed);
    atomic_store_explicit(&pair->avail, avail & ~beyond, memory_order_relaxed);
    lm_slab *slab = bin->slab;
    slab->countdown = (uint16_t)lm_min(slab->countdown, (unsigned)slab->slots - waiting(bin));
    return (unsigned)kept;
}

static uint64_t draw(lm_heap *heap, unsigned class) {
    bool never =
        lm_once.sampled.mean == 0 || class == LM_CLASS_ZERO || lm_classes[class].size > lm_os.page;
    return never ? LM_NEVER_SAMPLED : lm_sampled_draw(&heap->random);
}

/* A word with `slots` slots is put in use, and the countdown isn't above that: the first time, or the
 * sample falls into it. Returns how many slots it still has. */
static LM_COLD unsigned reach_sample(lm_heap *heap, lm_bin *bin, lm_pair *pair, unsigned slots,
                                     uint64_t least) {
    if (bin->until_sample == 0)
        bin->until_sample = draw(heap, bin->slab->class);
    if (bin->until_sample <= slots)
        return cut_word(bin, pair, least);
    bin->until_sample -= slots;
    return slots;
}

bool lm_bin_sample_due(lm_heap *heap, unsigned class, uint64_t *chance) {
    lm_bin *bin = &heap->bins[class];
    const lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    if (bin->until_sample != 1 || atomic_load_explicit(&pair->avail, memory_order_relaxed) != 0)
        return false;
    /* Above 1: whoever gets no sample after all must find a slot. */
    bin->until_sample = draw(heap, class) + 1;
    *chance = lm_random_next(&heap->random);
    return true;
}

/* ---- Words ------------------------------------------------------------------------------------ */

/* What is available in the bin's word is put in use; when the next allocation is a sample, `least` slots stay in it:
 * 1 for whoever needs one now. */
static void use_word(lm_heap *heap, lm_bin *bin, lm_pair *pair, uint64_t least) {
    unsigned slots = lm_count_bits(atomic_load_explicit(&pair->avail, memory_order_relaxed));
    if (LM_UNLIKELY(bin->until_sample <= slots))
        slots = reach_sample(heap, bin, pair, slots, least);
    else
        bin->until_sample -= slots;
    uint64_t given = atomic_load_explicit(&bin->given, memory_order_relaxed);
    atomic_store_explicit(&bin->given, given + slots, memory_order_relaxed);
}

/* The rest of the word in use. False when there is none. */
static bool use_rest(lm_heap *heap, lm_bin *bin, lm_pair *pair) {
    uint64_t rest = lm_order_rest(bin->slab, pair);
    if (!rest)
        return false;
    lm_order_go_on(bin->slab, pair, rest);
    use_word(heap, bin, pair, 1);
    return true;
}

/* The first word from `from` on with an available slot. False when there is none. */
static bool use_next_word(lm_heap *heap, lm_bin *bin, unsigned from, uint64_t least) {
    lm_slab *slab = bin->slab;
    for (unsigned w = from; w < lm_slab_words(slab); w++) {
        lm_pair *pair = &slab->pairs[w];
        if (atomic_load_explicit(&pair->avail, memory_order_relaxed) == 0)
            continue;
        atomic_store_explicit(&bin->pair, pair, memory_order_relaxed);
        bin->base = lm_slab_address(slab) + (size_t)w * 64 * lm_slab_size(slab);
        if (!is_medium(slab->class))
            lm_order_begin(heap, slab, pair);
        use_word(heap, bin, pair, least);
        return true;
    }
    return false;
}

/* How slots of the slab become blocks. */
static uint8_t form_of(const lm_slab *slab, bool fresh) {
    if (lm_once.protect != LM_PROTECT_INLINE || is_medium(slab->class))
        return LM_FORM_GENERAL;
    return fresh ? LM_FORM_FRESH : LM_FORM_CHECKED;
}

static void set_fresh(lm_bin *bin, bool fresh) {
    bin->fresh = fresh;
    bin->form = form_of(bin->slab, fresh);
}

/* Slots `from` to `to` of the current slab become available, those that aren't live. `pending`: how many of
 * the whole slab were pending before. */
static void give_part(lm_heap *heap, lm_bin *bin, unsigned from, unsigned to, unsigned pending,
                      uint64_t least) {
    lm_slab *slab = bin->slab;
    slab->rest = 0;
    unsigned given = lm_slab_harvest_part(slab, heap, from, to);
    if (is_medium(slab->class))
        count_current(heap, slab);
    else
        slab->countdown = (uint16_t)(slab->slots - pending + given);
    if (!use_next_word(heap, bin, from / 64, least)) /* what was pending was freed twice */
        atomic_store_explicit(&bin->pair, &slab->pairs[0], memory_order_relaxed);
}

/* So many slots of a new slab are opened at a time: about a page of them. A program that needs few blocks at
 * a time so touches few pages, however many it makes and frees one after the other. */
static unsigned opened_at_once(const lm_slab *slab) {
    enum { PAGE = 4096, LEAST = 32, LEAST_MEDIUM = 4 };
    unsigned least = is_medium(slab->class) ? LEAST_MEDIUM : LEAST;
    return (unsigned)lm_max(PAGE / lm_slab_size(slab), least);
}

/* Opens slots that were never used. */
static void open_more(lm_heap *heap, lm_bin *bin, unsigned pending) {
    unsigned from = bin->opened, slots = bin->slab->slots;
    unsigned to = (unsigned)lm_min(from + opened_at_once(bin->slab), slots);
    bin->opened = (uint16_t)to;
    set_fresh(bin, bin->clean || lm_slab_clear(bin->slab, from, to));
    give_part(heap, bin, from, to, pending, 1);
}

/* Begins again with the current slab. */
static void use_again(lm_heap *heap, lm_bin *bin, unsigned pending, uint64_t least) {
    set_fresh(bin, false);
    give_part(heap, bin, 0, bin->opened, pending, least);
}

static void make_current(lm_bin *bin, lm_slab *slab) {
    lm_slab_set_place(slab, LM_PLACE_CURRENT);
    bin->slab = slab;
    slab->rest = 0;
}

static void use_new(lm_heap *heap, lm_bin *bin, lm_slab *slab, bool clean) {
    make_current(bin, slab);
    bin->opened = 0;
    bin->clean = clean;
    open_more(heap, bin, slab->slots);
}

/* One that was used before: which of its slots were, isn't known any more. */
static void use_slab(lm_heap *heap, lm_bin *bin, lm_slab *slab) {
    make_current(bin, slab);
    bin->opened = slab->slots;
    use_again(heap, bin, lm_slab_pending(slab), 1);
}

/* The slots of words that were put in use but not emptied don't count as given. */
static void put_word_back(lm_bin *bin) {
    lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    uint64_t left = atomic_load_explicit(&pair->avail, memory_order_relaxed);
    if (left == 0)
        return;
    uint64_t given = atomic_load_explicit(&bin->given, memory_order_relaxed);
    unsigned back = lm_count_bits(left);
    atomic_store_explicit(&bin->given, given - back, memory_order_relaxed);
    bin->until_sample += back;
}

static void forget_current(lm_heap *heap, lm_bin *bin) {
    put_word_back(bin);
    uncount_current(heap, bin->slab);
    bin->slab = NULL;
    bin->fresh = false;
    atomic_store_explicit(&bin->pair, &lm_bin_no_slots, memory_order_relaxed);
}

/* The word in use is empty: goes on to what is available in the current slab. */
static bool use_more(lm_heap *heap, lm_bin *bin) {
    lm_pair *pair = atomic_load_explicit(&bin->pair, memory_order_relaxed);
    return use_rest(heap, bin, pair) ||
           use_next_word(heap, bin, (unsigned)(pair - bin->slab->pairs) + 1, 1);
}

/* The same; when nothing is: harvests it if that is worth it, else lets go of it. */
static bool go_on_with_current(lm_heap *heap, lm_bin *bin) {
    lm_slab *slab = bin->slab;
    if (use_more(heap, bin))
        return true;
    /* Nothing is available, so what isn't live is pending; and so is what was not opened yet. */
    unsigned unopened = slab->slots - bin->opened;
    unsigned pending = is_medium(slab->class) ? slab->slots - unopened - slab->countdown
                                              : lm_slab_pending_before(slab, bin->opened);
    if (pending >= (unopened ? bin->opened / 2u : lm_slab_threshold(slab))) {
        uncount_current(heap, slab);
        use_again(heap, bin, pending + unopened, 1);
        return true;
    }
    if (unopened) {
        uncount_current(heap, slab);
        open_more(heap, bin, pending + unopened);
        return true;
    }
    forget_current(heap, bin);
    slab->countdown = (uint16_t)(lm_slab_threshold(slab) - pending);
    lm_slab_set_place(slab, LM_PLACE_FULL);
    return false;
}

static lm_slab *take_queued(lm_heap *heap, const lm_bin *bin) {
    lm_slab *slab = bin->head;
    if (slab)
        dequeue(heap, slab);
    return slab;
}

bool lm_bin_go_on(lm_heap *heap, lm_bin *bin) {
    return bin->slab && bin->until_sample != 1 &&
           !atomic_load_explicit(&heap->inbox, memory_order_relaxed) && use_more(heap, bin);
}

bool lm_bin_refill(lm_heap *heap, unsigned class) {
    lm_bin *bin = &heap->bins[class];
    bool clean = false;
    if (atomic_load_explicit(&heap->inbox, memory_order_relaxed))
        lm_remote_drain(heap);
    /* All slots of the current slab may have come back just now, and it has begun again. And a slab
     * of which all that seemed free was freed twice has nothing to give. */
    while (!lm_bin_has_slot(bin)) {
        if (bin->slab && go_on_with_current(heap, bin))
            continue;
        heap->winding_down = false;
        heap->freed = 0;
        lm_slab *slab = take_queued(heap, bin);
        if (!slab)
            slab = lm_orphans_adopt(heap, class);
        if (slab) {
            use_slab(heap, bin, slab);
            continue;
        }
        slab = lm_slab_new(heap, class, &clean);
        if (!slab)
            return false;
        use_new(heap, bin, slab, clean);
    }
    return true;
}

/* ---- After frees ---------------------------------------------------------------------------- */

static void release_current(lm_heap *heap, lm_slab *slab) {
    forget_current(heap, &heap->bins[slab->class]);
    lm_slab_release(slab);
}

static void freed_in_current(lm_heap *heap, lm_slab *slab) {
    bool empty = lm_slab_empty(slab);
    if (is_medium(slab->class)) {
        count_current(heap, slab);
        if (empty && !may_keep(heap, heap->idle, LM_IDLE_MAX, LM_IDLE_MAX_OF_ALL) &&
            lm_slab_close(slab))
            release_current(heap, slab);
    } else if (!empty) {
        count_current(heap, slab);
    } else if (heap->winding_down && lm_slab_close(slab)) {
        release_current(heap, slab);
    } else { /* all came and went: begin again */
        lm_bin *bin = &heap->bins[slab->class];
        put_word_back(bin);
        use_again(heap, bin, lm_slab_pending(slab), 0);
    }
}

/* A thread that has freed a lot, and needed nothing meanwhile, may have done its work, and sleep
 * from now on: empty slabs go, and those that aren't empty yet are counted exactly, so that they go
 * when they are. */
static void wind_down(lm_heap *heap) {
    heap->winding_down = true;
    lm_bins_tidy(heap);
    for (unsigned class = 0; class < LM_SMALL_CLASSES; class ++) {
        lm_slab *slab = heap->bins[class].slab;
        if (slab)
            slab->countdown = (uint16_t)(slab->slots - lm_slab_free_slots(slab));
    }
}

static void freed_in_queue(lm_heap *heap, lm_slab *slab, bool by_others) {
    bool empty = lm_slab_empty(slab);
    count_queued(heap, slab);
    bool keep = may_keep(heap, heap->spare, by_others ? LM_SPARE_MAX : LM_SPARE_OWN_MAX,
                         LM_SPARE_MAX_OF_ALL);
    if (empty && !keep && lm_slab_close(slab)) {
        dequeue(heap, slab);
        lm_slab_release(slab);
    }
}

/* One that others have emptied is kept, too: where slabs are used up and freed all the time, its slots are clear
 * already, and nothing is to be made. One that lost its memory while the owner slept goes. */
static void freed_in_full(lm_heap *heap, lm_slab *slab, bool by_others) {
    bool keep =
        by_others && lm_slab_place(slab) != LM_PLACE_PURGED &&
        may_keep(heap, heap->spare + lm_slab_bytes(slab), LM_SPARE_MAX, LM_SPARE_MAX_OF_ALL);
    if (lm_slab_empty(slab) && !keep && lm_slab_close(slab)) {
        lm_slab_release(slab);
        return;
    }
    unsigned pending = lm_slab_pending(slab);
    if (pending < lm_slab_threshold(slab)) {
        slab->countdown = (uint16_t)(lm_slab_threshold(slab) - pending);
    } else {
        lm_remote_reopen(slab);
        count_queued(heap, slab);
        lm_bin_append(&heap->bins[slab->class], slab);
    }
}

static void freed(lm_heap *heap, lm_slab *slab, bool by_others) {
    unsigned place = lm_slab_place(slab);
    if (place == LM_PLACE_CURRENT) {
        freed_in_current(heap, slab);
    } else if (place == LM_PLACE_QUEUED) {
        freed_in_queue(heap, slab, by_others);
    } else {
        freed_in_full(heap, slab, by_others);
    }
}

void lm_bin_freed_by_others(lm_heap *heap, lm_slab *slab) {
    freed(heap, slab, true);
}

/* Where one medium block comes and goes all the time, its slab does no more than that: it stays. Not when others
 * have freed slots of it, which were freed twice then. */
static bool stays_empty(lm_heap *heap, lm_slab *slab) {
    size_t bytes = lm_slab_bytes(slab);
    if (!is_medium(slab->class) || lm_slab_place(slab) != LM_PLACE_CURRENT ||
        atomic_load_explicit(&lm_slab_remotes(slab)[0].bits, memory_order_relaxed) != 0 ||
        !may_keep(heap, heap->idle + bytes, LM_IDLE_MAX, LM_IDLE_MAX_OF_ALL))
        return false;
    heap->idle += bytes;
    return true;
}

void lm_bin_freed(lm_heap *heap, lm_slab *slab) {
    heap->freed += lm_slab_bytes(slab);
    if (!stays_empty(heap, slab))
        freed(heap, slab, false);
    if (heap->freed > LM_FREED_A_LOT && !heap->winding_down)
        wind_down(heap);
}

/* ---- Letting go ----------------------------------------------------------------------------- */

lm_slab *lm_bin_part_with(lm_heap *heap, unsigned class) {
    lm_bin *bin = &heap->bins[class];
    lm_slab *slab = take_queued(heap, bin);
    if (slab)
        return slab;
    slab = bin->slab;
    if (!slab || lm_slab_free_slots(slab) == 0)
        return NULL;
    /* Whoever takes it takes all of its slots for used ones. */
    if (!bin->clean)
        lm_slab_clear(slab, bin->opened, slab->slots);
    forget_current(heap, bin);
    return slab;
}

static void let_go_of_current(lm_heap *heap, const lm_bin *bin) {
    lm_slab *slab = bin->slab;
    if (slab && lm_slab_empty(slab) && lm_slab_close(slab))
        release_current(heap, slab);
}

/* Releases it, unless others have just freed one of its slots a second time. */
static void tidy_spare(lm_heap *heap, lm_slab *slab) {
    heap->spare -= lm_slab_bytes(slab);
    if (lm_slab_empty(slab) && lm_slab_close(slab)) {
        lm_bin_unlink(&heap->bins[slab->class], slab);
        lm_slab_release(slab);
    } else {
        count_queued(heap, slab);
    }
}

/* Queues may be long; the empty slabs came last, mostly. */
static void tidy_queue(lm_heap *heap, const lm_bin *bin) {
    for (lm_slab *slab = bin->tail, *prev; slab && heap->spare; slab = prev) {
        prev = slab->prev;
        if (slab->countdown == 0)
            tidy_spare(heap, slab);
    }
}

static bool current_is_empty(const lm_bin *bin) {
    return bin->slab && lm_slab_known_free(bin->slab);
}

size_t lm_bins_empty(const lm_heap *heap) {
    size_t bytes = heap->spare + heap->idle;
    for (unsigned class = 0; class < LM_SMALL_CLASSES; class ++)
        if (current_is_empty(&heap->bins[class]))
            bytes += lm_slab_bytes(heap->bins[class].slab);
    return bytes;
}

void lm_bins_let_go(lm_heap *heap, size_t bytes) {
    size_t all = lm_bins_empty(heap), goal = all - lm_min(all, bytes);
    for (unsigned class = LM_CLASSES; class > 0 && all > goal; class --) {
        const lm_bin *bin = &heap->bins[class - 1];
        size_t before = heap->spare;
        tidy_queue(heap, bin);
        all -= before - heap->spare;
        if (current_is_empty(bin)) {
            all -= lm_slab_bytes(bin->slab);
            let_go_of_current(heap, bin);
        }
    }
}

/* Where memory was used already. */
static void to_front(lm_heap *heap) {
    for (unsigned class = 0; class < LM_CLASSES; class ++) {
        lm_bin *bin = &heap->bins[class];
        if (!bin->slab || !lm_slab_any_pending_before(bin->slab, bin->opened))
            continue;
        put_word_back(bin);
        uncount_current(heap, bin->slab);
        use_again(heap, bin, lm_slab_pending(bin->slab), 1);
    }
}

void lm_bins_tidy(lm_heap *heap) {
    for (unsigned class = 0; class < LM_CLASSES; class ++) {
        const lm_bin *bin = &heap->bins[class];
        tidy_queue(heap, bin);
        let_go_of_current(heap, bin);
    }
    to_front(heap);
}
