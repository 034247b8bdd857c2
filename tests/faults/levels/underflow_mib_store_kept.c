// fault: 1 MiB before the block, by stores; the block lives until main returns
// size 8: 2 abort|trap heap-overflow|heap-underflow
// size 4096: 2 abort|trap heap-overflow|heap-underflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    neighbours pair = get_neighbours();
    store_down(pair.block, WRONG * MIB);
    return end(false);
}
