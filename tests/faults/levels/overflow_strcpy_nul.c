// fault: strcpy of a string as long as the block: only the NUL that ends it lies behind
// size 8 13 4096: 2 abort heap-overflow
// size 262144: 0 trap
#include "fault.h"

int main(void) {
    static char text[SIZE + 1];
    char *(*volatile copy)(char *, const char *) = strcpy;
    memset(text, 'x', SIZE - RIGHT);
    char *block = malloc(SIZE);
    access_begins();
    copy(block, text);
    access_ends();
    free(block);
    return end(false);
}
