/* What the programs here share. Each makes one mistake; the .expected file beside it holds what it
 * must get for it on standard error, and `tests/faults/run policies` compares. Where the mistake
 * doesn't end the program, it must go on as if the faulty call hadn't been made. */
#ifndef FAULT_H
#define FAULT_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Uses the heap in all sizes: no two blocks may lie in the same place. */
static inline void go_on(void) {
    enum { BLOCKS = 400 };
    static char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = i % 40 == 39 ? 200000 : i * i / 4 + 1;
        blocks[i] = malloc(size);
        if (!blocks[i])
            abort();
        memset(blocks[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = i % 40 == 39 ? 200000 : i * i / 4 + 1;
        for (size_t at = 0; at < size; at += size / 7 + 1)
            if (blocks[i][at] != (char)(i % 251))
                abort();
        free(blocks[i]);
    }
    puts("went on");
}

/* The compiler must not know what it is given to do. */
static inline void *hidden(void *p) {
    void *volatile same = p;
    return same;
}

#endif
