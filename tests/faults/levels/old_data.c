// fault: a new block shows what an old one in the same place held
// size 8: 2 clean
// size 4096: 3 clean
// size 262144: 1 clean
#include "fault.h"

int main(void) {
    char *block = get_crowd();
    memset(block, WRONG ? 's' : 0, SIZE);
    free_crowd();
    char *again = get_again(block);
    if (!again)
        cant_be_tried();
    return end(count_of(again, SIZE, 's') == 0);
}
