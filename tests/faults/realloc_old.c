/* A block is freed by the name that it had before realloc moved it. */
#include "fault.h"

int main(void) {
    char *old = malloc(128);
    char *moved = realloc(old, 100000);
    free(hidden(old));
    free(moved);
    go_on();
    return EXIT_SUCCESS;
}
