// fault: a block is freed again after many others, but its place was not handed out again
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

enum { OTHERS = SIZE > LARGE ? 20 : 500 };

int main(void) {
    static char *others[OTHERS];
    char *block = malloc(SIZE);
    for (int i = 0; i < OTHERS; i++)
        others[i] = malloc(SIZE);
    free(block);
    for (int i = 0; i < OTHERS; i++)
        free(others[i]);
    if (WRONG)
        free(hidden(block));
    return end(false);
}
