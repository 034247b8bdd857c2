// fault: a block of no bytes, from new, is read
// size -: 1 trap
#include "fault.h"
#include <new>

int main() {
    void *block = ::operator new(hidden_size(0));
    count_of(block, WRONG, 0);
    ::operator delete(block);
    return end(false);
}
