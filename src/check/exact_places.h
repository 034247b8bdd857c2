/* The places of exact.h: their pages, their records, and which of them are in use. Only for exact.c. */
#ifndef LM_CHECK_EXACT_PLACES_H
#define LM_CHECK_EXACT_PLACES_H

#include "base/lock.h"
#include "check/exact.h"

enum {
    LM_EXACT_ZONES = 5,
    LM_EXACT_NONE = 0, /* no place: places are numbered from 1 in lists */
};

typedef enum lm_exact_state { LM_EXACT_UNUSED, LM_EXACT_LIVE, LM_EXACT_FREED } lm_exact_state;

/* One for each place, apart from it. `version` is odd while the record is written. */
typedef struct lm_exact_place {
    _Atomic uint32_t version;
    uint32_t next; /* resting: the one that was freed after it */
    uint32_t state;
    _Atomic uint32_t told; /* that what is beside the block was overwritten */
    lm_block block;
} lm_exact_place;

typedef struct lm_exact_zone {
    size_t pages;  /* of a place, without its guard */
    size_t wished; /* count of places */
    size_t stride; /* bytes from a place's guard to the next one's */
    uintptr_t start, end;
    lm_exact_place *places;
    size_t capacity;
    _Atomic size_t made; /* places whose pages and records exist */
    size_t used;         /* places that were ever used */
    uint32_t oldest, newest;
} lm_exact_zone;

extern lm_exact_zone lm_exact_zones[LM_EXACT_ZONES];

/* What isn't atomic in zones, and the change from live to freed. */
extern lm_lock lm_exact_lock;

/* Once. False: there is no room for places. */
bool lm_exact_reserve(void);

/* Makes pages accessible, or guards; then their memory goes back as well. */
bool lm_exact_open(uintptr_t at, size_t size);
bool lm_exact_close(uintptr_t at, size_t size);

/* The zone in whose range an address lies; NULL: none. */
lm_exact_zone *lm_exact_zone_of(uintptr_t at);

/* The number of the place whose guard before it, or pages, the address lies in. */
size_t lm_exact_number_of(const lm_exact_zone *z, uintptr_t at);
uintptr_t lm_exact_pages_of(const lm_exact_zone *z, size_t number);

/* Records: of a place by its number, which may not exist yet. Readers wait for nobody. */
lm_exact_state lm_exact_record(const lm_exact_zone *z, size_t number, lm_block *block);
lm_exact_state lm_exact_read(const lm_exact_place *p, lm_block *block);
void lm_exact_write(lm_exact_place *p, lm_exact_state now, const lm_block *block);

/* A place for `bytes`, within the budget of memory: its zone, and its number plus 1. */
bool lm_exact_take(size_t bytes, lm_exact_zone **z, uint32_t *number);
void lm_exact_give(lm_exact_zone *z, uint32_t number);

#endif
