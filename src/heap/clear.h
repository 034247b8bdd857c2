/* Clearing a slot's room, and looking whether it is still clear: four pieces that overlap, so that few branches
 * go by the length. Programs mix lengths, which the processor can't foresee.
 *
 *   |piece|gap:piece| ... |piece:gap|piece|      a gap is as long as a piece, or what the room leaves
 *
 * Pieces of 32 bytes serve rooms of 32 to 128 bytes, those of 64 up to 256, and so on. A room of 16 bytes is two words.
 * All rooms are multiples of 16, and so are their addresses. The end is cleared first: there lies the canary, and
 * whoever looks at a block that another thread is just freeing knows it by that (protect.c). */
#ifndef LM_HEAP_CLEAR_H
#define LM_HEAP_CLEAR_H

#include "base/vector.h"

#include <stdatomic.h>
#include <string.h>

/* Bytes of a piece, by the rooms that it serves, and of the longest of them. The last two are out of line where
 * vectors are short. */
enum {
    LM_PIECES = 4,
    LM_PIECE_SHORT = 32,
    LM_PIECE_MIDDLE = 2 * LM_PIECE_SHORT,
    LM_PIECE_LONG = 2 * LM_PIECE_MIDDLE,
    LM_PIECE_LONGEST = 2 * LM_PIECE_LONG,
    LM_ROOM_SHORT = LM_PIECES * LM_PIECE_SHORT,
    LM_ROOM_MIDDLE = LM_PIECES * LM_PIECE_MIDDLE,
    LM_ROOM_LONG = LM_PIECES * LM_PIECE_LONG,
    LM_ROOM_LONGEST = LM_PIECES * LM_PIECE_LONGEST
};

/* By one comparison. */
LM_INLINE bool lm_room_is_short(size_t room) {
    return room - LM_PIECE_SHORT <= LM_ROOM_SHORT - LM_PIECE_SHORT;
}

LM_INLINE void lm_piece_clear(char *p, size_t piece) {
#pragma GCC unroll 16
    for (size_t i = piece; i > 0; i -= LM_VECTOR)
        *lm_vector_at(p + i - LM_VECTOR) = LM_NONE;
}

LM_INLINE lm_vector lm_any_in_piece(const char *p, size_t piece) {
    lm_vector any = lm_vector_of(p);
#pragma GCC unroll 16
    for (size_t i = LM_VECTOR; i < piece; i += LM_VECTOR)
        any |= lm_vector_of(p + i);
    return any;
}

LM_INLINE void lm_last_word_clear(char *p, size_t room) {
    _Atomic uint64_t *last = (_Atomic uint64_t *)(uintptr_t)(p + room - sizeof *last);
    atomic_store_explicit(last, 0, memory_order_relaxed);
}

/* Of a room for which pieces of this length are right. */
LM_INLINE void lm_pieces_clear(char *p, size_t room, size_t piece) {
    size_t last = room - piece, gap = lm_min(last, piece);
    if (LM_THREAD_SANITIZER) { /* it can't know that a vector's halves are atomic, where others look */
        lm_last_word_clear(p, room);
        memset(p, 0, room - sizeof(uint64_t));
        return;
    }
    char *end = p + last;
    if (piece > LM_PIECE_SHORT) /* else each vector's address takes a register of its own */
        LM_KEEP_IN_REGISTER(end);
    lm_piece_clear(end, piece);
    lm_piece_clear(end - gap, piece);
    lm_piece_clear(p + gap, piece);
    lm_piece_clear(p, piece);
}

/* All bits that are set in the room. */
LM_INLINE lm_vector lm_any_in_pieces(const char *p, size_t room, size_t piece) {
    size_t last = room - piece, gap = lm_min(last, piece);
    lm_vector any = lm_any_in_piece(p, piece) | lm_any_in_piece(p + gap, piece);
    p += last;
    return any | lm_any_in_piece(p - gap, piece) | lm_any_in_piece(p, piece);
}

/* A room of two words. */
LM_INLINE void lm_words_clear(char *p) {
    lm_last_word_clear(p, 2 * sizeof(uint64_t));
    memset(p, 0, sizeof(uint64_t));
}

LM_INLINE lm_vector lm_any_in_words(const char *p) {
    uint64_t words[2];
    memcpy(words, p, sizeof words);
    return (lm_vector){words[0], words[1]};
}

/* Rooms above LM_ROOM_MIDDLE, up to LM_ROOM_LONGEST. */
LM_INLINE void lm_long_clear_inline(char *p, size_t room) {
    if (room <= LM_ROOM_LONG)
        lm_pieces_clear(p, room, LM_PIECE_LONG);
    else
        lm_pieces_clear(p, room, LM_PIECE_LONGEST);
}

LM_INLINE lm_vector lm_any_in_long(const char *p, size_t room) {
    return room <= LM_ROOM_LONG ? lm_any_in_pieces(p, room, LM_PIECE_LONG)
                                : lm_any_in_pieces(p, room, LM_PIECE_LONGEST);
}

void lm_long_clear_call(char *p, size_t room);
bool lm_long_is_clear_call(const char *p, size_t room);

/* Rooms up to LM_ROOM_LONGEST. */
LM_INLINE void lm_room_clear(char *p, size_t room) {
    if (LM_LIKELY(lm_room_is_short(room)))
        lm_pieces_clear(p, room, LM_PIECE_SHORT);
    else if (room < LM_PIECE_SHORT)
        lm_words_clear(p);
    else if (room <= LM_ROOM_MIDDLE)
        lm_pieces_clear(p, room, LM_PIECE_MIDDLE);
    else if (LM_WIDE)
        lm_long_clear_inline(p, room);
    else
        lm_long_clear_call(p, room);
}

LM_INLINE bool lm_room_is_clear(const char *p, size_t room) {
    lm_vector any;
    if (!LM_WIDE && room > LM_ROOM_MIDDLE)
        return lm_long_is_clear_call(p, room);
    if (LM_LIKELY(lm_room_is_short(room)))
        any = lm_any_in_pieces(p, room, LM_PIECE_SHORT);
    else if (room < LM_PIECE_SHORT)
        any = lm_any_in_words(p);
    else if (room <= LM_ROOM_MIDDLE)
        any = lm_any_in_pieces(p, room, LM_PIECE_MIDDLE);
    else
        any = lm_any_in_long(p, room);
    return lm_is_none(any);
}

#endif
