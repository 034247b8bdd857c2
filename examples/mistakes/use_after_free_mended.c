/* A block is read first, and then given back. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int *number = malloc(sizeof *number);
    if (number == NULL)
        return EXIT_FAILURE;

    *number = 42;
    printf("%d\n", *number);
    free(number);
    number = NULL;
    return EXIT_SUCCESS;
}
