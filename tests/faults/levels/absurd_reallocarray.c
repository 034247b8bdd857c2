// fault: reallocarray is asked for a product that overflows
// size 8 4096 262144: 0 clean
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    memset(block, 'x', SIZE);
    errno = 0;
    if (RIGHT)
        return end(reallocarray(block, SIZE, 2) == NULL);
    bool refused = !reallocarray(block, hidden_size(SIZE_MAX / 2 + 2), 2);
    return end(refused && errno == ENOMEM && count_of(block, SIZE, 'x') == SIZE);
}
