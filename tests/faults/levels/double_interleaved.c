// fault: a block, another one, and the first again are freed
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE), *other = malloc(SIZE);
    free(block);
    free(other);
    if (WRONG)
        free(hidden(block));
    return end(false);
}
