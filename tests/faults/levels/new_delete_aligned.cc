// fault: aligned delete of what plain new gave
// options: on_mismatched_free=abort
// size 64 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"
#include <new>

int main() {
    std::align_val_t alignment{64};
    void *block = hidden(WRONG ? ::operator new(SIZE) : ::operator new(SIZE, alignment));
    ::operator delete(block, alignment);
    return end(false);
}
