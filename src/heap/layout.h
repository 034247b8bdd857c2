/* Every structure that the parts of the heap share, drawn. Who may touch what is said at each field:
 *
 *   [once]    written before anyone else can see it, never again
 *   [arena]   under lm_arena_lock
 *   [owner]   by the thread whose heap owns the slab, without a lock; others read at most as a hint
 *   [any]     atomic, by any thread
 *   [holder]  by whoever makes, resizes or frees the block
 *
 * THE ADDRESS SPACE OF AN ARENA
 *
 *   base                                  committed                         base + size
 *   |  chunk 0  |  chunk 1  |  chunk 2  |  | reserved: inaccessible, not accounted  |
 *   +-----------+-----------+-----------+--+----------------------------------------+
 *   |s|ssss|S---S|..|s|     |           |
 *   +-----------+
 *    128 units of 16 KiB: slabs (s), spans (S) and free units (.)
 *
 * Nothing in there is the manager's. Its own records lie in a second range, somewhere else:
 *
 *   | guard | whole chunks: bits | chunks: 64 bytes each | map: 4 bytes a unit | records | guard |
 *
 * FROM A POINTER TO ITS RECORD (lm_record_at in find.h)
 *
 *   p - base = offset:   | unit number      | 14 bits |
 *                                |
 *                                v
 *   map:      ... | 0 | 7 | 9 | 9 | 9 | 9 | 0 | ...     which record describes the unit, in steps
 *                                |                      of 64 bytes; 0 is the void record: all
 *                                v                      zero, so every test of the fast path
 *   records:  | void | slab | span | slab ...           fails on it
 *
 * THE RECORD OF A SLAB
 *
 *   byte 0         16       32     48       64       80
 *   | start, room | recipr.| next | pair 0 | pair 1 | ... | gap to 64 | remote 0 | remote 1 | ...
 *   | owner       | slots..| prev |        |        |     |           |          |          |
 *   \____________ the owner's lines _____________/               \__ the others' lines __/
 *
 *   Bit i of word w speaks of slot 64 w + i. A slot is allocated exactly when it has no bit in
 *   avail, pending and remote:
 *      avail    can be handed out
 *      pending  freed by the owner, rests until the slab is harvested
 *      remote   freed by another thread, until the owner has taken the word over into pending
 *   Bits without a slot, in the last words, are pending at all times.
 *
 * REMOTE FREES
 *
 *   A thread that frees a slot of somebody else's slab, which it visits (visit.h), sets its bit in
 *   remote[w].bits. Whoever finds the word empty there (the old value was 0) owes it to the owner to
 *   push the word onto its heap's inbox: a stack of words linked through remote[w].next. The owner takes a word's bits only after
 *   it has popped the word, so:
 *      a word that isn't 0 is in an inbox, or about to be pushed by exactly one thread;
 *      a slab with such a word has a live slot in the owner's eyes, so it is not released;
 *      a thread that found the word not empty touches nothing after its one atomic operation.
 */
#ifndef LM_HEAP_LAYOUT_H
#define LM_HEAP_LAYOUT_H

#include "base/compiler.h"
#include "base/lock.h"
#include "base/once.h"
#include "conf/options.h"
#include "heap/chunk.h"
#include "heap/class.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LM_UNIT_SHIFT = 14,
    LM_UNIT = 1 << LM_UNIT_SHIFT, /* bytes */
    LM_CHUNK_SHIFT = LM_UNIT_SHIFT + 7,
    LM_CHUNK = LM_UNIT * LM_CHUNK_UNITS,    /* bytes: 2 MiB */
    LM_SLAB_UNITS_MAX = 9,                  /* units of the largest slabs */
    LM_RECORD_GRAIN = 64,                   /* bytes: records are multiples of it */
    LM_WORDS_MAX = LM_UNIT / LM_GRAIN / 64, /* words of a bitmap of the class with most slots */
    LM_ARENAS_MAX = 64,                     /* count */
};

typedef struct lm_heap lm_heap;
typedef struct lm_slab lm_slab;

