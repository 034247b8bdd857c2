// fault: a far address is freed, a terabyte from any block
// size -: 0 abort foreign-free|invalid-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    free(hidden(WRONG ? (char *)((uintptr_t)block ^ (uintptr_t)1 << 43) : block));
    return end(false);
}
