/* What stands between a block and the next one, and what a free slot holds. Both are in reach of the
 * program: nothing here is trusted, it is only compared.
 *
 * A SLOT WITH A LIVE BLOCK, asked for n bytes
 *
 *   p                     p + n                              p + room - 8      p + room
 *   | block: n bytes      | mark: up to 8 bytes | zeros ...  | canary: 8 bytes |
 *                         \______ slack _____________________/
 *
 *   canary = key(p) ^ note << 21         key(p) = (p ^ secret) * multiplier
 *   note:  | family 2 | alignment 4 | slack 16 |        how it was allocated; log2 when above 16
 *
 *   The first byte behind the block is never 0, so that a string's terminating NUL shows. The note
 *   lies in the canary's middle: a write past the block changes bytes before it, one before the next
 *   block bytes behind it, so neither makes a note that seems right.
 *
 * A FREE SLOT is all zero when its class is cleared (rooms up to clear_max): a free clears it, and
 * before it is handed out again it must still be so. Slots that were never used are zero anyway.
 *
 * The inlined forms here are what the default level asks for, for rooms up to LM_SMALL_MAX. The general form, out of
 * line, follows the settings (lm_once.protection). */
#ifndef LM_HEAP_PROTECT_H
#define LM_HEAP_PROTECT_H

#include "base/finding.h"
#include "heap/clear.h"
#include "heap/layout.h"

#include <string.h>

enum {
    LM_TAIL = 8,
    LM_SLACK_WINDOW = 32, /* bytes that are looked at in one step */
    LM_SLACK_SHORT = LM_SLACK_WINDOW - LM_TAIL,
    LM_SLACK_LONG = 64,
    LM_NOTE_SHIFT = 21,
    LM_NOTE_BITS = 22,
    LM_ALIGN_SHIFT = 16,
    LM_FAMILY_SHIFT = 20
};

/* Which functions allocate a block, and which must free it. */
typedef enum lm_family { LM_FAMILY_C = 0, LM_FAMILY_NEW = 1, LM_FAMILY_ARRAY = 2 } lm_family;

/* A function that frees: what it is called in findings, and what it may be given. */
typedef struct lm_way {
    const char *call;
    lm_family family;
    bool any_alignment; /* it may be given aligned blocks without saying so */
} lm_way;

/* A free that doesn't say the size, or the alignment. */
#define LM_ANY_SIZE SIZE_MAX
enum { LM_ANY_ALIGNMENT = 0 };

/* What a block's tail says of it. */
typedef struct lm_asked {
    size_t size;      /* bytes asked for */
    size_t alignment; /* asked for; 0: none beyond LM_GRAIN */
    lm_family family;
} lm_asked;

/* ---- Words of the tail ---------------------------------------------------------------------- */

#define LM_MARK_BYTE 0xa5

static const uint64_t LM_MARK = LM_MARK_BYTE * (~(uint64_t)0 / 0xff);

