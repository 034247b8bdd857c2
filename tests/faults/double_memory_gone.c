/* A block is freed again when the memory of all its neighbours and its own was given back. */
#include "fault.h"
#include <malloc.h>

int main(void) {
    enum { BLOCKS = 4000 };
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = malloc(300);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    malloc_trim(0);
    free(hidden(blocks[BLOCKS / 2]));
    go_on();
    return EXIT_SUCCESS;
}
