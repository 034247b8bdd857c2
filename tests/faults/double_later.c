/* A block is freed again after some others came and went, but none of them in its place. */
#include "fault.h"

int main(void) {
    char *neighbour = malloc(30); /* keeps the memory around both from being used for other sizes */
    char *block = malloc(30);
    free(block);
    for (size_t size = 64; size < 2000; size++)
        free(malloc(size));
    free(hidden(block));
    free(neighbour);
    go_on();
    return EXIT_SUCCESS;
}
