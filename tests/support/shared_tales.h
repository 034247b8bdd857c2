/* In the checker's stead: remembers what was told, in memory that a child shares. */
#ifndef TESTS_SUPPORT_SHARED_TALES_H
#define TESTS_SUPPORT_SHARED_TALES_H

#include "check/tale.h"

#include <sys/mman.h>

enum { TALES_MOST = 64 };

typedef struct tales {
    unsigned count;
    struct {
        lm_tale tale;
        lm_block block;
        char access[8];
    } of[TALES_MOST];
} tales;

static tales *told;

static inline void tales_start(void) {
    if (!told)
        told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    told->count = 0;
}

void lm_tale_tell(const lm_tale *tale) {
    if (!told || told->count == TALES_MOST)
        return;
    told->of[told->count].tale = *tale;
    if (tale->block)
        told->of[told->count].block = *tale->block;
    for (int i = 0; tale->access && i < 7 && tale->access[i]; i++)
        told->of[told->count].access[i] = tale->access[i];
    told->count++;
}

#endif
