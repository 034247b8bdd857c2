// fault: a block that realloc has moved is freed by its old address
// size 8 4096 262144: 0 abort double-free
#include "fault.h"

int main(void) {
    char *moved, *old = moved_by_realloc(16 * SIZE, &moved);
    free(hidden(WRONG ? old : moved));
    return end(false);
}
