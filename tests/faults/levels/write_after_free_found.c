// fault: a freed block is written to, and then many are asked for until one would lie there
// size 8: 2 abort use-after-free
// size 4096: 3 abort use-after-free
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    char *block = get_crowd();
    if (RIGHT)
        store_up(block, SIZE);
    free_crowd();
    if (WRONG)
        store_up(block, SIZE);
    get_again(block);
    return end(false);
}
