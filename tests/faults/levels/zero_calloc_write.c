// fault: a block of no bytes, from calloc, is written to
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = calloc(hidden_size(0), 1);
    store_up(block, WRONG);
    free(block);
    return end(false);
}
