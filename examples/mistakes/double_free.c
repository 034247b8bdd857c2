/* A block is freed, its pointer stays as it is, and is freed again. */
#include <stdio.h>
#include <stdlib.h>

static int *counter;

static void finish(void) {
    free(counter);
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
