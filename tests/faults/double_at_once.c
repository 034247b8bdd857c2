/* A block is freed twice in a row. */
#include "fault.h"

int main(void) {
    char *block = malloc(30);
    free(block);
    free(hidden(block));
    go_on();
    return EXIT_SUCCESS;
}
