// fault: a block of no bytes, from malloc, is read
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = malloc(hidden_size(0));
    count_of(block, WRONG, 0);
    free(block);
    return end(false);
}
