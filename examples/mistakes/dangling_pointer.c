/* A block is freed, and its pointer isn't set to NULL. Run it with `loam check --dangling`. */
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
    return EXIT_SUCCESS;
}
