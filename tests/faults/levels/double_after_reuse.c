// fault: a freed block is freed again when its place is another block by now
// size 8 4096 262144: never (the address is that of a live block: nothing tells the two apart)
#include "fault.h"

int main(void) {
    char *block = get_crowd();
    free_crowd();
    if (!get_again(block))
        cant_be_tried();
    if (WRONG)
        free(hidden(block));
    return end(false);
}
