// fault: a block that realloc has moved is read by its old address
// size 8: 2 clean
// size 4096: 3 clean
// size 262144: 1 trap
#include "fault.h"

int main(void) {
    char *moved, *old = moved_by_realloc(16 * SIZE, &moved);
    return end(count_of(WRONG ? old : moved, SIZE, 'x') == 0);
}
