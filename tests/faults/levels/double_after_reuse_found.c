// fault: as before, and then the new block is freed by its rightful owner
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *block = get_crowd();
    free_crowd();
    char *again = get_again(block);
    if (WRONG)
        free(hidden(block));
    free(again);
    return end(false);
}
