// fault: free_aligned_sized is told four times the size that was asked for
// size 64 4096 262144: 2 abort size-mismatch
#include "fault.h"

/* C23; not every C library has it. */
extern void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

int main(void) {
    if (!free_aligned_sized)
        cant_be_tried();
    free_aligned_sized(aligned_alloc(64, SIZE), 64, WRONG ? 4 * SIZE : SIZE);
    return end(false);
}
