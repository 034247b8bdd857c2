// fault: the address just freed is the next that malloc gives for a smaller size
// size 8 4096 262144: 1 clean
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    if (WRONG)
        free(block);
    return end(malloc(SIZE - SIZE / 4) != hidden(block));
}
