/* The checker's record of each block, apart from the heap: for every slab an array with a record for each of
 * its slots, for every large block one with a single record.
 *
 *   address -> the heap's record of its slab (heap/find.h) -> slab's first unit, and slot
 *   units[first unit] -> array -> of[slot]
 *
 * An array lives on when its slab is gone, until another slab begins at the same unit. It is then used again
 * for slabs of the same class. Nobody waits here: whoever looks an address up may find what was there a
 * moment ago, but never reads what isn't there. */
#ifndef LM_CHECK_TABLE_H
#define LM_CHECK_TABLE_H

#include "check/amounts.h"
#include "check/blocks.h"
#include "check/calls.h"
#include "heap/find.h"

/* NONE: no block yet. BUSY: somebody is just making or freeing it. RESTING: freed, in the quarantine.
 * GONE: it has left the quarantine, and the heap may use its place again. */
enum { LM_STATE_NONE = 0, LM_STATE_BUSY, LM_STATE_LIVE, LM_STATE_RESTING, LM_STATE_GONE };

enum { LM_TIME_SHIFT = 20, LM_TIME_GRAIN = 6 /* log2 ns */ };

/* When and by whom: | time in steps of 64 ns: 44 bits | thread: 20 bits | */
typedef uint64_t lm_moment;

/* In 32 bytes, so that none lies on two cache lines. */
typedef struct lm_record {
    _Atomic uint8_t state;
    uint8_t allocated_call : 5; /* lm_call */
    uint8_t told : 3;           /* LM_TOLD_...: that damage was told exactly */
    uint8_t freed_call;
    uint8_t alignment : 6; /* log2 of what was asked for beyond 16; 0: none */
    uint8_t hidden : 2;    /* LM_HIDDEN_...: a large block that rests; nobody may touch its pages */
    uint32_t allocated : 21, freed_high : 11; /* stacks */
    union {
        struct {
            uint64_t size : 48, freed_low : 16;
        };
        uint64_t second_word; /* both: a size alone has no stack */
    };
    lm_moment allocated_at, freed_at;
} lm_record;

_Static_assert(sizeof(lm_record) == 32, "a record is what every block costs");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first bits are the lowest");
_Static_assert(LM_DEPOT_STACKS < 1 << 21, "a record has so many bits for a stack");
_Static_assert(LM_CALLS_COUNT <= 1 << 5, "a record has so many bits for a call");

/* No block is larger: keeps compilers content. */
#define LM_SIZE_MASK  (((uint64_t)1 << 48) - 1)
#define LM_STACK_MASK ((1u << 21) - 1)

LM_INLINE uint32_t lm_record_freed(const lm_record *record) {
    return (uint32_t)record->freed_high << 16 | record->freed_low;
}

LM_INLINE void lm_record_set_freed(lm_record *record, uint32_t stack) {
    /* As a whole: who reads the size next would have to wait for a part. */
    record->second_word = (record->second_word & LM_SIZE_MASK) | (uint64_t)stack << 48;
    record->freed_high = stack >> 16 & (LM_STACK_MASK >> 16);
}

/* What is known of a block before it is there. */
LM_INLINE void lm_record_make(lm_record *record, lm_call call, unsigned alignment, uint32_t stack,
                              size_t size) {
    record->allocated_call = (unsigned)call & 31u;
    record->told = 0;
    record->alignment = alignment & 63u;
    record->hidden = 0;
    record->allocated = stack & LM_STACK_MASK;
    record->freed_high = 0;
    record->second_word = size & LM_SIZE_MASK;
}

/* Bytes from the start of a slot to that of its block. */
LM_INLINE size_t lm_record_front(const lm_record *record, uintptr_t raw) {
    if (LM_LIKELY(record->alignment == 0))
        return LM_ZONE_LEAST;
    return lm_align_up(raw + LM_ZONE_LEAST, (size_t)1 << record->alignment) - raw;
}

enum { LM_HIDDEN_NOT = 0, LM_HIDDEN_BY_GUARD, LM_HIDDEN_BY_MAPPING };

enum { LM_TOLD_FRONT = 1, LM_TOLD_REAR = 2, LM_TOLD_FREED = 4 };

typedef struct lm_records {
    uintptr_t first;         /* address of slot 0 */
    uint32_t stride;         /* bytes of a slot; 0: a large block */
    uint32_t count;          /* of slots */
    struct lm_records *next; /* free ones of the same class */
    char pad[LM_CACHE_LINE - 24];
    lm_record of[];
} lm_records;