/* What a record describes. */
/* SAMPLED: the record is an lm_span that holds all places of sampled.h. */
enum {
    LM_KIND_VOID = 0,
    LM_KIND_SLAB = 1,
    LM_KIND_SPAN = 2,
    LM_KIND_GUARD = 3,
    LM_KIND_SAMPLED = 4,
};

/* Where a slab is, in its owner's eyes. CURRENT: a bin takes slots from it. QUEUED: in a bin's
 * queue. FULL: in no list, until enough of it is free. When other threads have freed all slots of a
 * FULL slab, and its owner sleeps on, they may change its place under lm_arena_lock: to WAITING,
 * which counts its units as memory that could be reused, or to PURGED, when its memory was given
 * back to the system. */
enum {
    LM_PLACE_CURRENT = 1,
    LM_PLACE_QUEUED,
    LM_PLACE_FULL,
    LM_PLACE_WAITING,
    LM_PLACE_PURGED,
};

typedef struct lm_pair {
    _Atomic uint64_t avail;   /* [owner] */
    _Atomic uint64_t pending; /* [owner] */
} lm_pair;

typedef struct lm_remote {
    _Atomic uint64_t bits;  /* [any] */
    struct lm_remote *next; /* [whoever found bits empty, then the owner] */
    lm_slab *slab;          /* [once] */
    uint64_t word;          /* [once] which word of the slab this is */
} lm_remote;

/* A slab's start is an offset in its arena of which the fast path needs the lower half only. */
struct lm_slab {
    uint32_t start_low;       /* [once] offset of slot 0 in the arena: see lm_slab_start */
    uint16_t start_high;      /* [once] */
    uint16_t room;            /* [once] of a slot, in steps of LM_GRAIN */
    _Atomic(lm_heap *) owner; /* [owner], or under lm_threads_lock when no thread uses that heap */
    uint64_t
        reciprocal; /* [once] of the class; 0 in a span's record, and where slots have no bytes */
    uint16_t slots; /* [once] */
    uint16_t countdown; /* [owner] so many more frees by the owner until the slow path looks */
    uint8_t class;      /* [once] */
    uint8_t kind;       /* [once] */
    uint8_t arena : 6;  /* [once] */
    uint8_t
        guarded : 1; /* [once] its last page is a guard, so it has fewer slots than others of its class */
    uint8_t hidden : 1;    /* [once, under lm_arena_lock] nobody may touch the slots */
    _Atomic uint8_t place; /* [owner] under lm_arena_lock from FULL on; see above */
    lm_slab *next;         /* [owner] in the bin's queue, oldest first */
    union {
        lm_slab *prev; /* [owner] in the bin's queue */
        uint64_t rest; /* [owner] CURRENT: slots of the word in use that come next, see order.h */
    };
    lm_pair pairs[]; /* [owner] the class's number of words */
};

_Static_assert(offsetof(lm_slab, pairs) == 48,
               "a slab of up to 64 slots has its owner's fields on one line");

/* How much of a span is hidden: nothing, a guard lies on its first page, or its front or all of it is protected. */
enum { LM_SPAN_SHOWN = 0, LM_SPAN_PAGE_HIDDEN, LM_SPAN_HIDDEN };

/* A span's record has a slab's first fields; `moved` to `live` lie where `countdown` to `place` do. */
typedef struct lm_span {
    uint64_t start;       /* [once] offset of the block in the arena */
    uint64_t no_owner;    /* always 0 */
    uint64_t reciprocal;  /* always 0 */
    uint32_t units;       /* [arena] of the run, guards included */
    uint8_t moved;        /* [arena] its pages came by mremap, so their mapping is one of its own */
    uint8_t kind;         /* [once] */
    uint8_t arena;        /* [once] */
    _Atomic uint8_t live; /* [any] 1 while it holds a block; 0 when it is free or rests */
    uint32_t first;       /* [once] the run's first unit */
    _Atomic uint64_t asked; /* [holder] bytes that the program asked for */
    uint8_t family;         /* [holder] lm_family */
    uint8_t alignment;      /* [holder] log2 of what was asked for, 0: none */
    uint8_t hidden;         /* [holder] LM_SPAN_...: it rests, and nobody may touch it */
    uint8_t cold;           /* [holder] it rests without memory */
    uint8_t fresh;          /* [holder] most of its memory was the system's when it was made */
    uint64_t bytes;         /* [arena] up to the guard behind */
    uint64_t guard_front;   /* [holder] bytes of guard pages before the block, 0 without */
    uint64_t guard_back;    /* [arena] bytes of guard pages at start + bytes, 0 without */
    uint64_t moved_bytes;   /* [holder] of a span that was moved: from its start, in one mapping */
} lm_span;

