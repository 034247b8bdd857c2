// fault: a block of no bytes, from realloc of NULL, is written to
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = realloc(NULL, hidden_size(0));
    store_up(block, WRONG);
    free(block);
    return end(false);
}
