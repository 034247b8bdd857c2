// fault: sized delete is told four times what was asked for
// size 8 4096 262144: 2 abort size-mismatch
#include "fault.h"
#include <new>

int main() {
    ::operator delete(hidden(::operator new(SIZE)), WRONG ? 4 * SIZE : SIZE);
    return end(false);
}
