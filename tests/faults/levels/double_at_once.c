// fault: a block is freed twice in a row
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    free(block);
    if (WRONG)
        free(hidden(block));
    return end(false);
}