/* How the fast path makes a block of a slot, with protection: it looks whether the slot is still clear; it needn't,
 * since the slot is fresh; or a function does, as the class or the settings want it. */
enum { LM_FORM_CHECKED = 0, LM_FORM_FRESH, LM_FORM_GENERAL };

/* A thread takes slots of one class from here. 64 bytes, so that its address is a shift away. */
typedef struct lm_bin {
    _Atomic(lm_pair *) pair; /* the word in use; never NULL: an empty one when there is none */
    char *base;              /* address of the word's slot 0 */
    uint32_t size;           /* bytes of a slot */
    uint8_t form;            /* LM_FORM_...: how its slots become blocks */
    bool fresh : 1;          /* the word's slots were never used since the system gave zeros */
    bool clean : 1;          /* nor those that the current slab has not opened */
    uint16_t opened;         /* slots of the current slab that can be used; the rest was never */
    lm_slab *slab;           /* CURRENT, NULL when there is none */
    lm_slab *head, *tail;    /* QUEUED, oldest first: an eighth free or more when they came */
    _Atomic uint64_t given;  /* count: slots in all words that were put in use here */
    uint64_t
        until_sample; /* [owner] count: allocations beyond those that the word in use was given,
                              * up to the next sample and with it; 0: not drawn yet */
} lm_bin;

enum { LM_HEAP_FREE = 0, LM_HEAP_IN_USE, LM_HEAP_STALE };

/* Behind the bins of all classes: one that never has a slot. */
enum { LM_BIN_NONE = LM_CLASSES, LM_BINS };

struct lm_heap {
    lm_bin bins[LM_BINS]; /* [owner] */
    uint64_t random;      /* [owner] state of lm_random_next */
    size_t spare;         /* [owner] bytes of empty QUEUED slabs */
    size_t idle;          /* [owner] bytes of empty CURRENT slabs of medium classes */
    size_t freed;         /* [owner] bytes of slabs in which much was freed since one was needed */
    bool winding_down;    /* [owner] that was a lot: the thread keeps nothing that is empty */
    lm_heap *next;        /* [once] all heaps ever made */
    lm_heap *next_free;   /* under lm_threads_lock: no thread uses it; given back before this one */
    lm_heap *prev_free;   /* under lm_threads_lock: given back after this one */
    size_t left;          /* under lm_threads_lock: bytes of empty slabs for the next thread */
    int exit_rounds;      /* [owner] thread-exit rounds that this thread has seen */
    uint64_t thread;      /* [owner] the system's number of the thread that uses it */
    _Atomic(const lm_slab *) visits; /* [owner] somebody else's slab that it looks at: visit.h */
    _Atomic int state; /* LM_HEAP_...: IN_USE by a thread; STALE: its thread was lost in a fork */
    unsigned in_room;  /* [once] which heap of its room it is: orphans.c */
    char pad[LM_CACHE_LINE];
    _Atomic size_t lent;        /* [any] bytes freed by others in slabs that the thread takes from,
                                 * since it last looked; an estimate */
    _Atomic size_t owed;        /* [any] the same of slabs while no thread uses the heap */
    _Atomic(lm_remote *) inbox; /* [any] words with slots freed by other threads */
};

/* Where in a heap the bin is for a request of up to LM_SMALL_MAX bytes, by (size + 7) / 8: the fast
 * path's form of lm_small_class. Blocks of no bytes may have a class apart, for which the fast path
 * has no bin; with a tail, a block needs a room of LM_TAIL bytes more. */
enum { LM_SMALL_STEPS = LM_SMALL_MAX / 8 + 1 };
extern const uint16_t lm_small_offset[LM_SMALL_STEPS];
extern const uint16_t lm_small_offset_zero_apart[LM_SMALL_STEPS];
extern const uint16_t lm_small_offset_with_tail[LM_SMALL_STEPS];

