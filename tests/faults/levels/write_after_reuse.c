// fault: a freed block is written to when its place is another block by now
// size 8 4096 262144: never (the address is that of a live block: nothing tells the two apart)
#include "fault.h"

int main(void) {
    get_crowd();
    free_crowd();
    char *again = get_again_any();
    char *block = hidden(again); /* the same address as the old pointer */
    store_up(WRONG ? block : again, 1);
    return end(false);
}
