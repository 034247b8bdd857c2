// fault: realloc is asked for nearly SIZE_MAX
// size 8 4096 262144: 0 clean
#include "fault.h"

int main(void) {
    char *block = malloc(SIZE);
    memset(block, 'x', SIZE);
    errno = 0;
    if (RIGHT)
        return end(realloc(block, 2 * SIZE) == NULL);
    bool refused = !realloc(block, hidden_size(SIZE_MAX - 8));
    return end(refused && errno == ENOMEM && count_of(block, SIZE, 'x') == SIZE);
}
