/* Memory that only grows, for records that are never moved or freed: a reserved range of addresses,
 * committed in steps. Takes no lock and waits for nobody, so it serves handlers of signals too. */
#ifndef LM_STACK_ROOM_H
#define LM_STACK_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeros are a room that nothing was taken from. */
typedef struct lm_room {
    _Atomic(char *) base;
    _Atomic size_t used, committed; /* bytes */
} lm_room;

/* Takes `bytes`, zeros, from a room of `limit` bytes in all: how far from its base they begin. False
 * when it is full or the system has no more. What was taken lies together and in order; its alignment
 * is what all sizes that are taken have in common. */
bool lm_room_take(lm_room *room, size_t limit, size_t bytes, size_t *at);

/* Where it begins; NULL as long as nothing was taken. */
static inline char *lm_room_base(const lm_room *room) {
    return atomic_load_explicit(&room->base, memory_order_acquire);
}

#endif
