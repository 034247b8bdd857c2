/* A pointer into a medium block is freed. */
#include "fault.h"

int main(void) {
    char *block = malloc(5000);
    free(hidden(block + 4096));
    free(block);
    go_on();
    return EXIT_SUCCESS;
}
