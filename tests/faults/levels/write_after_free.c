// fault: a freed block is written to; its place is not handed out again
// size 8: 2 abort use-after-free
// size 4096: 3 abort use-after-free
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    if (WRONG)
        free(block);
    store_up(block, 1);
    return end(false);
}
