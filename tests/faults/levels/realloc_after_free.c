// fault: a freed block is resized
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    if (WRONG)
        free(block);
    return end(realloc(hidden(block), 2 * SIZE) == NULL);
}
