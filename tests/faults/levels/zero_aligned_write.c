// fault: a block of no bytes, from aligned_alloc, is written to
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = aligned_alloc(64, hidden_size(0));
    store_up(block, WRONG);
    free(block);
    return end(false);
}
