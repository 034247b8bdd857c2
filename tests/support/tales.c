#include "support/tales.h"

lm_tale tales[TALES_MOST];
lm_block tale_blocks[TALES_MOST];
size_t tales_count;

static void keep(const lm_tale *tale) {
    size_t i = tales_count++ % TALES_MOST;
    tales[i] = *tale;
    if (tale->block) {
        tale_blocks[i] = *tale->block;
        tales[i].block = &tale_blocks[i];
    }
}

void tales_catch(void) {
    tales_count = 0;
    lm_tale_hook = keep;
}
