/* More memory is asked for than there is, and the answer isn't looked at. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    size_t count = SIZE_MAX / 16;
    int *numbers = malloc(count * sizeof *numbers);

    numbers[0] = 1;
    printf("%d\n", numbers[0]);

    free(numbers);
    numbers = NULL;
    return EXIT_SUCCESS;
}
