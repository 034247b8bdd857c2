/* Stands in for src/check/roots.c: roots and memory of the test's own, and which addresses are constant data.
 * Included by one file of a program. */
#ifndef TESTS_SUPPORT_FAKE_ROOTS_H
#define TESTS_SUPPORT_FAKE_ROOTS_H

#include "check/roots.h"

#include <string.h>

enum { FAKE_ROOTS = 4096, FAKE_BYTES = 1 << 18 };

static uintptr_t fake_root[FAKE_ROOTS];
static size_t fake_root_count;

/* All that can be read; blocks lie in it. */
static _Alignas(4096) char fake_memory[FAKE_BYTES];

/* A part of it is constant data. */
static uintptr_t fake_constant, fake_constant_end;

static inline void fake_roots_forget(void) {
    memset(fake_memory, 0, sizeof fake_memory);
    fake_root_count = 0;
    fake_constant = fake_constant_end = 0;
}

static inline void fake_put(uintptr_t at, uintptr_t word) {
    memcpy((char *)at, &word, sizeof word);
}

bool lm_roots_start(const lm_stand *stand) {
    (void)stand;
    return true;
}

void lm_roots_end(void) {}

void lm_roots_each(lm_roots_visit *visit, void *context) {
    visit(fake_root, fake_root_count, 0, context);
}

void lm_roots_memory(uintptr_t start, size_t size, lm_roots_visit *visit, void *context) {
    const uintptr_t first = (start + 7) & ~(uintptr_t)7, end = start + size;
    if (end >= first + 8)
        visit((const uintptr_t *)first, (end - first) / 8, first, context);
}

bool lm_roots_is_constant(uintptr_t at) {
    return at - fake_constant < fake_constant_end - fake_constant;
}

bool lm_roots_is_static(uintptr_t at) {
    (void)at;
    return false;
}

bool lm_roots_word(uintptr_t at, uintptr_t *word) {
    if (at - (uintptr_t)fake_memory > sizeof fake_memory - sizeof *word)
        return false;
    memcpy(word, (const char *)at, sizeof *word);
    return true;
}

#endif