_Static_assert(sizeof(lm_bin) == LM_CACHE_LINE && offsetof(lm_heap, bins) == 0,
               "a bin's offset is a multiple of its class");

/* What the way from a pointer to its record needs, for each arena; the first is the fast path's. */
typedef struct lm_lookup {
    uintptr_t base;        /* [once] a multiple of LM_CHUNK */
    size_t size;           /* [once] bytes reserved */
    _Atomic uint32_t *map; /* [once]; entries [arena] */
    char *records;         /* [once] */
} lm_lookup;

/* Of how many slots that are harvested the blocks beside them are checked. */
enum { LM_NEIGHBOURS_NONE = 0, LM_NEIGHBOURS_FEW, LM_NEIGHBOURS_ALL };

/* How blocks are protected: protect.h and docs/security.md. */
typedef struct lm_protection {
    size_t clear_max;    /* bytes: rooms up to this are cleared when they are freed */
    size_t sweep_max;    /* bytes that are looked at when the process ends */
    int neighbours;      /* LM_NEIGHBOURS_...: whose are checked at harvest */
    uint64_t guard_rate; /* 1 in so many slabs ends with a guard; 0: none */
    size_t guard_max;    /* bytes: slabs with slots up to this may */
    bool tail;           /* a canary behind every block in a slot */
    bool clear;          /* cleared rooms are checked before they are handed out again */
    bool random;         /* slots and slabs at random places */
    bool scatter;        /* ... slots one by one, see choose in slab.c */
    bool zero_traps;     /* blocks of no bytes can't be touched */
    bool hide_large;     /* freed large blocks can't be touched while they rest */
    bool check_before;   /* a free looks at the tail of the block before */
    bool strict_arrays;  /* new[] must go with delete[], new with delete */
    bool purge_slabs;    /* classes share units only when the system had them back */
} lm_protection;

/* How address space and free memory are dealt with: arena.h. */
typedef struct lm_arena_settings {
    size_t first_size; /* bytes of address space for the first arena; 0: as much as is sensible */
    size_t keep;       /* bytes of free memory to keep; 0: by what is in use, see lm_keep_bytes */
    int huge_pages; /* 1 asks for transparent huge pages, -1 for none, 0 leaves it to the system */
} lm_arena_settings;

/* How guards are made: guard.h. */
typedef struct lm_guard_settings {
    lm_guards kind;  /* not LM_GUARDS_AUTO */
    size_t mappings; /* count: how many mappings of their own guards and moved blocks may cost */
} lm_guard_settings;

/* Which allocations are samples: sampled.h. */
typedef struct lm_sampled_settings {
    uint64_t mean; /* count: allocations of a class from one sample to the next; 0: none */
    /* Writes the calling thread's return addresses; NULL: there are no stacks. By who knows how. */
    size_t (*capture)(uintptr_t *frames, size_t max);
} lm_sampled_settings;

/* How the fast path protects a block: not at all, by its own inlined form of what the default level
 * asks for, or by the general form out of line. */
enum { LM_PROTECT_NOT = 0, LM_PROTECT_INLINE, LM_PROTECT_GENERAL };

/* What malloc and free read on every path, and all that the heap goes by; [once] but for later arenas.
 * One variable, since each takes whole pages (base/once.h).
 *
 * A heap with the default protection on a processor with wide vectors, and one without protection, have ways of
 * their own through malloc and free: the comparisons that lead there have limits that are 0 in all other heaps. */
typedef struct lm_heap_once {
    uint64_t secret, multiplier;  /* of canaries; both odd, so that no canary begins with a 0 */
    const uint16_t *small_offset; /* one of the tables */
    size_t wide_limit;            /* LM_SMALL_MAX + 1 with the wide inlined forms, else 0 */
    lm_lookup lookups[LM_ARENAS_MAX];
    size_t wide_size;   /* lookups[0].size with the wide inlined forms, else 0 */
    size_t plain_limit; /* LM_SMALL_MAX + 1 without protection, else 0 */
    size_t plain_size;  /* lookups[0].size without protection, else 0 */
    uint16_t protect;   /* LM_PROTECT_... */
    uint16_t tail;      /* bytes of a slot's room that the manager takes: 0 or LM_TAIL */
    uint64_t seed;      /* of the heaps' lm_random_next */
    lm_protection protection;
    lm_arena_settings arena;
    lm_guard_settings guard;
    lm_sampled_settings sampled;
} LM_ONCE_ALIGNED lm_heap_once;

