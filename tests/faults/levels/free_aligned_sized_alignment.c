// fault: free_aligned_sized is told an alignment that the block does not have
// options: on_mismatched_free=abort
// size 64 4096 262144: 2 abort mismatched-free
#include "fault.h"

/* C23; not every C library has it. */
extern void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

int main(void) {
    if (!free_aligned_sized)
        cant_be_tried();
    char *block = aligned_alloc(64, SIZE);
    while ((uintptr_t)block % (2 * MIB) == 0)
        block = aligned_alloc(64, SIZE);
    free_aligned_sized(block, WRONG ? 2 * MIB : 64, SIZE);
    return end(false);
}
