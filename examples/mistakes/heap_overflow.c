/* Eight bytes are stored in a block of six. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    char *letters = malloc(6);
    if (letters == NULL)
        return EXIT_FAILURE;

    for (int i = 0; i < 8; i++)
        letters[i] = (char)('a' + i);
    printf("%.6s\n", letters);

    free(letters);
    letters = NULL;
    return EXIT_SUCCESS;
}
