/* As many bytes are asked for as are stored. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    char *letters = malloc(8);
    if (letters == NULL)
        return EXIT_FAILURE;

    for (int i = 0; i < 8; i++)
        letters[i] = (char)('a' + i);
    printf("%.6s\n", letters);

    free(letters);
    letters = NULL;
    return EXIT_SUCCESS;
}
