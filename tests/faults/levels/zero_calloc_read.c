// fault: a block of no bytes, from calloc, is read
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = calloc(hidden_size(0), 1);
    count_of(block, WRONG, 0);
    free(block);
    return end(false);
}
