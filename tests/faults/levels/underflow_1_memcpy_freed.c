// fault: one byte before the block, by memcpy; the block is freed
// size 8: 2 abort heap-overflow|heap-underflow
// size 4096: 2 abort heap-overflow|heap-underflow, 3 abort|trap heap-overflow|heap-underflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    neighbours pair = get_neighbours();
    copy_to(pair.block - WRONG, WRONG);
    free(pair.block);
    return end(false);
}
