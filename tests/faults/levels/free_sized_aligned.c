// fault: free_sized frees what aligned_alloc gave
// options: on_mismatched_free=abort
// size 64 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"

/* C23; not every C library has it. */
extern void free_sized(void *block, size_t size) __attribute__((weak));

int main(void) {
    if (!free_sized)
        cant_be_tried();
    free_sized(WRONG ? aligned_alloc(64, SIZE) : malloc(SIZE), SIZE);
    return end(false);
}
