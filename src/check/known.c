#include "check/known.h"

#include "base/compiler.h"
#include "check/amounts.h"
#include "check/own.h"

#include <string.h>

/* At most half full, so that a free entry ends every search. */
enum { PLACES = 2 * LM_TALES_MOST };
static lm_known table[PLACES];
static size_t count;

static uint64_t mix(uint64_t x) {
    x *= 0x9e3779b97f4a7c15u;
    return x ^ x >> 32;
}

lm_known *lm_known_find(lm_code code, uint32_t stack, uint32_t allocated, uint64_t place) {
    uint64_t hash = mix(mix(mix((uint64_t)stack << 32 | allocated) + place) + code);
    for (size_t i = hash % PLACES;; i = (i + 1) % PLACES) {
        lm_known *known = &table[i];
        if (known->code == (uint32_t)code + 1 && known->stack == stack &&
            known->allocated == allocated && known->place == place)
            return known;
        if (known->code != 0)
            continue;
        if (count == LM_TALES_MOST)
            return NULL;
        count++;
        *known = (lm_known){(uint32_t)code + 1, stack, allocated, 0, place, 0, 0};
        return known;
    }
}

lm_known *lm_known_next(size_t *at) {
    while (*at < PLACES) {
        lm_known *known = &table[(*at)++];
        if (known->id)
            return known;
    }
    return NULL;
}

/* ---- Numbers ---------------------------------------------------------------------------------- */

/* A bit for each number, in pages that are made when they are needed. */
enum { PAGE_NUMBERS = 1 << 15, PAGES = 1 << 12 };
static uint8_t *pages[LM_KNOWN_KINDS][PAGES];

bool lm_known_number(int kind, uint32_t number) {
    size_t page = number / PAGE_NUMBERS;
    if (page >= PAGES)
        return true; /* told twice, rather than never */
    uint8_t **at = &pages[kind][page];
    if (!*at)
        *at = lm_own_take(PAGE_NUMBERS / 8);
    if (!*at)
        return true;
    uint8_t *byte = &(*at)[number % PAGE_NUMBERS / 8];
    uint8_t bit = (uint8_t)(1u << number % 8);
    bool is_new = !(*byte & bit);
    *byte |= bit;
    return is_new;
}

void lm_known_forget(void) {
    if (count > 0)
        memset(table, 0, sizeof table);
    count = 0;
    for (size_t kind = 0; kind < LM_KNOWN_KINDS; kind++)
        for (size_t page = 0; page < PAGES; page++)
            if (pages[kind][page])
                memset(pages[kind][page], 0, PAGE_NUMBERS / 8);
}
