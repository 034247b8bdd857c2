// fault: a block is freed by another thread, and again by its own one
// size 8: 2 abort double-free
// size 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    in_thread(free_it, block);
    if (WRONG)
        free(hidden(block));
    return end(false);
}
