// fault: a new block shows what an old one in the same place held
// size 8: 2 clean
// size 4096: 3 clean
// size 262144: 3 clean
#include "fault.h"

int main(void) {
    get_crowd();
    for (int i = 0; i < CROWD; i++)
        memset(crowd[i], WRONG ? 's' : 0, SIZE);
    free_crowd();
    char *again = get_again_any();
    return end(count_of(again, SIZE, 's') == 0);
}
