// fault: one zero byte behind a block from calloc; the block is freed
// size 8: 2 abort heap-overflow
// size 4096: 2 abort heap-overflow, 3 abort|trap heap-overflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    volatile char *block = calloc(1, SIZE);
    access_begins();
    block[SIZE - RIGHT] = 0;
    access_ends();
    free((void *)block);
    return end(false);
}
