// fault: a freed block is written to, and then many are asked for until one would lie there
// size 8: 2 abort use-after-free
// size 4096: 3 abort use-after-free
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    get_crowd();
    free_crowd();
    for (int i = 0; WRONG && i < CROWD; i++)
        if (!stays(i))
            store_up(crowd[i], SIZE);
    get_again_any();
    return end(false);
}
