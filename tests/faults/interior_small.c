/* A pointer into a small block is freed. */
#include "fault.h"

int main(void) {
    char *block = malloc(40);
    free(hidden(block + 16));
    free(block);
    go_on();
    return EXIT_SUCCESS;
}
