// fault: delete[] of what new gave
// options: strict_arrays=1:on_mismatched_free=abort
// size 8 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"
#include <new>

int main() {
    void *block = hidden(::operator new(SIZE));
    if (WRONG)
        ::operator delete[](block);
    else
        ::operator delete(block);
    return end(false);
}