LM_INLINE uint64_t lm_word_at(const char *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

LM_INLINE void lm_put_word(char *at, uint64_t word) {
    memcpy(at, &word, sizeof word);
}

/* The canary of a room. Others may look at it at any time: whoever visits all blocks, or checks a
 * neighbour. */
LM_INLINE _Atomic uint64_t *lm_canary_at(const char *p, size_t room) {
    return (_Atomic uint64_t *)(uintptr_t)(p + room - LM_TAIL);
}

LM_INLINE uint64_t lm_canary_of(const char *p, size_t room) {
    return atomic_load_explicit(lm_canary_at(p, room), memory_order_relaxed);
}

/* Makes the canary 0, if it is still what it was found to be. Of two threads that free a block at once only
 * one can; the other one must not touch the slot any more. */
LM_INLINE bool lm_canary_claim(char *p, size_t room, uint64_t canary) {
    bool claimed = atomic_compare_exchange_strong_explicit(
        lm_canary_at(p, room), &canary, 0, memory_order_acq_rel, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* it shows before what is changed next */
    return claimed;
}

LM_INLINE uint64_t lm_canary_key(const char *p) {
    return ((uintptr_t)p ^ lm_once.secret) * lm_once.multiplier;
}

LM_INLINE void lm_tail_put(char *p, size_t room, size_t size, uint64_t kind) {
    size_t slack = room - LM_TAIL - size;
    uint64_t note = slack | kind;
    if (LM_THREAD_SANITIZER) /* what reaches into the canary is overwritten below */
        memcpy(p + size, &LM_MARK, lm_min(slack, sizeof LM_MARK));
    else
        lm_put_word(p + size, LM_MARK);
    atomic_store_explicit(lm_canary_at(p, room), lm_canary_key(p) ^ note << LM_NOTE_SHIFT,
                          memory_order_relaxed);
}

/* The same in a room that isn't clear: the first bytes of the slack become zeros; those before it that do, too, are
 * a new block's. */
LM_INLINE void lm_tail_put_over(char *p, size_t room, size_t size, uint64_t kind) {
    memset(p + lm_min(size, room - LM_TAIL - LM_SLACK_SHORT), 0, LM_SLACK_SHORT);
    lm_tail_put(p, room, size, kind);
}

/* A block's note; more than 22 bits when the canary is broken. */
LM_INLINE uint64_t lm_note_in(uint64_t canary, const char *p) {
    uint64_t word = canary ^ lm_canary_key(p);
    return word >> LM_NOTE_SHIFT | word << (64 - LM_NOTE_SHIFT);
}

LM_INLINE uint64_t lm_note_of(const char *p, size_t room) {
    return lm_note_in(lm_canary_of(p, room), p);
}

/* The same without what it says of an alignment: that matters only to those who free by one. */
LM_INLINE uint64_t lm_note_unaligned(uint64_t canary, const char *p) {
    const uint64_t alignment = (uint64_t)0xf << LM_ALIGN_SHIFT;
    return lm_note_in(canary, p) & ~alignment;
}

/* ---- The slack ------------------------------------------------------------------------------- */

/* Any bytes before the canary against what they must be there: in both tables those of a slack of n bytes begin
 * with byte n. */
typedef struct lm_slack_tables {
    unsigned char wanted[2 * LM_SLACK_LONG], is_slack[2 * LM_SLACK_LONG];
} lm_slack_tables;

extern LM_HIDDEN const lm_slack_tables lm_slack_table;

/* All ones before the canary in a room's last LM_SLACK_WINDOW bytes. */
extern LM_HIDDEN const unsigned char lm_before_canary[LM_SLACK_WINDOW];

/* What is wrong with the vector at p, where the tables' byte i stands for its first. */
LM_INLINE lm_vector lm_slack_wrong(const char *p, size_t i) {
    return (lm_vector_of(p) ^ lm_vector_of(lm_slack_table.wanted + i)) &
           lm_vector_of(lm_slack_table.is_slack + i);
}

/* A room of LM_GRAIN bytes. */
LM_INLINE bool lm_tiny_slack_intact(const char *p, size_t slack) {
    const unsigned char *is_slack = lm_slack_table.is_slack + LM_SLACK_LONG - LM_TAIL + slack;
    return ((lm_word_at(p) ^ LM_MARK) & lm_word_at((const char *)is_slack)) == 0;
}

/* For the thread sanitizer: the window below has the canary, which others may try to claim meanwhile. */
LM_INLINE bool lm_bytes_of_slack_intact(const char *p, size_t room, size_t slack) {
    const char *at = p + room - LM_TAIL - slack;
    for (size_t i = 0; i < slack; i++)
        if ((unsigned char)at[i] != (i < sizeof LM_MARK ? LM_MARK_BYTE : 0))
            return false;
    return true;
}

/* Rooms that are longer. */
LM_INLINE bool lm_short_slack_intact(const char *p, size_t room, size_t slack) {
    if (LM_THREAD_SANITIZER)
        return lm_bytes_of_slack_intact(p, room, slack);
    const char *window = p + room - LM_SLACK_WINDOW;
    size_t i = LM_SLACK_LONG - LM_SLACK_SHORT + slack, last = LM_SLACK_WINDOW - LM_VECTOR;
    lm_vector before = lm_vector_of(lm_before_canary + last);
    if (LM_WIDE)
        return lm_is_none_of(lm_slack_wrong(window, i), before);
    return lm_is_none(lm_slack_wrong(window, i) |
                      (lm_slack_wrong(window + last, i + last) & before));
}

/* Of rooms above LM_ROOM_MIDDLE. */
LM_INLINE bool lm_long_slack_intact(const char *p, size_t room, size_t slack) {
    const char *window = p + room - LM_TAIL - LM_SLACK_LONG;
    lm_vector wrong = LM_NONE;
#pragma GCC unroll 4
    for (size_t i = 0; i < LM_SLACK_LONG; i += LM_VECTOR)
        wrong |= lm_slack_wrong(window + i, slack + i);
    return lm_is_none(wrong);
}

/* ---- A block goes out, a block comes in ----------------------------------------------------- */

/* The general forms. lm_protect_out: a slot that was just taken becomes a block of `size` bytes;
 * what is wrong with it is reported, and put right. lm_protect_in: a block is about to be freed, and
 * its slot is made ready to be a free one; false, and nothing was changed: something is wrong with
 * it, see lm_protect_judge. No lock is held. */
void *lm_protect_out(char *p, size_t room, size_t size, uint64_t kind, bool fresh);
bool lm_protect_in(lm_slab *slab, char *p, lm_family family, size_t size);

/* Reports what is wrong with a live block, if anything is, on behalf of a call that frees or resizes
 * it. `size` and `alignment`: what the call says of it. Returns false when the block is being freed
 * by another thread at this moment; else the block may be used on, and *asked says what it was. */
bool lm_protect_judge(lm_slab *slab, char *p, const lm_way *way, size_t size, size_t alignment,
                      lm_asked *asked);

/* What a call that frees says of a block, against what is known of it: sets the finding's kind and
 * evidence; LM_KINDS_COUNT when nothing is wrong. */
void lm_protect_compare(lm_finding *finding, const lm_way *way, size_t size, size_t alignment,
                        const lm_asked *asked);

/* Looks at a slot that nobody is using at this moment: at a live block's tail, or whether a free one
 * is still clear. False: *finding says what is wrong; `when` is its call. */
bool lm_protect_check(lm_slab *slab, size_t slot, bool live, lm_finding *finding, const char *when);

/* The same for a live block that another thread may be freeing or resizing at this moment, or have taken
 * just now: what looks like that passes. */
bool lm_protect_check_shared(lm_slab *slab, size_t slot, lm_finding *finding, const char *when);

/* Whether free slots with this room are all zero. */
LM_INLINE bool lm_protect_clears(size_t room) {
    return lm_once.protection.clear && room <= lm_once.protection.clear_max;
}

/* Of several threads that free or move a block at once only one gets true, and may touch it; the others find
 * its tail gone. Unclaim makes it a live block as before. */
bool lm_protect_claim(lm_slab *slab, char *p);
void lm_protect_unclaim(lm_slab *slab, char *p, const lm_asked *asked);

/* Makes the slot of a block that was judged a free one. */
void lm_protect_clear(lm_slab *slab, char *p);

/* Gives a live block of the slab another size within its room, as realloc does: whatever it was, it is now
 * as if it came from malloc. */
void lm_protect_resize(lm_slab *slab, char *p, size_t size);

/* What the live block in a slot of the class was asked for, as its tail says; without a tail or with
 * a broken one, all that its room has. For questions: nothing is reported. */
lm_asked lm_protect_asked(unsigned class, const char *p);

LM_INLINE uint64_t lm_kind_of(lm_family family, size_t alignment) {
    uint64_t code = alignment > LM_GRAIN ? lm_log2_ceil(alignment) : 0;
    return (uint64_t)family << LM_FAMILY_SHIFT | code << LM_ALIGN_SHIFT;
}

/* What the fast path comes to when a slot's form isn't the inlined one, or it isn't clear. */
void *lm_protect_out_other(char *p, const lm_bin *bin, size_t size, uint64_t kind);

LM_INLINE void *lm_protect_out_fast(char *p, const lm_bin *bin, size_t size, uint64_t kind) {
    size_t room = bin->size;
    if (LM_LIKELY(bin->form == LM_FORM_CHECKED)) {
        if (LM_UNLIKELY(!lm_room_is_clear(p, room)))
            return lm_protect_out_other(p, bin, size, kind);
    } else if (bin->form != LM_FORM_FRESH) {
        return lm_protect_out_other(p, bin, size, kind);
    }
    lm_tail_put(p, room, size, kind);
    return p;
}

/* Of a block that was never resized. False also where it isn't short, and in rooms above LM_SMALL_MAX. */
LM_INLINE bool lm_usual_slack_intact(const char *p, size_t room, size_t slack) {
    if (room < LM_PIECE_SHORT)
        return slack <= LM_TAIL && lm_tiny_slack_intact(p, slack);
    if (room <= LM_ROOM_MIDDLE)
        return slack <= LM_SLACK_SHORT && lm_short_slack_intact(p, room, slack);
    return room <= LM_ROOM_LONGEST && slack <= LM_SLACK_LONG &&
           lm_long_slack_intact(p, room, slack);
}

/* In rooms that aren't cleared; any slack. */
LM_INLINE bool lm_slack_begins_intact(const char *p, size_t room, size_t slack) {
    const char *at = p + room - LM_TAIL - slack;
    if (slack <= LM_SLACK_SHORT)
        return lm_short_slack_intact(p, room, slack);
    return ((lm_word_at(at) ^ LM_MARK) | lm_word_at(at + 8) | lm_word_at(at + 16)) == 0;
}

/* The slot of a live block with so much slack becomes a free one. False, and nothing was changed: see
 * lm_usual_slack_intact. */
LM_INLINE bool lm_slot_in(char *p, size_t room, size_t slack) {
    if (LM_LIKELY(lm_room_is_short(room))) {
        if (LM_UNLIKELY(slack > LM_SLACK_SHORT) ||
            LM_UNLIKELY(!lm_short_slack_intact(p, room, slack)))
            return false;
        lm_pieces_clear(p, room, LM_PIECE_SHORT);
        return true;
    }
    bool intact = lm_usual_slack_intact(p, room, slack);
    if (LM_LIKELY(intact))
        lm_room_clear(p, room);
    return intact;
}

/* The same whatever the room and the slack, out of line. */
bool lm_slot_in_any(char *p, size_t room, size_t slack);

/* The inlined form of lm_protect_in. */
LM_INLINE bool lm_protect_in_fast(char *p, size_t room, lm_family family, size_t size) {
    uint64_t slack = lm_note_of(p, room) - lm_kind_of(family, 0);
    if (!LM_WIDE && LM_UNLIKELY(lm_once.protect != LM_PROTECT_INLINE))
        return false;
    if (size != LM_ANY_SIZE && LM_UNLIKELY(slack != room - LM_TAIL - size))
        return false;
    return lm_slot_in(p, room, slack);
}

/* A block in a slab of somebody else's, to which others may come at the same time. Of all of them one claims
 * it, the one that makes its canary 0. */
typedef struct lm_claim {
    uint64_t canary;
    size_t room, slack;
} lm_claim;

/* False: this free may not have it, or another one was faster. */
LM_INLINE bool lm_protect_claim_fast(lm_claim *claim, char *p, lm_family family, size_t size) {
    size_t most = claim->room - LM_TAIL;
    claim->canary = lm_canary_of(p, claim->room);
    claim->slack = (size_t)(lm_note_in(claim->canary, p) - lm_kind_of(family, 0));
    return LM_LIKELY(size == LM_ANY_SIZE ? claim->slack <= most : claim->slack == most - size) &&
           LM_LIKELY(lm_canary_claim(p, claim->room, claim->canary));
}

/* Makes a claimed block one that lives on. */
LM_INLINE void lm_protect_give_up(const lm_claim *claim, char *p) {
    atomic_store_explicit(lm_canary_at(p, claim->room), claim->canary, memory_order_release);
}

/* As lm_protect_in. What stands in the slack is for the one to see that has claimed the block. */
LM_INLINE bool lm_protect_in_claimed(const lm_claim *claim, char *p) {
    return LM_LIKELY(lm_slot_in(p, claim->room, claim->slack)) ||
           lm_slot_in_any(p, claim->room, claim->slack);
}

#endif
