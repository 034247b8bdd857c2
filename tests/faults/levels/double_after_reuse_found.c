// fault: as before, and then the new block is freed by its rightful owner
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    get_crowd();
    free_crowd();
    char *again = get_again_any();
    if (WRONG)
        free(hidden(again)); /* the same address as the old pointer */
    free(again);
    return end(false);
}
