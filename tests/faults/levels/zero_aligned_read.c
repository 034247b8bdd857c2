// fault: a block of no bytes, from aligned_alloc, is read
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = aligned_alloc(64, hidden_size(0));
    count_of(block, WRONG, 0);
    free(block);
    return end(false);
}
