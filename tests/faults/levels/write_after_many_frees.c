// fault: the start of a freed block is written to, in a program that has freed many before
// size 262144: 1 trap
#include "fault.h"

enum { MANY = 500 };

int main(void) {
    for (int i = 0; i < MANY; i++) {
        char *other = malloc(SIZE);
        store_up(other, 1);
        free(other);
    }
    char *block = malloc(SIZE);
    store_up(block, 1);
    if (WRONG)
        free(block);
    store_up(block, 1);
    return end(false);
}
