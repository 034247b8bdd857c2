/* A pointer into a block is resized. */
#include "fault.h"

int main(void) {
    char *block = malloc(1000);
    if (realloc(hidden(block + 512), 2000))
        abort();
    free(block);
    go_on();
    return EXIT_SUCCESS;
}
