/* A pointer into a large block is freed, at a page of its own. */
#include "fault.h"

int main(void) {
    char *block = malloc(1000000);
    free(hidden(block + 65536));
    free(block);
    go_on();
    return EXIT_SUCCESS;
}
