// fault: an address just past the run of pages in which the block lies is freed
// size 8 4096 262144: 0 abort invalid-free|double-free|foreign-free
#include "fault.h"

int main(void) {
    enum { UNIT = 16 << 10, RUN = 16 * UNIT };
    char *block = malloc(SIZE);
    uintptr_t past = ((uintptr_t)block + SIZE) / UNIT * UNIT + UNIT;
    if (SIZE > UNIT / 8 && SIZE <= LARGE)
        past += RUN;
    free(hidden(WRONG ? (char *)past : block));
    return end(false);
}