extern LM_HIDDEN lm_heap_once lm_once;

_Static_assert(offsetof(lm_heap_once, lookups) + sizeof(lm_lookup) == LM_CACHE_LINE,
               "what the fast path reads is one line");

/* A part of the second range: grows at its end as the arena's frontier does. */
typedef struct lm_region {
    char *at;         /* [once] */
    size_t size;      /* [once] bytes reserved */
    size_t committed; /* [arena] bytes that are writable */
} lm_region;

enum { LM_RECORD_SIZES = 16 };

typedef struct lm_arena {
    lm_lookup *lookup; /* [once] */
    size_t committed;  /* [arena] bytes from base */
    lm_chunks chunks;  /* [arena] which units are free */
    lm_region map;     /* the whole of it is readable */
    lm_region table;   /* of chunks */
    lm_region whole;   /* bitmap of chunks */
    lm_region records;
    size_t records_used;                   /* [arena] bytes, free records included */
    uint32_t record_free[LM_RECORD_SIZES]; /* [arena] by size in steps of 64: number of the first
                                            * free record, each holds the next one's; 0 ends */
    void *reserved[2];                     /* [once] what the system gave: arena, second range */
    size_t reserved_size[2];
} lm_arena;

extern lm_arena lm_arenas[LM_ARENAS_MAX];
extern _Atomic uint32_t lm_arena_count;
extern lm_lock lm_arena_lock;

/* Number of words of a class's bitmaps, and bytes of a slab's record. */
LM_INLINE unsigned lm_slab_words(const lm_slab *slab) {
    return lm_classes[slab->class].words;
}

/* Bytes of a slab's slots. */
LM_INLINE uint32_t lm_slab_size(const lm_slab *slab) {
    return lm_classes[slab->class].size;
}

/* Bytes of a slot that a block and its tail may use. */
LM_INLINE size_t lm_slab_room(const lm_slab *slab) {
    return (size_t)slab->room * LM_GRAIN;
}

/* The largest block of a slot with so much room. */
LM_INLINE size_t lm_most_in(size_t room) {
    return lm_min(room - lm_once.tail, LM_MEDIUM_MAX);
}

LM_INLINE uint64_t lm_slab_start(const lm_slab *slab) {
    return slab->start_low | (uint64_t)slab->start_high << 32;
}

LM_INLINE uint32_t lm_slab_first_unit(const lm_slab *slab) {
    return (uint32_t)(lm_slab_start(slab) >> LM_UNIT_SHIFT);
}

LM_INLINE uint32_t lm_slab_units(const lm_slab *slab) {
    return lm_classes[slab->class].units;
}

LM_INLINE size_t lm_slab_remote_offset(unsigned words) {
    return lm_align_up(sizeof(lm_slab) + words * sizeof(lm_pair), LM_CACHE_LINE);
}

LM_INLINE size_t lm_slab_record_size(unsigned words) {
    return lm_slab_remote_offset(words) + lm_align_up(words * sizeof(lm_remote), LM_CACHE_LINE);
}

LM_INLINE lm_remote *lm_slab_remotes(lm_slab *slab) {
    return (lm_remote *)(void *)((char *)slab + lm_classes[slab->class].remotes);
}

/* The bits of a word that stand for slots: all of them but in the last one with slots, and in those that a
 * guard leaves without. */
LM_INLINE uint64_t lm_slab_valid(const lm_slab *slab, size_t word) {
    size_t slots = slab->slots, before = word * 64;
    return lm_low_bits(slots - lm_min(slots, before));
}

LM_INLINE char *lm_slab_address(const lm_slab *slab) {
    return (char *)lm_once.lookups[slab->arena].base + lm_slab_start(slab);
}

#endif
