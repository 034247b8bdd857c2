// fault: the size of a freed block is asked for
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    if (WRONG)
        free(block);
    return end(malloc_usable_size(hidden(block)) == 0);
}
