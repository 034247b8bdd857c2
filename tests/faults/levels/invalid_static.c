// fault: a static array is freed
// size 8 4096 262144: 0 abort foreign-free
#include "fault.h"

int main(void) {
    static char array[SIZE];
    free(hidden(WRONG ? array : malloc(SIZE)));
    return end(false);
}
