// fault: the very next byte of a block of odd size; the block lives until main returns
// size 13 4099: 2 abort heap-overflow
// size 262147: 2 abort heap-overflow
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    store_up(block, SIZE + WRONG);
    return end(false);
}
