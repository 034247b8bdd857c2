// fault: free_sized is told four times what was asked for
// size 8 4096 262144: 2 abort size-mismatch
#include "fault.h"

/* C23; not every C library has it. */
extern void free_sized(void *block, size_t size) __attribute__((weak));

int main(void) {
    if (!free_sized)
        cant_be_tried();
    free_sized(malloc(SIZE), WRONG ? 4 * SIZE : SIZE);
    return end(false);
}
