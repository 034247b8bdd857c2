// fault: aligned delete is told an alignment that the block does not have
// options: on_mismatched_free=abort
// size 64 4096 262144: 2 abort mismatched-free
#include "fault.h"
#include <new>

int main() {
    std::align_val_t right{64}, wrong{2 * MIB};
    void *block = ::operator new(SIZE, right);
    while ((uintptr_t)block % (2 * MIB) == 0)
        block = ::operator new(SIZE, right);
    ::operator delete(hidden(block), WRONG ? wrong : right);
    return end(false);
}
