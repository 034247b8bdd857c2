// fault: a freed block is read; its place is not handed out again
// size 8: 2 clean
// size 4096: 3 clean
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    memset(block, 's', SIZE);
    if (WRONG)
        free(block);
    return end(count_of(block, SIZE, 's') == 0);
}
