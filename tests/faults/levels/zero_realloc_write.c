// fault: a block of no bytes, from realloc of a block to size 0, is written to
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = realloc(malloc(SIZE), hidden_size(0));
    if (!block) /* the C library frees it */
        cant_be_tried();
    store_up(block, WRONG);
    free(block);
    return end(false);
}
