// fault: a block that realloc has moved is written to by its old address
// size 8: 2 abort use-after-free
// size 4096: 3 abort use-after-free
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    char *moved, *old = moved_by_realloc(16 * SIZE, &moved);
    store_up(WRONG ? old : moved, 1);
    return end(false);
}
