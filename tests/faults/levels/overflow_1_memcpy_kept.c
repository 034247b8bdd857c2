// fault: one byte behind the block, by memcpy; the block lives until main returns
// size 8: 2 abort heap-overflow
// size 4096: 2 abort heap-overflow, 3 abort|trap heap-overflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    copy_to(block, SIZE + WRONG);
    return end(false);
}
