/* A block is freed again after some others came and went, but none of them in its place. */
#include "fault.h"

int main(void) {
    char *block = malloc(30);
    free(block);
    for (size_t size = 64; size < 2000; size++)
        free(malloc(size));
    free(hidden(block));
    go_on();
    return EXIT_SUCCESS;
}
