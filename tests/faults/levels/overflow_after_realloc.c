// fault: one byte behind a block that realloc has made smaller in its place
// size 64 4096: 2 abort heap-overflow
// size 262144: 2 abort heap-overflow
#include "fault.h"

int main(void) {
    char *block = realloc(malloc(SIZE), SIZE - 3);
    store_up(block, SIZE - 3 + WRONG);
    free(block);
    return end(false);
}
