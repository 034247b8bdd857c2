// fault: free of what new[] gave
// size 8 4096: 2 abort mismatched-free
// size 262144: never (how a large block was asked for is not kept)
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
