// fault: 1 MiB behind the block, by stores; the block lives until main returns
// size 8: 2 abort|trap heap-overflow
// size 4096: 2 abort|trap heap-overflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    store_up(block, SIZE + WRONG * MIB);
    return end(false);
}
