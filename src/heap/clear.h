/* Clearing a slot's room, and looking whether it is still clear: by vectors that overlap, so that few branches go
 * by the length. Programs mix lengths, which the processor can't foresee.
 *
 *   up to  96 bytes   six vectors           |0|1|2|  ... |-2|-1|last|     where, says a table
 *   up to 256 bytes   four pieces           |piece|gap:piece| ... |piece:gap|piece|
 *   longer            strides, one after the other, the last one up to the end
 *
 * A room is a multiple of 16 bytes, and so is its address. The last vector is cleared first: it holds the canary,
 * and whoever looks at a block that another thread is just freeing knows it by that (protect.c). */
#ifndef LM_HEAP_CLEAR_H
#define LM_HEAP_CLEAR_H

#include "base/bits.h"

#include <stdatomic.h>
#include <string.h>

typedef uint64_t lm_vector __attribute__((vector_size(16), may_alias));

enum {
    LM_VECTOR = sizeof(lm_vector),
    LM_PIECE = 4 * LM_VECTOR,
    LM_STRIDE = 2 * LM_PIECE,
    LM_ROOM_SHORT = 6 * LM_VECTOR, /* bytes: rooms up to this take the table */
    LM_INLINE_ROOM = 4 * LM_PIECE  /* bytes: up to this the fast path's inlined form */
};

/* Where the second and third vector lie, from the room's start and back from its last vector; by vectors of the
 * room. In a room that is too short for them they lie on others. */
typedef struct lm_steps {
    uint64_t one, two;
} lm_steps;

extern LM_HIDDEN const lm_steps lm_steps_by_room[LM_ROOM_SHORT / LM_VECTOR + 1];

_Static_assert(sizeof(lm_steps) == LM_VECTOR, "a room's bytes lead to its steps");

LM_INLINE const lm_steps *lm_steps_of(size_t room) {
    return (const lm_steps *)(const void *)((const char *)lm_steps_by_room + room);
}

/* Half of what is left between the pieces at the ends, in whole vectors. */
LM_INLINE size_t lm_gap_of(size_t room) {
    size_t half = (room - LM_PIECE) / 2 & ~(size_t)(LM_VECTOR - 1);
    return lm_min(half, LM_PIECE);
}

LM_INLINE lm_vector *lm_vector_at(char *at) {
    return (lm_vector *)(void *)at;
}

LM_INLINE void lm_piece_clear(char *p) {
    for (size_t i = LM_PIECE; i > 0; i -= LM_VECTOR)
        *lm_vector_at(p + i - LM_VECTOR) = (lm_vector){0, 0};
}

LM_INLINE lm_vector lm_any_in_piece(char *p) {
    return *lm_vector_at(p) | *lm_vector_at(p + 16) | *lm_vector_at(p + 32) | *lm_vector_at(p + 48);
}

LM_INLINE void lm_stride_clear(char *p) {
    lm_piece_clear(p + LM_PIECE);
    lm_piece_clear(p);
}

LM_INLINE lm_vector lm_any_in_stride(char *p) {
    return lm_any_in_piece(p) | lm_any_in_piece(p + LM_PIECE);
}

LM_INLINE bool lm_is_none(lm_vector any) {
    return (any[0] | any[1]) == 0;
}

/* Instead of vectors, for the thread sanitizer: it can't know that their halves are atomic, where others look. */
LM_INLINE void lm_clear_for_sanitizer(char *p, size_t room) {
    _Atomic uint64_t *last = (_Atomic uint64_t *)(uintptr_t)(p + room - sizeof *last);
    atomic_store_explicit(last, 0, memory_order_relaxed);
    memset(p, 0, room - sizeof *last);
}

/* Rooms up to LM_INLINE_ROOM. */
LM_INLINE void lm_room_clear(char *p, size_t room) {
    const lm_vector zero = {0, 0};
    if (LM_THREAD_SANITIZER) {
        lm_clear_for_sanitizer(p, room);
    } else if (room > LM_ROOM_SHORT) {
        size_t gap = lm_gap_of(room);
        char *last = p + room - LM_PIECE;
        lm_piece_clear(last);
        lm_piece_clear(last - gap);
        lm_piece_clear(p + gap);
        lm_piece_clear(p);
    } else {
        const lm_steps *steps = lm_steps_of(room);
        char *last = p + room - LM_VECTOR;
        *lm_vector_at(last) = zero;
        *lm_vector_at(last - steps->one) = zero;
        *lm_vector_at(last - steps->two) = zero;
        *lm_vector_at(p + steps->two) = zero;
        *lm_vector_at(p + steps->one) = zero;
        *lm_vector_at(p) = zero;
    }
}

LM_INLINE bool lm_room_is_clear(char *p, size_t room) {
    if (room > LM_ROOM_SHORT) {
        size_t gap = lm_gap_of(room);
        char *last = p + room - LM_PIECE;
        return lm_is_none(lm_any_in_piece(p) | lm_any_in_piece(p + gap) |
                          lm_any_in_piece(last - gap) | lm_any_in_piece(last));
    }
    const lm_steps *steps = lm_steps_of(room);
    char *last = p + room - LM_VECTOR;
    return lm_is_none(*lm_vector_at(p) | *lm_vector_at(p + steps->one) |
                      *lm_vector_at(p + steps->two) | *lm_vector_at(last - steps->two) |
                      *lm_vector_at(last - steps->one) | *lm_vector_at(last));
}

/* Rooms of at least LM_STRIDE bytes. */
LM_INLINE void lm_long_clear(char *p, size_t room) {
    char *last = p + room - LM_STRIDE;
    if (LM_THREAD_SANITIZER) {
        lm_clear_for_sanitizer(p, room);
        return;
    }
    lm_stride_clear(last);
    for (; p < last; p += LM_STRIDE)
        lm_stride_clear(p);
}

LM_INLINE bool lm_long_is_clear(char *p, size_t room) {
    char *last = p + room - LM_STRIDE;
    lm_vector any = lm_any_in_stride(last);
    for (; p < last; p += LM_STRIDE)
        any |= lm_any_in_stride(p);
    return lm_is_none(any);
}

#endif
