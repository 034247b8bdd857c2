// fault: one byte behind a block from aligned_alloc(64); the block is freed
// size 8: 2 abort heap-overflow
// size 4096: 2 abort heap-overflow, 3 abort|trap heap-overflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    char *block = aligned_alloc(64, SIZE);
    store_up(block, SIZE + WRONG);
    free(block);
    return end(false);
}
