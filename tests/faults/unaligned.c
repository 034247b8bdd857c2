/* A pointer is freed that was moved by one. */
#include "fault.h"

int main(void) {
    char *block = malloc(100);
    free(hidden(block + 1));
    free(block);
    go_on();
    return EXIT_SUCCESS;
}
