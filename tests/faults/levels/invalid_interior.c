// fault: the middle of a block is freed
// size 8 4096 262144: 0 abort invalid-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    free(hidden(block + WRONG * SIZE / 2));
    return end(false);
}
