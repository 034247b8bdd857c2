// fault: a block is written to that another thread has freed
// size 8: 2 abort use-after-free
// size 4096: 3 abort use-after-free
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    if (WRONG)
        in_thread(free_it, block);
    store_up(block, 1);
    return end(false);
}
