// fault: a block of no bytes, from malloc, is written to
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = malloc(hidden_size(0));
    store_up(block, WRONG);
    free(block);
    return end(false);
}
