// fault: plain delete of what aligned new gave
// options: on_mismatched_free=abort
// size 64 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"
#include <new>

int main() {
    std::align_val_t alignment{64};
    void *block = hidden(::operator new(SIZE, alignment));
    if (WRONG)
        ::operator delete(block);
    else
        ::operator delete(block, alignment);
    return end(false);
}