/* Where a block lies. */
typedef struct lm_place {
    lm_record *record;
    lm_records *records;
    uintptr_t raw; /* first byte of the slot */
    size_t room;   /* bytes of the slot */
} lm_place;

LM_INLINE uintptr_t lm_place_start(const lm_place *place) {
    return place->raw + lm_record_front(place->record, place->raw);
}

/* Bytes between the block's end and the slot's. */
LM_INLINE size_t lm_place_rear(const lm_place *place) {
    return place->room - lm_record_front(place->record, place->raw) - place->record->size;
}

LM_INLINE uint8_t lm_record_state(const lm_record *record) {
    return atomic_load_explicit(&record->state, memory_order_acquire);
}

LM_INLINE bool lm_record_claim(lm_record *record, uint8_t from, uint8_t to) {
    return atomic_compare_exchange_strong_explicit(&record->state, &from, to, memory_order_acquire,
                                                   memory_order_relaxed);
}

/* One pointer for each unit of the arena. */
typedef struct lm_table_arena {
    _Atomic(_Atomic(lm_records *) *) of;
    size_t open; /* bytes that are writable */
} lm_table_arena;

extern lm_table_arena lm_table_units[LM_ARENAS_MAX];

/* Before the first block. False: there is no address space. */
bool lm_table_start(void);

/* The place of a slot that the heap just gave; its array is made when there is none. False: there is no
 * memory for it. */
bool lm_table_new(void *raw, lm_place *place);

/* The place of the slot that an address lies in, or in whose zones or guards it lies. False: none is known.
 * Any thread, handlers too. */
bool lm_table_find(uintptr_t at, lm_place *place);

/* A place beside another; false: there is none in its array. */
bool lm_table_beside(const lm_place *place, int step, lm_place *other);

/* All places that ever had a block, until `visit` returns false. */
void lm_table_each(bool (*visit)(const lm_place *place, void *context), void *context);

/* The arrays of an arena; NULL: there are none. */
LM_INLINE _Atomic(lm_records *) *lm_table_of(size_t arena) {
    return atomic_load_explicit(&lm_table_units[arena].of, memory_order_acquire);
}

/* The place of a slot that begins at `raw`, in a slab of the first arena: the way that nearly all calls take.
 * False: look further. */
LM_INLINE bool lm_table_fast(uintptr_t raw, lm_place *place) {
    const lm_lookup *lookup = &lm_once.lookups[0];
    uint64_t offset = raw - lookup->base;
    size_t slot;
    if (LM_UNLIKELY(offset >= lookup->size))
        return false;
    lm_slab *slab = lm_record_at(lookup, offset);
    if (LM_UNLIKELY(!lm_slot_at(slab, offset, &slot)))
        return false;
    uint64_t start = lm_slab_start(slab);
    lm_records *records =
        atomic_load_explicit(&lm_table_of(0)[start >> LM_UNIT_SHIFT], memory_order_acquire);
    size_t room = lm_slab_room(slab);
    if (LM_UNLIKELY(!records) || LM_UNLIKELY(records->first != lookup->base + start) ||
        LM_UNLIKELY(records->stride != room) || LM_UNLIKELY(slot >= records->count))
        return false;
    *place = (lm_place){&records->of[slot], records, raw, room};
    return true;
}

/* The same for an address anywhere in a slot; the record may be one without a block. */
LM_INLINE bool lm_table_inside(uintptr_t at, lm_place *place) {
    const lm_lookup *lookup = &lm_once.lookups[0];
    uint64_t offset = at - lookup->base;
    size_t slot;
    if (LM_UNLIKELY(offset >= lookup->size))
        return false;
    const lm_slab *slab = lm_record_at(lookup, offset);
    (void)lm_slot_at(slab, offset, &slot);
    size_t room = lm_slab_room(slab);
    return LM_LIKELY(slab->reciprocal != 0) &&
           lm_table_fast(lookup->base + lm_slab_start(slab) + slot * room, place) &&
           LM_LIKELY(at - place->raw < room);
}

/* ---- Moments --------------------------------------------------------------------------------- */

LM_INLINE lm_moment lm_moment_of(uint64_t time, uint32_t thread) {
    return time >> LM_TIME_GRAIN << LM_TIME_SHIFT | lm_min(thread, (1u << LM_TIME_SHIFT) - 1);
}

LM_INLINE uint64_t lm_moment_time(lm_moment moment) {
    return moment >> LM_TIME_SHIFT << LM_TIME_GRAIN;
}

LM_INLINE uint32_t lm_moment_thread(lm_moment moment) {
    return (uint32_t)moment & ((1u << LM_TIME_SHIFT) - 1);
}

extern lm_lock lm_table_lock;

#endif
