/* In the checker's stead: remembers what was told, in memory that a child shares. */
#ifndef TESTS_SUPPORT_SHARED_TALES_H
#define TESTS_SUPPORT_SHARED_TALES_H

#include "check/tale.h"

#include <sys/mman.h>

enum { TALES_MOST = 64 };

typedef struct tales {
    _Atomic unsigned count; /* threads tell at once */
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
    const unsigned i = told->count++;
    if (i >= TALES_MOST) {
        told->count = TALES_MOST;
        return;
    }
    told->of[i].tale = *tale;
    if (tale->block)
        told->of[i].block = *tale->block;
    for (int at = 0; tale->access && at < 7 && tale->access[at]; at++)
        told->of[i].access[at] = tale->access[at];
}

#endif
