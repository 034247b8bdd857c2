/* A freed block is resized. */
#include "fault.h"

int main(void) {
    char *block = malloc(100);
    free(block);
    if (realloc(hidden(block), 1000))
        abort();
    go_on();
    return EXIT_SUCCESS;
}
