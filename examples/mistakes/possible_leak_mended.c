/* One pointer walks through the block, another knows where it began. */
#include <stdio.h>
#include <stdlib.h>

static char *letters, *at;

int main(void) {
    letters = at = malloc(26);
    if (at == NULL)
        return EXIT_FAILURE;

    for (char letter = 'a'; letter <= 'm'; letter++)
        *at++ = letter;
    printf("%c\n", at[-1]);

    free(letters);
    letters = at = NULL;
    return EXIT_SUCCESS;
}
