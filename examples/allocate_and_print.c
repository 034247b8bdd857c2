/* Asks the heap for room for one int, stores a number in it and prints it. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    int *number = malloc(sizeof *number);
    if (number == NULL) {
        fputs("out of memory\n", stderr);
        return EXIT_FAILURE;
    }

    *number = 5;
    printf("%d\n", *number);

    free(number);
    number = NULL;
    return EXIT_SUCCESS;
}
