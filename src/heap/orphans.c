#include "heap/orphans.h"

#include "base/random.h"
#include "heap/arena.h"
#include "heap/bin.h"
#include "heap/keep.h"
#include "heap/limits.h"
#include "heap/note.h"
#include "heap/remote.h"
#include "heap/slab.h"
#include "heap/waiting.h"
#include "os/os.h"

lm_lock lm_threads_lock = LM_LOCK(LM_RANK_THREADS);
_Atomic(lm_heap *) lm_heaps;

static lm_heap *free_heaps;     /* the latest given back first */
static lm_heap *oldest_left;    /* of those: older ones keep no empty slabs */
static size_t left;             /* bytes of empty slabs that they keep all together */
static _Atomic size_t owed;     /* bytes of slabs of theirs in which others have freed */
static lm_heap *next_to_search; /* of all heaps */
static _Atomic bool any_ended;  /* a thread has ended: there may be something to adopt */

/* Heaps are made a few at a time, in rooms, each on cache lines of its own. */
typedef struct heap_room {
    _Alignas(LM_CACHE_LINE) struct heap_room *next;
    size_t size; /* bytes, this header included */
    size_t used;
    _Atomic uint64_t visitors; /* a bit for each heap whose thread visits slabs of others' */
} heap_room;

enum { HEAP_BYTES = (sizeof(lm_heap) + LM_CACHE_LINE - 1) / LM_CACHE_LINE * LM_CACHE_LINE };
_Static_assert(LM_ROOM_STEP / HEAP_BYTES <= 64, "a room's word has a bit for each of its heaps");

static _Atomic(heap_room *) rooms; /* newest first */

static _Atomic size_t threads; /* heaps in use */

static bool new_room(void) {
    size_t size = lm_align_up(LM_ROOM_STEP, lm_os.page);
    heap_room *room = lm_os_reserve(size, 0);
    if (!room)
        return false;
    if (!lm_os_commit(room, size)) {
        lm_os_release(room, size);
        return false;
    }
    room->next = atomic_load_explicit(&rooms, memory_order_relaxed);
    room->size = size;
    room->used = sizeof *room;
    atomic_store_explicit(&rooms, room, memory_order_release);
    return true;
}

static lm_heap *heap_in(heap_room *room, unsigned which) {
    return (lm_heap *)(void *)((char *)(room + 1) + (size_t)which * HEAP_BYTES);
}

static heap_room *room_of(lm_heap *heap) {
    return (heap_room *)(void *)((char *)heap - (size_t)heap->in_room * HEAP_BYTES) - 1;
}

static lm_heap *heap_of_room(void) {
    heap_room *room = atomic_load_explicit(&rooms, memory_order_relaxed);
    if (!room || room->size - room->used < HEAP_BYTES) {
        if (!new_room())
            return NULL;
        room = atomic_load_explicit(&rooms, memory_order_relaxed);
    }
    unsigned which = (unsigned)((room->used - sizeof *room) / HEAP_BYTES);
    room->used += HEAP_BYTES;
    lm_heap *heap = heap_in(room, which);
    heap->in_room = which;
    return heap;
}

static lm_heap *new_heap(void) {
    lm_heap *heap = heap_of_room();
    if (!heap)
        return NULL;
    lm_bins_init(heap);
    heap->random = lm_once.seed ^ (uintptr_t)heap;
    lm_random_next(&heap->random);
    heap->next = atomic_load_explicit(&lm_heaps, memory_order_relaxed);
    atomic_store_explicit(&lm_heaps, heap, memory_order_release);
    return heap;
}

/* ---- Who visits ------------------------------------------------------------------------------ */

void lm_orphans_note_visitor(lm_heap *heap) {
    atomic_fetch_or(&room_of(heap)->visitors, lm_bit(heap->in_room));
}

