/* A pointer is set to NULL after free; freeing NULL does nothing. */
#include <stdio.h>
#include <stdlib.h>

static int *counter;

static void finish(void) {
    free(counter);
    counter = NULL;
}

int main(void) {
    counter = malloc(sizeof *counter);
    if (counter == NULL)
        return EXIT_FAILURE;

    *counter = 1;
    printf("%d\n", *counter);

    finish();
    finish();
    return EXIT_SUCCESS;
}
