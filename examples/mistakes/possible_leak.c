/* A pointer walks through its block; at the end nothing knows where the block began. */
#include <stdio.h>
#include <stdlib.h>

static char *at;

int main(void) {
    at = malloc(26);
    if (at == NULL)
        return EXIT_FAILURE;

    for (char letter = 'a'; letter <= 'm'; letter++)
        *at++ = letter;
    printf("%c\n", at[-1]);
    return EXIT_SUCCESS;
}
