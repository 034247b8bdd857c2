// fault: a freed block is freed again when its place is another block by now
// size 8 4096 262144: never (the address is that of a live block: nothing tells the two apart)
#include "fault.h"

int main(void) {
    get_crowd();
    free_crowd();
    char *again = get_again_any();
    if (WRONG)
        free(hidden(again)); /* the same address as the old pointer */
    return end(false);
}
