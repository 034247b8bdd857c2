// fault: a pointer is freed that was moved on by one
// size 8 4096 262144: 0 abort invalid-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    free(hidden(block + WRONG));
    return end(false);
}
