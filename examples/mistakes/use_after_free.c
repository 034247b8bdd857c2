/* A block is read after it was given back. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int *number = malloc(sizeof *number);
    if (number == NULL)
        return EXIT_FAILURE;

    *number = 42;
    free(number);
    printf("%d\n", *number);
    return EXIT_SUCCESS;
}
