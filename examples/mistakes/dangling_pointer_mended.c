/* After free, every pointer to the block is set to NULL. */
#include <stdio.h>
#include <stdlib.h>

static int *latest;

int main(void) {
    int *number = malloc(sizeof *number);
    if (number == NULL)
        return EXIT_FAILURE;

    *number = 42;
    latest = number;
    printf("%d\n", *latest);

    free(number);
    number = NULL;
    latest = NULL;
    return EXIT_SUCCESS;
}
