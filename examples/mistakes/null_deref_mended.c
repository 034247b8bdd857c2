/* More memory is asked for than there is; the program sees it and says so. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    size_t count = SIZE_MAX / 16;
    int *numbers = malloc(count * sizeof *numbers);
    if (numbers == NULL) {
        puts("there isn't so much memory");
        return EXIT_SUCCESS;
    }

    numbers[0] = 1;
    printf("%d\n", numbers[0]);

    free(numbers);
    numbers = NULL;
    return EXIT_SUCCESS;
}
