// fault: 32 bytes behind the block, by stores; the block lives until main returns
// size 8: 2 abort heap-overflow
// size 4096: 2 abort heap-overflow, 3 abort|trap heap-overflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    store_up(block, SIZE + WRONG * 32);
    return end(false);
}