static void forget_visitor(lm_heap *heap) {
    _Atomic uint64_t *visitors = &room_of(heap)->visitors;
    if (atomic_load_explicit(visitors, memory_order_relaxed) & lm_bit(heap->in_room))
        atomic_fetch_and_explicit(visitors, ~lm_bit(heap->in_room), memory_order_release);
}

void lm_orphans_each_visitor(void (*look)(lm_heap *heap, const lm_slab *slab),
                             const lm_slab *slab) {
    for (heap_room *room = atomic_load_explicit(&rooms, memory_order_acquire); room;
         room = room->next)
        for (uint64_t bits = atomic_load(&room->visitors); bits; bits &= bits - 1)
            look(heap_in(room, lm_lowest_bit(bits)), slab);
}

void lm_orphans_forget_visitors(void) {
    for (heap_room *room = atomic_load(&rooms); room; room = room->next)
        atomic_store(&room->visitors, 0);
}

/* ---- Heaps without a thread ------------------------------------------------------------------ */

/* Empty slabs of theirs count as free memory, of which they are a part. Returns how much is too much. */
static size_t set_left(lm_heap *heap, size_t bytes) {
    left += bytes - heap->left;
    lm_lock_take(&lm_arena_lock);
    lm_waiting_units += bytes / LM_UNIT - heap->left / LM_UNIT;
    size_t most = lm_keep_bytes() / LM_LEFT_PART;
    lm_lock_give(&lm_arena_lock);
    heap->left = bytes;
    return left - lm_min(left, most);
}

static void forget_owed(lm_heap *heap) {
    size_t bytes = atomic_exchange_explicit(&heap->owed, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&owed, bytes, memory_order_relaxed);
}

/* Notes what the heap keeps. The heaps that were given back first let go of what is too much: they are
 * needed last. */
static void note_left(lm_heap *heap) {
    size_t excess = set_left(heap, lm_bins_empty(heap));
    while (excess && oldest_left) {
        heap = oldest_left;
        lm_bins_let_go(heap, excess);
        excess = set_left(heap, lm_bins_empty(heap));
        if (excess) {
            heap->winding_down = true; /* what others empty from now on is released at once */
            oldest_left = heap->prev_free;
        }
    }
}

static lm_heap *pop_free(void) {
    lm_heap *heap = free_heaps;
    free_heaps = heap->next_free;
    if (free_heaps)
        free_heaps->prev_free = NULL;
    if (oldest_left == heap)
        oldest_left = NULL;
    set_left(heap, 0);
    forget_owed(heap);
    return heap;
}

static void push_free(lm_heap *heap) {
    heap->next_free = free_heaps;
    heap->prev_free = NULL;
    if (free_heaps)
        free_heaps->prev_free = heap;
    free_heaps = heap;
    if (!oldest_left)
        oldest_left = heap;
    note_left(heap);
    lm_lock_take(&lm_arena_lock);
    lm_keep_note_released(heap->left >> LM_UNIT_SHIFT, false);
    lm_lock_give(&lm_arena_lock);
}

lm_heap *lm_orphans_take_heap(void) {
    lm_lock_take(&lm_threads_lock);
    lm_heap *heap = free_heaps ? pop_free() : new_heap();
    if (heap) {
        heap->exit_rounds = 0;
        heap->winding_down = false;
        heap->freed = 0;
        atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
        atomic_store_explicit(&heap->state, LM_HEAP_IN_USE, memory_order_relaxed);
    }
    lm_lock_give(&lm_threads_lock);
    return heap;
}

void lm_orphans_give_heap(lm_heap *heap) {
    forget_visitor(heap);
    lm_remote_drain(heap); /* it is the thread's still: the lock is for what others may look at */
    heap->winding_down = false;
    lm_lock_take(&lm_threads_lock);
    atomic_store_explicit(&heap->state, LM_HEAP_FREE, memory_order_relaxed);
    push_free(heap);
    atomic_fetch_sub_explicit(&threads, 1, memory_order_relaxed);
    atomic_store_explicit(&any_ended, true, memory_order_relaxed);
    lm_lock_give(&lm_threads_lock);
    lm_note_say();
}

