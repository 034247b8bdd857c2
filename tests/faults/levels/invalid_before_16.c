// fault: a pointer is freed that was moved back by 16
// size 64 4096 262144: 0 abort invalid-free
#include "fault.h"

int main(void) {
    neighbours pair = get_neighbours();
    free(hidden(pair.block - WRONG * 16));
    return end(false);
}
