// fault: free_aligned_sized frees what malloc gave
// options: on_mismatched_free=abort
// size 64 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"

/* C23; not every C library has it. */
extern void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

int main(void) {
    if (!free_aligned_sized)
        cant_be_tried();
    free_aligned_sized(WRONG ? malloc(SIZE) : aligned_alloc(64, SIZE), 64, SIZE);
    return end(false);
}
