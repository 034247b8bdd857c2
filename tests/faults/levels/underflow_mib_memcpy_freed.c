// fault: 1 MiB before the block, by memcpy; the block is freed
// size 8: 2 abort|trap heap-overflow|heap-underflow
// size 4096: 2 abort|trap heap-overflow|heap-underflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    neighbours pair = get_neighbours();
    copy_to(pair.block - WRONG * MIB, WRONG * MIB);
    free(pair.block);
    return end(false);
}