size_t lm_orphans_count_threads(void) {
    return lm_max(atomic_load_explicit(&threads, memory_order_relaxed), 1);
}

static bool is_free(lm_heap *heap) {
    return atomic_load_explicit(&heap->state, memory_order_relaxed) == LM_HEAP_FREE;
}

/* Under lm_threads_lock, for a heap that no thread uses. */
static void tidy(lm_heap *heap) {
    if (!atomic_load_explicit(&heap->inbox, memory_order_relaxed))
        return;
    forget_owed(heap);
    lm_remote_drain(heap);
    note_left(heap);
}

bool lm_orphans_owe(lm_heap *heap, size_t bytes) {
    atomic_fetch_add_explicit(&heap->owed, bytes, memory_order_relaxed);
    return atomic_fetch_add_explicit(&owed, bytes, memory_order_relaxed) + bytes >
           LM_OWED_MAX_OF_ALL;
}

void lm_orphans_let_go(void) {
    lm_lock_take(&lm_threads_lock);
    bool any = left > 0 || atomic_load_explicit(&owed, memory_order_relaxed) > 0;
    for (lm_heap *heap = any ? free_heaps : NULL; heap; heap = heap->next_free) {
        tidy(heap);
        if (heap->left) {
            lm_bins_tidy(heap);
            set_left(heap, lm_bins_empty(heap));
        }
    }
    lm_lock_give(&lm_threads_lock);
}

void lm_orphans_tidy(lm_heap *heap) {
    lm_lock_take(&lm_threads_lock);
    if (is_free(heap))
        tidy(heap);
    lm_lock_give(&lm_threads_lock);
    lm_note_say();
}

/* Looks at a few heaps at each call, so that it stays short however many threads there were. */
static lm_slab *search(unsigned class) {
    enum { AT_ONCE = 8 };
    for (int i = 0; i < AT_ONCE; i++) {
        if (!next_to_search)
            next_to_search = atomic_load_explicit(&lm_heaps, memory_order_relaxed);
        lm_heap *heap = next_to_search;
        next_to_search = heap->next;
        if (!is_free(heap))
            continue;
        tidy(heap);
        lm_slab *slab = lm_bin_part_with(heap, class);
        if (!slab)
            continue;
        if (lm_slab_known_free(slab))
            set_left(heap, heap->left - lm_slab_bytes(slab));
        return slab;
    }
    return NULL;
}

lm_slab *lm_orphans_adopt(lm_heap *heap, unsigned class) {
    if (!atomic_load_explicit(&any_ended, memory_order_relaxed))
        return NULL;
    lm_lock_take(&lm_threads_lock);
    lm_slab *slab = free_heaps ? search(class) : NULL;
    if (slab)
        atomic_store_explicit(&slab->owner, heap, memory_order_release);
    lm_lock_give(&lm_threads_lock);
    return slab;
}

void lm_orphans_dissolve(void) {
    atomic_store(&lm_heaps, NULL);
    atomic_store(&any_ended, false);
    atomic_store(&threads, 0);
    atomic_store(&owed, 0);
    free_heaps = oldest_left = NULL;
    left = 0;
    next_to_search = NULL;
    for (heap_room *room = atomic_load(&rooms), *next; room; room = next) {
        next = room->next;
        lm_os_release(room, room->size);
    }
    atomic_store(&rooms, NULL);
}

void lm_orphans_lose_threads(lm_heap *mine) {
    for (lm_heap *heap = atomic_load(&lm_heaps); heap; heap = heap->next)
        if (heap != mine && atomic_load(&heap->state) == LM_HEAP_IN_USE)
            atomic_store(&heap->state, LM_HEAP_STALE);
    atomic_store(&threads, 1);
}
