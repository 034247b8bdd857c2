// fault: free of what new[] gave
// options: on_mismatched_free=abort
// size 8 4096: 2 abort mismatched-free
// size 262144: 2 abort mismatched-free
#include "fault.h"
#include <new>

int main() {
    char *block = static_cast<char *>(hidden(new char[SIZE]));
    if (WRONG)
        free(block);
    else
        delete[] block;
    return end(false);
}
