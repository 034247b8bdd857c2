// fault: one byte behind the block is read
// size 8 4096: never (reading leaves no trace; only a guard page stops it)
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    memset(block, 0, SIZE);
    count_of(block, SIZE + WRONG, 0);
    free(block);
    return end(false);
}
