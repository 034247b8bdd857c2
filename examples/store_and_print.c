/* The whole life of a block: allocate, check, use, free, forget.
 *
 * malloc takes a number of bytes and returns the address of a block that large, or NULL when there
 * is no memory. The block is the program's until it gives it back with free, exactly once; after
 * that the address leads nowhere, so the pointer is set to NULL, which nobody takes for a block. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int *number = malloc(sizeof *number); /* as many bytes as what it points to has */
    if (number == NULL) {
        perror("malloc");
        return EXIT_FAILURE;
    }

    *number = 42; /* what malloc returns is not cleared: store before reading */
    printf("%d\n", *number);

    free(number);
    number = NULL;
    return EXIT_SUCCESS;
}
