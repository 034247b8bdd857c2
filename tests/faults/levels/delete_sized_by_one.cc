// fault: sized delete is told one byte less than was asked for
// size 8 4096: 2 abort size-mismatch
// size 262144: 2 abort size-mismatch
#include "fault.h"
#include <new>

int main() {
    ::operator delete(hidden(::operator new(SIZE)), SIZE - WRONG);
    return end(false);
}
