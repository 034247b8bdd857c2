// fault: one byte before the block, by a store; the block before it is freed
// size 8: 2 abort heap-overflow|heap-underflow
// size 4096: 2 abort heap-overflow|heap-underflow, 3 abort|trap heap-overflow|heap-underflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    neighbours pair = get_neighbours();
    store_down(pair.block, WRONG);
    free(pair.before);
    return end(false);
}
