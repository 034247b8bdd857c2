// fault: a block of no bytes, from new, is written to
// size -: 1 trap
#include "fault.h"
#include <new>

int main() {
    void *block = ::operator new(hidden_size(0));
    store_up(block, WRONG);
    ::operator delete(block);
    return end(false);
}
