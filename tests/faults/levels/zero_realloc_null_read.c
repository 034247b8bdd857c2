// fault: a block of no bytes, from realloc of NULL, is read
// size -: 1 trap
#include "fault.h"

int main(void) {
    char *block = realloc(NULL, hidden_size(0));
    count_of(block, WRONG, 0);
    free(block);
    return end(false);
}
