/* A large block is freed twice. */
#include "fault.h"

int main(void) {
    char *block = malloc(1000000);
    free(block);
    free(hidden(block));
    go_on();
    return EXIT_SUCCESS;
}
