// fault: an array on the stack is freed
// size 8 4096 262144: 0 abort foreign-free
#include "fault.h"

int main(void) {
    char array[SIZE];
    free(hidden(WRONG ? array : malloc(SIZE)));
    return end(false);
}
