// fault: calloc is asked for a product that overflows
// size -: 0 clean
#include "fault.h"

int main(void) {
    size_t half = hidden_size(SIZE_MAX / 2 + 2);
    errno = 0;
    bool refused = !calloc(WRONG ? half : 1, 2) && !calloc(2, WRONG ? half : 1);
    return end(refused && errno == ENOMEM);
}
