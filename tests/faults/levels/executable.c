// fault: machine code in a block is run
// size 8 4096 262144: 0 trap
#include "fault.h"

static void nothing(void) {}

int main(void) {
    static const unsigned char RETURN = 0xc3; /* x86-64: ret */
    char *block = malloc(SIZE);
    void (*volatile function)(void) = nothing;
    memset(block, RETURN, SIZE);
    if (WRONG)
        memcpy((void *)&function, &block, sizeof block);
    access_begins();
    function();
    access_ends();
    return end(false);
}
