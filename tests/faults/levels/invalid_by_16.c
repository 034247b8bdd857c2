// fault: a pointer is freed that was moved on by 16
// size 64 4096 262144: 0 abort invalid-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    free(hidden(block + WRONG * 16));
    return end(false);
}
