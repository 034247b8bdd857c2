// fault: delete of what malloc gave
// options: on_mismatched_free=abort
// size 8 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"
#include <new>

int main() {
    void *block = hidden(malloc(SIZE));
    if (WRONG)
        ::operator delete(block);
    else
        free(block);
    return end(false);
}
