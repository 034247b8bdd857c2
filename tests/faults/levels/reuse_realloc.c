// fault: realloc moves a block to the address just freed
// size 8 4096 262144: 1 clean
#include "fault.h"

int main(void) {
    char *other = malloc(SIZE / 8), *block = malloc(SIZE);
    if (WRONG)
        free(block);
    return end(realloc(other, SIZE) != hidden(block));
}
