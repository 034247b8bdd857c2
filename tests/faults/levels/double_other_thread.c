// fault: a block is freed by its thread, and again by another one
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    free(block);
    if (WRONG)
        in_thread(free_it, block);
    return end(false);
}
