// fault: a block is deleted twice
// size 8 4096 262144: 0 abort double-free
#include "fault.h"
#include <new>

int main() {
    void *block = ::operator new(SIZE);
    ::operator delete(hidden(block));
    if (WRONG)
        ::operator delete(hidden(block));
    return end(false);
}
